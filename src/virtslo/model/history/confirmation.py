"""What it takes to settle a finding by new runs, and what such runs came to.

Invariant: a series is confirmed or cleared only by runs that are not in the history; what they
cannot decide is open.
"""

from dataclasses import dataclass
from enum import StrEnum

from virtslo.model.history.changes import Change
from virtslo.model.history.comparison import ComparedIndicator


@dataclass(frozen=True, slots=True)
class Needed:
    """How many new runs a side would show a change of a series again."""

    change: Change
    difference: float | None
    """Relative, from the smaller level; None where there is none."""
    spread: float | None
    """The standard deviation of logarithms over runs, pooled over both levels."""
    runs: int | None
    """A side; None: no number would do, or none is known."""
    reason: str = ""
    """Why there is no number."""


class Settled(StrEnum):
    """What new runs say of a change."""

    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class SettledChange:
    """A change of a series, held against new runs."""

    change: Change
    standing: Settled
    why: str
    compared: ComparedIndicator | None
    """None for keys that vanish or appear, and where a side has no value."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A finding, held against new runs."""

    base: tuple[str, ...]
    candidate: tuple[str, ...]
    """Run ids."""
    changes: tuple[SettledChange, ...]

    @property
    def standing(self) -> Settled:
        """Confirmed if any series is, cleared if every one is."""
        found = {item.standing for item in self.changes}
        if Settled.CONFIRMED in found:
            return Settled.CONFIRMED
        return Settled.CLEARED if found == {Settled.CLEARED} else Settled.OPEN
