"""Errors, clocks, units and logging: what every other room may stand on."""
