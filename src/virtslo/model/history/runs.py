"""A history: runs in the order in which they ended, and the series of their figures.

Invariant: a figure has a value, or a reason why it has none; an absent figure is not 0. Names of
indicators are data: nothing here knows which there are.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class HistoryFigure:
    """One statistic of one indicator of one kind of object in one run."""

    kind: str
    indicator: str
    statistic: str
    value: float | None
    unit: str = ""
    source: str = ""
    samples: int | None = None
    reason: str | None = None
    """Why there is no value."""
    flag: str | None = None
    """The quality flag that this figure alone carries, such as `no_latency`."""
    interval: tuple[float, float] | None = None
    """The figure's own interval within its run, where it has one."""


@dataclass(frozen=True, slots=True)
class HistoryRun:
    """One run as the history keeps it. `job` and `run_id` identify it."""

    job: str
    run_id: str
    """Text: ids of CI systems exceed 2^53."""
    lineage: str
    """What is compared over time: the job or scenario without what changes its name only."""
    environment: str
    """What the runs of a lineage may differ in: a baseline restarts where it changes."""
    ended_at: datetime
    """Runs are ordered by this."""
    started_at: datetime | None = None
    form: str = ""
    """The format that it was read from."""
    origin: str = ""
    """The file that it was read from."""
    content_hash: str = ""
    is_valid: bool = True
    is_simulated: bool = False
    seed: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Further facts: versions, scale by kind, whether the source has deleted the run."""
    findings: tuple[tuple[str, str], ...] = ()
    """(code, detail) of each finding about the run's data."""
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Quality flags by kind of object."""
    figures: tuple[HistoryFigure, ...] = ()


class SeriesKey(NamedTuple):
    """A series within a lineage."""

    kind: str
    indicator: str
    statistic: str

    @property
    def label(self) -> str:
        """The series as a table names it."""
        shown = self.indicator if not self.statistic else f"{self.indicator} {self.statistic}"
        return f"{self.kind} {shown}" if self.kind else shown


@dataclass(frozen=True, slots=True)
class RunPoint:
    """What a series needs to know of a run."""

    job: str
    run_id: str
    environment: str
    ended_at: datetime
    started_at: datetime | None = None
    is_valid: bool = True
    is_simulated: bool = False
    seed: int | None = None
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    findings: tuple[tuple[str, str], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lineage:
    """Every run and series of a lineage, by the runs' order of ending."""

    name: str
    runs: Sequence[RunPoint]
    series: Mapping[SeriesKey, "array[float]"]
    """One value a run; not-a-number where the run has none."""
    units: Mapping[SeriesKey, str] = field(default_factory=dict)
    flagged: Mapping[SeriesKey, Mapping[int, str]] = field(default_factory=dict)
    """The quality flag of single figures, by the run's index."""
    intervals: Mapping[SeriesKey, Mapping[int, tuple[float, float]]] = field(default_factory=dict)
    """The interval of single figures within their run, by the run's index."""


@dataclass(frozen=True, slots=True)
class StoreOutcome:
    """What storing runs came to."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "StoreOutcome") -> "StoreOutcome":
        return StoreOutcome(
            self.added + other.added,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


@dataclass(frozen=True, slots=True)
class LineageSummary:
    """A lineage as a list shows it."""

    name: str
    runs: int
    valid: int
    series: int
    first: datetime | None
    last: datetime | None
    environments: int


@dataclass(frozen=True, slots=True)
class OddInput:
    """Something in an input that was not read as it stands."""

    place: str
    """The file, and the place in it."""
    reason: str
    is_lost: bool = True
    """Whether the whole file or line was left out, rather than a part of it."""
