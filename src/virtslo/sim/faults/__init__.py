"""Faults of requests, and the gate at which they are applied."""
