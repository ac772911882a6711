"""Figures from a record: indicators with their quantiles and rates."""
