"""What a run says of the load it was: good, bad or void.

Invariant: a trial is void where its figures cannot be trusted for a reason that is not the load:
the generator was late, the watch was cut, the run ended early. Objects that failed or came too late
are lost, and a backlog that grows makes a trial bad whatever it lost.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import RUNNING
from virtslo.model.report.document import Report
from virtslo.model.report.indicators import FigureKey, figures_by_key
from virtslo.model.report.verdicts import Outcome
from virtslo.model.run.findings import Finding
from virtslo.model.run.record import RunRecord
from virtslo.model.whatif.search import Goal, Trial, TrialOutcome
from virtslo.slo.catalog.time_spent import API_ANSWER_WAIT, RATE_LIMITER_WAIT, WORK_QUEUE_WAIT
from virtslo.slo.figures.time_spent import controller_waits
from virtslo.slo.findings.quality_findings import PHASE_FIGURES
from virtslo.slo.record.measured import Measured, intended, measure

LOST: Final = "lost"
BACKLOG: Final = "backlog"
REFUSED: Final = "refused"
OBJECTIVES: Final = "objectives"
BAD_REASONS: Final = (LOST, BACKLOG, REFUSED, OBJECTIVES)
OF_THE_LOAD: Final = frozenset(
    {"unfinished", "failed", "failed_operations", "not_gone", "not_quiet", "deleted_late"}
)
"""Findings that an overload causes: they make a trial bad, by what was lost, and not void."""
WATCH_LAG: Final = "watch_lag"
"""Times of receipt are never before the truth: what was Running in time by a late watch was, and
only a trial that looks bad is in doubt; and of that only the time until Running."""
GROWTH: Final = 0.01
"""By how many seconds latency may grow in each second of load while a backlog does not grow."""
DEVIATIONS: Final = 2.0
LEAST_OBJECTS: Final = 20
ANSWERS: Final = "answers of the API server"
QUEUES: Final = "virt-controller's work queues"
WAITS: Final = {
    RATE_LIMITER_WAIT: "virt-controller's token bucket",
    API_ANSWER_WAIT: ANSWERS,
    WORK_QUEUE_WAIT: QUEUES,
}
"""What virt-controller waits for, by the indicator that says how long."""
CALLS: Final = FigureKey("controller_calls_per_vmi", "per_object")
Pair = tuple[float, float]


def assess(record: RunRecord, report: Report, *, load: float, within: float, goal: Goal) -> Trial:
    """The trial that a run was."""
    measured = measure(record)
    moments = moments_of(measured)
    lost = sum(latency is None or latency > within for _, latency in moments)
    growth = growth_of([(at, late) for at, late in moments if late is not None])
    reasons = list(_bad_reasons(measured, report, lost, len(moments), growth, goal))
    findings = [item.finding for item in report.findings]
    void = void_reasons(findings, is_bad=bool(reasons))
    outcome = TrialOutcome.VOID if void else TrialOutcome.BAD if reasons else TrialOutcome.GOOD
    figures = {key: figure.value for key, figure in figures_by_key(report.indicators).items()}
    waits = controller_waits(measured)
    return Trial(
        load=load,
        outcome=outcome,
        reasons=tuple(void or reasons),
        objects=len(moments),
        lost=lost,
        growth=None if growth is None else growth[0],
        waits={}
        if isinstance(waits, str)
        else {name: waits[item] for item, name in WAITS.items() if item in waits},
        not_counted=waits if isinstance(waits, str) else "",
        calls_per_object=figures.get(CALLS),
    )


def moments_of(measured: Measured) -> list[tuple[float, float | None]]:
    """For each intended object: when it was intended, and how long until it was Running, seconds.

    None for one that never was; a pool's members count from the pool's own intended time.
    """
    found: list[tuple[float, float | None]] = []
    for vmi in measured.vmis:
        creation = measured.creation_of(vmi)
        if creation is None:
            continue
        start = intended(creation)
        moment = vmi.phases.get(RUNNING)
        late = None if moment is None else to_seconds(moment - start)
        found.append((to_seconds(start), late))
    missing = max(0, measured.intended_objects() - len(found))
    last = max((at for at, _ in found), default=0.0)
    return [*found, *([(last, None)] * missing)]


def growth_of(pairs: Sequence[Pair]) -> tuple[float, float] | None:
    """The slope of latency over intended time in the second half, and its standard deviation."""
    if len(pairs) < 2:
        return None
    start, end = min(at for at, _ in pairs), max(at for at, _ in pairs)
    half = [(at, late) for at, late in pairs if at > (start + end) / 2]
    count = len(half)
    if count < LEAST_OBJECTS:
        return None
    mean_at = sum(at for at, _ in half) / count
    mean_late = sum(late for _, late in half) / count
    spread = sum((at - mean_at) ** 2 for at, _ in half)
    if spread == 0:
        return None
    slope = sum((at - mean_at) * (late - mean_late) for at, late in half) / spread
    rest = sum((late - mean_late - slope * (at - mean_at)) ** 2 for at, late in half)
    return slope, sqrt(rest / max(1, count - 2) / spread)


def is_growing(growth: tuple[float, float] | None) -> bool:
    """Whether latency grows for sure by more than the tolerance."""
    return growth is not None and growth[0] - DEVIATIONS * growth[1] > GROWTH


def _bad_reasons(
    measured: Measured,
    report: Report,
    lost: int,
    objects: int,
    growth: tuple[float, float] | None,
    goal: Goal,
) -> Sequence[str]:
    reasons = []
    if objects and lost / objects > goal.loss_ratio:
        reasons.append(LOST)
    if is_growing(growth):
        reasons.append(BACKLOG)
    if any(operation.error is not None for operation in measured.creations):
        reasons.append(REFUSED)
    if any(verdict.verdict is Outcome.VIOLATED for verdict in report.verdicts):
        reasons.append(OBJECTIVES)
    return reasons


def void_reasons(findings: Sequence[Finding], *, is_bad: bool) -> list[str]:
    """The findings that make a trial void: those that an overload does not explain."""
    return [
        finding.code
        for finding in findings
        if finding.inconclusive and _makes_void(finding, is_bad=is_bad)
    ]


def _makes_void(finding: Finding, *, is_bad: bool) -> bool:
    if finding.code == WATCH_LAG:
        return is_bad and not set(PHASE_FIGURES).isdisjoint(finding.touches)
    return not (is_bad and finding.code in OF_THE_LOAD)
