"""Workload and audit files of other tools, read unchanged."""
