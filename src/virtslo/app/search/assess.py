"""What a run says of the load it was: good, bad or void.

Invariant: a trial is void where its figures cannot be trusted for a reason that is not the load:
the generator was late, the watch was cut, the run ended early. Objects that failed or came too late
are lost, and a backlog that grows makes a trial bad whatever it lost.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import fmean, median
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import RUNNING
from virtslo.model.report.document import Report
from virtslo.model.report.verdicts import Outcome
from virtslo.model.run.findings import Finding
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.record import RunRecord
from virtslo.model.stage_names import ACTIONS, StageName
from virtslo.model.whatif.search import Goal, Trial, TrialOutcome
from virtslo.slo.catalog.time_spent import API_ANSWER_WAIT, RATE_LIMITER_WAIT, WORK_QUEUE_WAIT
from virtslo.slo.figures.time_spent import controller_work
from virtslo.slo.findings.quality_findings import PHASE_FIGURES
from virtslo.slo.record.actions import Acted, acted
from virtslo.slo.record.measured import Measured, intended, measure, measured_stage

LOST: Final = "lost"
BACKLOG: Final = "backlog"
REFUSED: Final = "refused"
OBJECTIVES: Final = "objectives"
BAD_REASONS: Final = (LOST, BACKLOG, REFUSED, OBJECTIVES)
OF_THE_LOAD: Final = frozenset(
    {"unfinished", "failed", "failed_operations", "not_gone", "not_quiet", "deleted_late"}
)
"""Findings that an overload causes: they make a trial bad, by what was lost, and not void."""
OF_ACTIONS: Final = frozenset(
    {"actions_without_effect", "failed_operations", "not_gone", "not_quiet"}
)
"""Likewise of actions; machines that never ran before them make a trial void."""
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
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Objects that were asked for and not yet as wanted, in the second half of the arrivals."""

    middle: int
    end: int
    arrived: int
    """Between these moments."""
    together: int = 1
    """How many arrive at one moment at most: members of a pool wait together."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a trial is of: VMIs that are created, or what its actions ask of machines that run."""

    moments: Sequence[tuple[float, float | None]]
    """When each was intended, and how long until it was as wanted, seconds; None: never."""
    requests: Sequence[OperationRecord]
    stage: StageName
    accepted: int
    of_the_load: frozenset[str]
    """Findings that an overload causes."""


def assess(record: RunRecord, report: Report, *, load: float, within: float, goal: Goal) -> Trial:
    """The trial that a run was."""
    measured = measure(record)
    subject = subject_of(measured)
    reached = [(at, late) for at, late in subject.moments if late is not None]
    lost = sum(latency is None or latency > within for _, latency in subject.moments)
    growth = growth_of(reached)
    reasons = list(_bad_reasons(report, subject, lost=lost, growth=growth, goal=goal))
    findings = [item.finding for item in report.findings]
    void = void_reasons(findings, is_bad=bool(reasons), of_the_load=subject.of_the_load)
    outcome = TrialOutcome.VOID if void else TrialOutcome.BAD if reasons else TrialOutcome.GOOD
    waiting = waiting_of(subject.moments)
    trial = Trial(
        load=load,
        outcome=outcome,
        reasons=tuple(void or reasons),
        objects=len(subject.moments),
        lost=lost,
        growth=None if growth is None else growth[0],
        waiting=None if waiting is None else (waiting.middle, waiting.end),
        mean_seconds=fmean(late for _, late in reached) if reached else None,
    )
    work = controller_work(measured, subject.stage, subject.accepted)
    if isinstance(work, str):
        return replace(trial, not_counted=work)
    waits = {name: work.waits[item] for item, name in WAITS.items() if item in work.waits}
    return replace(trial, waits=waits, calls_per_object=work.calls)


def subject_of(measured: Measured) -> Subject:
    """What a run is a trial of: its actions where it has any, else its VMIs."""
    record = measured.record
    if not record.header.scenario.load.actions:
        moments, stage = moments_of(measured), measured_stage(record)
        accepted = measured.expected_vmis()
        return Subject(moments, measured.creations, stage, accepted, OF_THE_LOAD)
    actions = acted(record)
    requests = [each.operation for each in actions]
    accepted = sum(operation.error is None for operation in requests)
    return Subject(action_moments(actions), requests, ACTIONS, accepted, OF_ACTIONS)


def action_moments(actions: Sequence[Acted]) -> list[tuple[float, float | None]]:
    """For each request to a machine: when it was intended, and how long until it had its effect."""
    found: list[tuple[float, float | None]] = []
    for each in actions:
        start, done = each.operation.intended_ns, each.done_ns
        late = None if done is None else to_seconds(done - start)
        found.append((to_seconds(start), late))
    return found


def moments_of(measured: Measured) -> list[tuple[float, float | None]]:
    """For each intended object: when it was intended, and how long until it was Running, seconds.

    None for one that never was; a pool's members count from the pool's own intended time.
    """
    found: list[tuple[float, float | None]] = []
    for vmi, creation in zip(measured.vmis, measured.creates, strict=True):
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


def waiting_of(moments: Sequence[tuple[float, float | None]]) -> Waiting | None:
    """How many waited before the last arrival, and before the first of the second half.

    Whatever the order in which they are served: where that is not the order of arrival, a backlog
    grows while latency does not. None where half of them take longer than half of the arrivals:
    what waits grows then until the first are served, whatever the load.
    """
    if len(moments) < 2:
        return None
    start, end = min(at for at, _ in moments), max(at for at, _ in moments)
    middle = min((at for at, _ in moments if at > (start + end) / 2), default=end)
    reached = [late for _, late in moments if late is not None]
    if reached and median(reached) > middle - start:
        return None

    def waiting(moment: float) -> int:
        return sum(at < moment and (late is None or at + late > moment) for at, late in moments)

    arrived = sum(middle <= at < end for at, _ in moments)
    together = max(Counter(at for at, _ in moments).values())
    return Waiting(waiting(middle), waiting(end), arrived, together) if arrived else None


def is_piling_up(waiting: Waiting | None) -> bool:
    """Whether those that wait grow for sure by more than the tolerance: two counts of objects that
    do not wait for one another differ by about the root of their sum, of groups by that of their
    size more."""
    if waiting is None:
        return False
    grown = waiting.end - waiting.middle - GROWTH * waiting.arrived
    return grown > DEVIATIONS * sqrt(waiting.together * (waiting.middle + waiting.end))


def is_growing(growth: tuple[float, float] | None) -> bool:
    """Whether latency grows for sure by more than the tolerance."""
    return growth is not None and growth[0] - DEVIATIONS * growth[1] > GROWTH


def _bad_reasons(
    report: Report,
    subject: Subject,
    *,
    lost: int,
    growth: tuple[float, float] | None,
    goal: Goal,
) -> Sequence[str]:
    reasons, objects = [], len(subject.moments)
    if objects and lost / objects > goal.loss_ratio:
        reasons.append(LOST)
    if is_growing(growth) or is_piling_up(waiting_of(subject.moments)):
        reasons.append(BACKLOG)
    if any(operation.error is not None for operation in subject.requests):
        reasons.append(REFUSED)
    if any(verdict.verdict is Outcome.VIOLATED for verdict in report.verdicts):
        reasons.append(OBJECTIVES)
    return reasons


def void_reasons(
    findings: Sequence[Finding], *, is_bad: bool, of_the_load: frozenset[str] = OF_THE_LOAD
) -> list[str]:
    """The findings that make a trial void: those that an overload does not explain."""
    return [
        finding.code
        for finding in findings
        if finding.inconclusive and _makes_void(finding, of_the_load, is_bad=is_bad)
    ]


def _makes_void(finding: Finding, of_the_load: frozenset[str], *, is_bad: bool) -> bool:
    if finding.code == WATCH_LAG:
        return is_bad and not set(PHASE_FIGURES).isdisjoint(finding.touches)
    return not (is_bad and finding.code in of_the_load)
