"""The catalog of indicators: definitions, units, statistics."""
