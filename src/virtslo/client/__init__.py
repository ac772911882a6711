"""Machinery over the API port: reflector, work queue, token bucket, accounting."""
