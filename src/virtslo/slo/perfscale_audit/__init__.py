"""perfscale-audit's values and thresholds."""
