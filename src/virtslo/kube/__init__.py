"""The API port over HTTP, to a real API server."""
