"""Indicators, quantiles, rates, objectives and the three tables, as pure functions of a record."""
