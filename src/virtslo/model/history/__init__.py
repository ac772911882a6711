"""Runs over time: the runs themselves, what changed, and groups held against each other."""
