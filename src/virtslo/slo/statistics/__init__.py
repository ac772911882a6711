"""Quantiles, rates and intervals of samples."""
