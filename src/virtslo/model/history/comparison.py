"""Two groups of runs held against each other, indicator by indicator.

Invariant: every row says what test it rests on, how many runs a side, and the smallest difference
that these runs could have shown; a row without a verdict says how many runs would give one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from virtslo.model.history.runs import SeriesKey


class ComparisonVerdict(StrEnum):
    """What a comparison of one indicator came to."""

    WORSE = "worse"
    BETTER = "better"
    NO_DIFFERENCE = "no difference found"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class RunSample:
    """One run as a comparison reads it."""

    run_id: str
    lineage: str
    environment: str
    values: Mapping[SeriesKey, float]
    units: Mapping[SeriesKey, str]
    seed: int | None = None
    objects: Mapping[SeriesKey, tuple[float, ...]] | None = None
    """Samples of single objects, where a record has them."""


@dataclass(frozen=True, slots=True)
class ComparedIndicator:
    """One indicator of two groups."""

    key: SeriesKey
    unit: str
    verdict: ComparisonVerdict
    base: float
    candidate: float
    """Medians over the runs."""
    base_runs: int
    candidate_runs: int
    ratio: float | None
    """Candidate to base."""
    interval: tuple[float, float] | None
    """Of the ratio, 95 %."""
    test: str
    p: float | None
    """After the correction for the number of indicators."""
    smallest: float | None
    """The smallest relative difference these runs could have shown; of an exact count, calls."""
    smallest_unit: str = ""
    """Empty for a relative difference."""
    runs_needed: int | None = None
    """A side, for the wanted difference; only where the verdict is open."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Base against candidate."""

    base: tuple[str, ...]
    candidate: tuple[str, ...]
    """Run ids."""
    is_paired: bool
    rows: tuple[ComparedIndicator, ...]
    wanted: float
    """The relative difference that matters."""
    differences: tuple[str, ...] = ()
    """In what the environments differ, where that was allowed."""
    only_in_base: tuple[SeriesKey, ...] = ()
    only_in_candidate: tuple[SeriesKey, ...] = ()

    @property
    def is_worse(self) -> bool:
        """Whether any indicator is worse."""
        return any(row.verdict is ComparisonVerdict.WORSE for row in self.rows)
