"""What a history's site shows: a lineage, what changed in it, and what is known from elsewhere.

Invariant: every level has its number of runs, and an interval or too few runs for one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from virtslo.model.history.changes import History
from virtslo.model.history.runs import Lineage, SeriesKey


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something that happened on a day, from a file."""

    day: date
    kind: str
    """`release`, `provider` or `event`."""
    label: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A median over runs, in the series' own unit."""

    first: int
    last: int
    """Indices of its first and last run."""
    median: float
    interval: tuple[float, float] | None
    """Of the median over runs, 95 %; None below six runs."""
    runs: int


@dataclass(frozen=True, slots=True)
class Release:
    """The runs from one release up to the next, and the three tables of them."""

    annotation: Annotation
    runs: int
    """Valid ones."""
    tables: Mapping[str, Sequence[tuple[SeriesKey, Level]]]
    """Rows by the table's title."""


@dataclass(frozen=True, slots=True)
class HistorySite:
    """Everything that the pages of a lineage show."""

    lineage: Lineage
    history: History
    levels: Mapping[SeriesKey, Sequence[Level]]
    annotations: Sequence[Annotation]
    releases: Sequence[Release]
    reasons: Mapping[str, str]
    """Why a finding is known, by its id."""


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A lineage in one line of the front page."""

    name: str
    runs: int
    valid: int
    first: datetime
    last: datetime
    """When its first and its last run ended."""
    series: int
    findings: int
    worse: int
    """Confirmed findings that are worse."""
    newest: tuple[str, str, datetime] | None
    """The newest finding: id, kind, and when the first run after it ended."""
