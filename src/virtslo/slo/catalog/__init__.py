"""The catalog of indicators: one definition each, by subject."""
