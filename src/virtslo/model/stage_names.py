"""The names of a run's stages, as records, faults and reports spell them."""

from typing import Final

WARM_UP: Final = "warm_up"
RAMP_UP: Final = "ramp_up"
CHURN: Final = "churn"
HOLD: Final = "hold"
"""Objects are there and nothing happens."""
RAMP_DOWN: Final = "ramp_down"
