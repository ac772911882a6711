"""The names of a run's stages, as records, faults and reports spell them.

Invariant: the type holds every name there is; one that is not among them is refused by the type
check, and on reading a record.
"""

from typing import Final, Literal

StageName = Literal["warm_up", "ramp_up", "churn", "actions", "hold", "ramp_down"]

WARM_UP: Final[StageName] = "warm_up"
RAMP_UP: Final[StageName] = "ramp_up"
CHURN: Final[StageName] = "churn"
ACTIONS: Final[StageName] = "actions"
"""Machines are started, stopped, restarted, paused or migrated, step by step."""
HOLD: Final[StageName] = "hold"
"""Objects are there and nothing happens."""
RAMP_DOWN: Final[StageName] = "ramp_down"
