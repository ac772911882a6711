"""What a run asks of virtual machines that are there: power, pause, live migration.

Invariant: the steps of a scenario follow one another; each asks the same of every machine.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """A request about one virtual machine, by KubeVirt's name for it."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    MIGRATE = "migrate"


VERBS: Final = frozenset(action.value for action in Action)
"""The verbs of the operations that actions make."""


@dataclass(frozen=True, slots=True)
class ActionStep:
    """One request to each machine of the run."""

    action: Action
    rate: float | None = None
    """Requests per second, open loop; None: all at once."""
    at_once: int = 1
    """With a rate: how many are intended at the very start."""
    force: bool = False
    """Stop and restart: without a grace period."""
    paused: bool = False
    """Start: the guest stays paused."""
    wait: bool = True
    """Whether the next step waits for every machine to be as this one wants it."""
    delay: float = 0.0
    """How long everything is left alone after it, seconds."""
