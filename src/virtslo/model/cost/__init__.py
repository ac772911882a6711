"""Costs of runs, and cards of them."""
