"""A sweep: a grid of simulated runs, what was found at each point, and how far it came.

Invariant: a point is its values and its seed; what identifies a sweep is its points, so that one
that is resumed goes on with the same ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from virtslo.model.plan.scenario import Scenario
from virtslo.model.report.figures import Interval
from virtslo.model.simulated.target import SimulatedTarget

SWEEP_VERSION = 1
Value = str | int | float
HEADLINES: Mapping[str, str] = {
    "time_to_all_running_seconds.value": "all Running after",
    "vmi_creation_to_running_seconds.p50": "creation to Running, P50",
    "vmi_creation_to_running_seconds.p95": "creation to Running, P95",
    "phase_rate_running.mean": "Running rate",
    "creation_rate.mean": "creation rate",
    "vmi_deletion_to_gone_seconds.p50": "deletion to gone, P50",
}
"""The figures whose effects are shown, by column, with their titles."""


class PointStatus(StrEnum):
    """How a point ended."""

    VALID = "valid"
    INCONCLUSIVE = "inconclusive"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Knob:
    """Something that is varied, and its values in the order in which they were given."""

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One run of the grid."""

    index: int
    values: Mapping[str, Value]
    seed: int
    scenario: Scenario
    target: SimulatedTarget

    @property
    def folder(self) -> str:
        """The name of its record's folder."""
        return f"point-{self.index:05d}"


@dataclass(frozen=True, slots=True)
class PointResult:
    """What a point came to."""

    index: int
    values: Mapping[str, Value]
    seed: int
    status: PointStatus
    figures: Mapping[str, float] = field(default_factory=dict)
    """By `indicator.statistic`; one without data is not here."""
    units: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    record: str | None = None
    simulation_seconds: float = 0.0
    """Processor time of the simulated run itself."""
    overhead_seconds: float = 0.0
    """Processor time of everything else: set-up, reading the record, figures, packing."""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """The contents of `sweep.json`."""

    id: str
    name: str
    knobs: tuple[Knob, ...]
    seeds: tuple[int, ...]
    points: tuple[Point, ...]
    schema_version: int = SWEEP_VERSION


@dataclass(frozen=True, slots=True)
class Effect:
    """What a value of a knob does to a figure, against the knob's first value."""

    knob: str
    base: Value
    value: Value
    column: str
    ratio: float | None
    """The figure's geometric mean ratio to that at the first value; None: no pair has both."""
    interval: Interval | None
    no_interval: str | None
    settings: int
    """How many settings of the other knobs it is over."""
    seeds: int
    pairs: int = 0
    """Pairs of points that were run: one at each of the two values, alike in everything else."""
    left_out: int = 0
    """Pairs of which a point has no figure, so that the ratio does not show them."""
    without_figure: tuple[int, ...] = ()
    """The points of those pairs that have no figure, by index."""


@dataclass(frozen=True, slots=True)
class Scalability:
    """The universal scalability law fitted to a rate over a knob: X(n) = a n / (1 + s (n - 1) +
    k n (n - 1)), with n the knob's value over its least."""

    knob: str
    others: Mapping[str, Value]
    rate_of_one: float
    contention: float
    coherency: float
    explained: float
    """Share of the variance that the law explains (R squared)."""
    peak: float | None
    """The knob's value at which the rate is greatest; None: it goes on growing."""
    points: int


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """Everything that a sweep comes to."""

    sweep: SweepRecord
    results: Sequence[PointResult]
    effects: Sequence[Effect]
    laws: Sequence[Scalability]
