"""The report document: what every output format shows, in one value.

Invariant: a pure function of run records; renderers add nothing and drop nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import Definitions, Indicator
from virtslo.model.report.run_detail import RunDetail
from virtslo.model.report.verdicts import Verdict
from virtslo.model.run.environment import Environment
from virtslo.model.run.findings import Finding
from virtslo.model.stage_names import StageName


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run as the report names it."""

    id: str
    test: str
    """`burst`, `steady_state` or `constant_churn`."""
    kind: str
    scenario: str
    count: int
    environment: Environment
    directory: str
    status: str
    duration_seconds: float | None = None
    max_in_flight: int | None = None
    arrival: str = ""
    least_seconds: float | None = None
    namespaces: int = 1
    own_calls: int = 0
    groups: int = 1
    """Over how many pools or replica sets the objects are spread; 1 for other kinds."""
    objectives: str = ""
    """The name of the objectives that judged the run; empty where none were given."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The three tables of KubeVirt PR 7120. Keys are always all present.

    `creation_rate[test][kind]`, `phase_transition_rate[kind][test][phase]`,
    `rest_calls[kind][test][verb]`; tests are `burst`, `steady_state` and, where it was run,
    `constant_churn`; kinds `vmi`, `vm`, `vmpool`; phases and verbs in lower case.
    """

    creation_rate: Mapping[str, Mapping[str, Figure]]
    phase_transition_rate: Mapping[str, Mapping[str, Mapping[str, Figure]]]
    rest_calls: Mapping[str, Mapping[str, Mapping[str, Figure]]]
    rest_calls_beside: Mapping[str, Mapping[str, Mapping[str, Figure]]] = field(
        default_factory=dict
    )
    """What the third table has no columns for: `get`, `delete`, and `refused` calls of any verb."""


@dataclass(frozen=True, slots=True)
class RunFinding:
    """A finding, and the run it is about."""

    run: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class SourceRow:
    """The requests of a verb on a resource as each source counts them; None: no data."""

    verb: str
    resource: str
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class SourceComparison:
    """The sources of REST call counts side by side, in the measured stage of a run."""

    run: str
    stage: StageName
    sources: tuple[str, ...]
    rows: tuple[SourceRow, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunLines:
    """Sentences about a run."""

    run: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Repetitions: runs of one test and kind that are alike, and their figures over runs."""

    id: str
    """The test and the kind, such as `burst-vmi`."""
    test: str
    kind: str
    runs: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    """Their `run` is the group's id."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One rate of constant churn, and what became of it.

    It is absorbed where every run of it kept up; what is too short to tell is neither.
    """

    rate: float
    """Replacements per second that were asked for."""
    runs: tuple[str, ...]
    kept_up: bool | None
    """None: too short to tell, or the runs do not agree."""
    running_rate: float | None
    """Replacements per second that came to Running over the second half, mean of the runs."""
    replacement_p95: float | None
    """Seconds; the largest of the runs. None: no data in one of them."""


@dataclass(frozen=True, slots=True)
class ChurnLadder:
    """The rungs of one kind on one cluster, from the lowest rate to the highest."""

    kind: str
    count: int
    """The population that was kept."""
    rungs: tuple[Rung, ...]

    @property
    def highest_absorbed(self) -> float | None:
        """The highest rate below which, itself included, every rung was absorbed."""
        absorbed = None
        for rung in self.rungs:
            if not rung.kept_up:
                break
            absorbed = rung.rate
        return absorbed

    @property
    def first_not_absorbed(self) -> float | None:
        """The lowest rate that the system did not keep up with."""
        return next((rung.rate for rung in self.rungs if rung.kept_up is False), None)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything derived from one or several records."""

    runs: tuple[RunSummary, ...]
    valid: bool
    findings: tuple[RunFinding, ...]
    tables: Tables
    indicators: tuple[Indicator, ...]
    verdicts: tuple[Verdict, ...] = ()
    sources: tuple[SourceComparison, ...] = ()
    time_spent: tuple[RunLines, ...] = ()
    """Where the time from creation to Running went, run by run."""
    definitions: Definitions = field(default_factory=dict)
    """What each indicator means, and where it is shown, by name."""
    details: tuple[RunDetail, ...] = ()
    """Single objects and moments, one a run; only where a format asked for them."""
    groups: tuple[RunGroup, ...] = ()
    """Repetitions among the runs."""
    ladders: tuple[ChurnLadder, ...] = ()
    """Constant churn at several rates, by kind and cluster."""
    exit_code: int = 0
    """What it comes to: 0 met or valid, 1 violated, 4 inconclusive."""
    standing: tuple[Verdict, ...] = ()
    """Violations that stand on figures that no finding touches."""


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A record as a list names it: with its report, or the reason why it cannot be read."""

    name: str
    """The name of its folder."""
    report: Report | None = None
    reason: str = ""
