"""Errors, clocks, units and bounded reading: what every other room may stand on."""
