"""Manifests that templates come to: read and checked."""
