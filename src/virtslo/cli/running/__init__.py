"""Carrying out runs, suites and repetitions for a command."""
