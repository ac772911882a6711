"""Which difference how many runs can show, reckoned from how runs differed before.

Invariant: nothing is said of an indicator of which fewer than three runs, or runs that are all
alike, are known; the uncertainty of the spread is carried into the number of runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from virtslo.model.history.runs import SeriesKey


@dataclass(frozen=True, slots=True)
class Detection:
    """What runs of one indicator can show."""

    key: SeriesKey
    runs: int
    """How many runs the spread is from."""
    spread: float | None
    """Standard deviation of the logarithms over runs, about the coefficient of variation."""
    needed: int | None = None
    """Runs a side that show the wanted difference; None: more than can be asked for."""
    needed_range: tuple[int | None, int | None] = (None, None)
    """The same for the ends of the 95 % interval of the spread."""
    smallest: Mapping[int, float] = field(default_factory=dict)
    """The smallest relative difference that each number of runs a side shows."""
    reason: str = ""
    """Why nothing can be said, where it cannot."""


@dataclass(frozen=True, slots=True)
class DetectionPlan:
    """What repetitions of one scenario on one kind of cluster can show."""

    lineage: str
    environment: str
    runs: int
    wanted: float
    """The relative difference that is to be detected."""
    rows: tuple[Detection, ...]
