"""Frozen values that every room speaks in. Nothing here does I/O."""
