"""What a run costs the control plane, and two sides of it held against each other.

Invariant: a count keeps what it is a count over (objects, hours), so that its own noise is known; a
value that was not measured is absent, never 0. Differences are candidate − base.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class CostPart(StrEnum):
    """Which part of a run a cost belongs to, as people read it."""

    CREATED = "creation to Running"
    DELETED = "deletion to gone"
    IDLE = "nothing there, nothing happens"
    HELD = "objects there, nothing happens"
    PHASES = "phases"
    STORED = "stored objects"
    PROCESSES = "processes"


class CostKey(NamedTuple):
    """One line of a card."""

    part: CostPart
    subject: str
    """A component, or a resource."""
    what: str
    """`PATCH pods 200`, or what was measured."""
    unit: str

    @property
    def label(self) -> str:
        """The line in words, as `--at-most` finds it."""
        return f"{self.subject}: {self.what}, {self.unit} ({self.part.value})"


@dataclass(frozen=True, slots=True)
class CostValue:
    """A value of one run."""

    amount: float
    over: float = 1.0
    """What it is a count over; 1 for a measurement."""
    is_count: bool = False
    resolution: float = 0.0
    """The step in which a measurement is read, in the value's unit; without it two runs a side that
    happen to agree would be a finding."""
    is_per_object: bool = False
    """Whether it is a count over whole objects, so that it can be exact."""

    @property
    def rate(self) -> float:
        """The value."""
        return self.amount / self.over


@dataclass(frozen=True, slots=True)
class Telemetry:
    """A component's calls by both sources, over a run's windows."""

    component: str
    audited: int
    counted: int | None
    """By its own counters; None: they were not read."""
    missed: Mapping[str, int]
    """By `VERB resource code`: how many more the audit log has."""

    @property
    def is_lost(self) -> bool:
        """Whether the counters miss more than reads at a moment can explain."""
        return sum(self.missed.values()) > max(5, 0.01 * self.audited)


@dataclass(frozen=True, slots=True)
class CostRun:
    """What one run cost."""

    run_id: str
    objects: int
    values: Mapping[CostKey, CostValue]
    source: str
    """Of the calls: the audit log, or the components' counters."""
    telemetry: tuple[Telemetry, ...] = ()
    kubernetes: str = ""
    kubevirt: str = ""
    nodes: int = 0
    unknown: frozenset[tuple[CostPart, str]] = frozenset()
    """Parts and components whose calls are not all known: no data of this run, and never 0."""


class CostVerdict(StrEnum):
    """What the two sides of a line come to."""

    MORE = "costs more"
    LESS = "costs less"
    NONE = "no difference found"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class CostRow:
    """One line: both sides, difference, interval, verdict."""

    key: CostKey
    base: float
    candidate: float
    interval: tuple[float, float] | None
    """Of the difference, 95 %; None where too few runs were made."""
    verdict: CostVerdict
    is_exact: bool = False
    """Whether every object of every run of a side had the same whole number."""
    p: float | None = None
    """After the correction for the number of lines."""

    @property
    def difference(self) -> float:
        """Candidate − base."""
        return self.candidate - self.base

    @property
    def hidden(self) -> float | None:
        """The largest difference that could hide here."""
        return None if self.interval is None else max(map(abs, self.interval))


@dataclass(frozen=True, slots=True)
class CostSide:
    """One side: what it is, and its runs."""

    name: str
    versions: tuple[str, ...]
    runs: tuple[str, ...]
    telemetry: tuple[Telemetry, ...] = ()


@dataclass(frozen=True, slots=True)
class CostObjective:
    """A bound on a cost, judged."""

    text: str
    verdict: str
    """`met`, `violated` or `inconclusive`."""
    reason: str


@dataclass(frozen=True, slots=True)
class CostCard:
    """Base against candidate."""

    base: CostSide
    candidate: CostSide
    rows: tuple[CostRow, ...]
    load: str
    """The load of every run, in words."""
    source: str
    command: str
    """What makes the card again."""
    limits: tuple[str, ...] = ()
    """What the figures cannot say."""
    objectives: tuple[CostObjective, ...] = ()

    @property
    def findings(self) -> tuple[CostRow, ...]:
        """The lines that differ."""
        return tuple(
            row for row in self.rows if row.verdict in {CostVerdict.MORE, CostVerdict.LESS}
        )
