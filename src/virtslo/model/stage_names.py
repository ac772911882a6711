"""The names of a run's stages, as records, faults and reports spell them."""

from typing import Final

WARM_UP: Final = "warm_up"
RAMP_UP: Final = "ramp_up"
CHURN: Final = "churn"
ACTIONS: Final = "actions"
"""Machines are started, stopped, restarted, paused or migrated, step by step."""
HOLD: Final = "hold"
"""Objects are there and nothing happens."""
RAMP_DOWN: Final = "ramp_down"
