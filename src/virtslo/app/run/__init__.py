"""A run: its stages, its watches, its counters, its progress."""
