"""Metrics and the audit log of the API server."""
