"""Reasons to doubt the figures of a run."""
