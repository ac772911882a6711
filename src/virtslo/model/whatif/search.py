"""A search for the highest load at which objectives hold: its trials, its bounds, what bounded it.

Invariant: a result never is a number without its bounds; a bound that was not found says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

SEARCH_VERSION = 1
MIGRATION = "migration"
"""What arrives in a search for migrations."""


class Quantity(StrEnum):
    """What a search raises."""

    RATE = "rate"
    """Arrivals per second of an open-loop load."""
    COUNT = "count"
    """Objects of one burst."""


class TrialOutcome(StrEnum):
    """What a trial says of its load."""

    GOOD = "good"
    BAD = "bad"
    VOID = "void"
    """It says nothing: the generator was late, or the run was spoilt."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One load, tried once."""

    load: float
    outcome: TrialOutcome
    reasons: tuple[str, ...] = ()
    """Why it is bad or void: `lost`, `backlog`, `objectives`, `refused`, `lateness`, …"""
    objects: int = 0
    lost: int = 0
    """Objects that were not Running, or not migrated, within their objective."""
    growth: float | None = None
    """By how many seconds latency grew in each second of the load's second half; None: unknown."""
    waiting: tuple[int, int] | None = None
    """Objects that waited in the middle of the arrivals and at their end; None: unknown."""
    waits: Mapping[str, float] = field(default_factory=dict)
    """Seconds that virt-controller waited for each object, by cause."""
    not_counted: str = ""
    """Why these are not known; empty where they are."""
    calls_per_object: float | None = None
    """Requests of virt-controller for each object."""
    mean_seconds: float | None = None
    """From an object's intended time until it was as wanted, the mean of those that were."""
    record: str | None = None

    @property
    def loss_ratio(self) -> float:
        """The share of objects that were lost."""
        return self.lost / self.objects if self.objects else 0.0


@dataclass(frozen=True, slots=True)
class Goal:
    """When a load counts as good, and how near the bounds are to come."""

    loss_ratio: float = 0.0
    width: float = 0.05
    """First bad over last good, less one, at which the search ends."""
    trials: int = 1
    """Trials of each load."""
    exceed_ratio: float = 0.5
    """The share of a load's trials that may be bad while the load is good."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A bound in closed form, beside what was found."""

    name: str
    load: float
    text: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The contents of `search.json`."""

    id: str
    quantity: Quantity
    goal: Goal
    within: float
    """Seconds in which an object must be Running (a migration: done), or is lost."""
    trials: Sequence[Trial]
    objects: str = "VMI"
    """What arrives, as people call one: `VMI`, `member of a pool`, `migration`."""
    last_good: float | None = None
    first_bad: float | None = None
    conditional: float | None = None
    """The last good load less what was lost in its worst good trial."""
    ended: str = ""
    """Why it ended: `bracketed`, or what kept it from that."""
    bounded_by: str = ""
    ceilings: Sequence[Ceiling] = ()
    simulated: bool = True
    schema_version: int = SEARCH_VERSION
