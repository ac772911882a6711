"""What a detector keeps of a series, so that a new run costs the newest runs only.

Invariant: a checkpoint is a function of the values it has seen and of the detector's parameters;
with other values or parameters it is of no use and is not used.
"""

from dataclasses import dataclass
from typing import NamedTuple

from virtslo.model.history.runs import SeriesKey


class Candidate(NamedTuple):
    """The best split of one stretch of a series."""

    size: int
    """Length of the stretch, in values."""
    start: int
    at: int
    """Index of the first value of the later level."""
    strength: float
    """The absolute rank statistic."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a series has been looked at, and what was found."""

    settled: int = 0
    """Values up to the last settlement: a whole number of blocks."""
    seen: int = 0
    """Values whose stretches have been looked at."""
    start: int = 0
    """Where the stretch begins that is still open."""
    points: tuple[int, ...] = ()
    """Change points that later values no longer move."""
    candidates: tuple[Candidate, ...] = ()
    """Of the open stretch."""


class CheckpointKey(NamedTuple):
    """What of a lineage a checkpoint is about."""

    series: SeriesKey
    aspect: str
    """`level`, `presence` or `scale`."""


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint with what it rests on."""

    checkpoint: Checkpoint
    parameters: str
    """The detector's version and thresholds."""
    digest: str
    """Of the values that it has seen."""
