"""What changed over time: changes of series, and the findings that they add up to.

Invariant: indices are those of a lineage's runs; levels are in the series' own unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from virtslo.model.history.runs import SeriesKey


@dataclass(frozen=True, slots=True)
class Break:
    """A run from which on series are not comparable with the runs before."""

    at: int
    """Index of the run."""
    kind: str
    """The kind of object that it concerns; empty for all."""
    reason: str
    """`environment` or `scale`."""
    detail: str
    ratio: float = 0.0
    """For a scale: the relative change."""


class ChangeKind(StrEnum):
    """What happened to a series."""

    LEVEL = "level"
    VANISHED = "vanished"
    APPEARED = "appeared"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one series."""

    key: SeriesKey
    kind: ChangeKind
    last_before: int
    """Index of the last run before."""
    first_after: int
    """Index of the first run after."""
    earliest: int
    latest: int
    """The runs between which the first run after may lie as well."""
    before: float | None
    after: float | None
    ratio: float | None
    """The relative difference; None where there is no level on one side."""
    superiority: float
    z: float
    confidence: float
    runs_before: int
    runs_after: int
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """A steady movement over some weeks."""

    key: SeriesKey
    first: int
    last: int
    """Indices of the first and the last run of the stretch."""
    before: float
    after: float
    ratio: float
    """Over the stretch, by the slope."""
    p: float
    weeks: int


class FindingKind(StrEnum):
    """What a finding says."""

    WORSE = "worse"
    BETTER = "better"
    MIXED = "mixed"
    TELEMETRY_LOST = "telemetry lost"
    TELEMETRY_BACK = "telemetry back"
    KEYS_CHANGED = "keys changed"
    SCALE = "scale changed"
    ENVIRONMENT = "environment changed"


@dataclass(frozen=True, slots=True)
class HistoryFinding:
    """Something that changed, with every series that shows it."""

    id: str
    kind: FindingKind
    changes: tuple[Change, ...]
    """The sharpest first."""
    last_before: int
    first_after: int
    is_confirmed: bool
    breaks: tuple[Break, ...] = ()
    """Changes of environment or scale in the window."""

    @property
    def confidence(self) -> float:
        """That of the surest change."""
        return max(change.confidence for change in self.changes)


@dataclass(frozen=True, slots=True)
class Outlier:
    """A single run far from the level around it."""

    run: int
    keys: tuple[SeriesKey, ...]


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is found in a lineage."""

    findings: tuple[HistoryFinding, ...]
    drifts: tuple[Drift, ...]
    outliers: tuple[Outlier, ...]
    breaks: tuple[Break, ...]
    left_out: Mapping[str, int]
    """Points that were not used, by reason."""
    used: Mapping[SeriesKey, Sequence[int]]
    """Indices of the runs whose values were used, by series."""
    changes: Mapping[SeriesKey, tuple[Change, ...]]
