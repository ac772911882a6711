"""Requests of the API: what they ask, what they may ask, and refusals in the API server's words."""
