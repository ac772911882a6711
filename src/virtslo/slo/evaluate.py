"""Objectives judged on a run.

Invariant: a verdict is `met` only where the figure proves it. A figure without data is never met;
an unfinished object violates a latency objective whose bound it has outlasted. Where more samples
make a figure worse, a verdict never goes from violated to met.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from virtslo.model.figures import Figure
from virtslo.model.findings import ALL_FIGURES, Finding
from virtslo.model.indicators import Indicator
from virtslo.model.objectives import Bound, Objective, Promise
from virtslo.model.scenario import Scenario
from virtslo.model.verdicts import Outcome, Verdict
from virtslo.model.vocabulary import LEAST_SAMPLES
from virtslo.slo.catalog.catalog import TABLE_INDICATORS
from virtslo.slo.record.measured import Measured

LONGEST_REASON: Final = 80

FigureKey = tuple[str, str]
"""(indicator, statistic)."""
Judgement = tuple[Outcome, str | None]
"""What a figure comes to, and why."""


def verdicts_of(
    run: Measured, indicators: Iterable[Indicator], findings: Sequence[Finding]
) -> tuple[Verdict, ...]:
    """A verdict for each objective of the run's scenario that is about such a run."""
    scenario = run.record.header.scenario
    if scenario.objectives is None:
        return ()
    figures = {(item.name, item.statistic): item.figure for item in indicators}
    return tuple(
        judge(objective, run, figures, findings)
        for objective in scenario.objectives.objectives
        if is_about(objective.promise, scenario)
    )


def is_about(promise: Promise, scenario: Scenario) -> bool:
    """Whether something is promised about such a test of such a kind at all."""
    test, kind = scenario.load.pattern.value, scenario.workload.kind.value
    return (not promise.tests or test in promise.tests) and (
        not promise.kinds or kind in promise.kinds
    )


def judge(
    objective: Objective,
    run: Measured,
    figures: Mapping[FigureKey, Figure],
    findings: Sequence[Finding],
) -> Verdict:
    """One objective on one run."""
    objects = run.expected_vmis()
    names, figure, outcome, reason = _compared(objective, figures, objects)
    if outcome is Outcome.VIOLATED:
        beyond = beyond_promise(objective.promise, run)
        if beyond:
            outcome, reason = Outcome.INCONCLUSIVE, f"not promised for this load: {beyond}"
    doubts = [item for item in findings if touches(item, names)]
    spoiling = [item for item in doubts if item.inconclusive]
    if outcome is Outcome.MET and spoiling:
        outcome, reason = Outcome.INCONCLUSIVE, _told(spoiling[0])
    elif outcome is Outcome.VIOLATED and doubts:
        told = f"doubtful: {doubts[0].code}"
        reason = f"{reason}; {told}" if reason else told
    return Verdict(
        run=run.record.host.run_id,
        objective=objective.name,
        verdict=outcome,
        value=None if figure.value is None else float(figure.value),
        bound=objective.bound.at(objects),
        unit=objective.unit,
        reason=reason,
        is_least=objective.bound.is_least,
        indicators=names,
        statistic=objective.statistic,
        samples=figure.samples,
    )


def compare(figure: Figure, bound: Bound, objects: int, worst: Figure | None = None) -> Judgement:
    """A figure against a bound; `worst` is the largest of its samples, where that is known.

    A figure that needs more samples than there are is decided by the worst of those: if even that
    one keeps to the bound, every statistic of them does.
    """
    if figure.value is not None:
        met = bound.allows(float(figure.value), objects)
        return (Outcome.MET if met else Outcome.VIOLATED), None
    if bound.is_least:
        return Outcome.INCONCLUSIVE, figure.reason
    if figure.lower_bound is not None and not bound.allows(figure.lower_bound, objects):
        return Outcome.VIOLATED, figure.reason
    largest = None if worst is None or worst.samples != figure.samples else worst.value
    if worst is not None and largest is not None and bound.allows(float(largest), objects):
        return Outcome.MET, f"the largest of {worst.samples} is {worst.value:.3g}"
    return Outcome.INCONCLUSIVE, figure.reason


def beyond_promise(promise: Promise, run: Measured) -> str | None:
    """In what a run's load goes beyond what is promised; None: in nothing."""
    scenario, environment = run.record.header.scenario, run.record.header.environment
    count, rate = scenario.workload.count, scenario.load.arrival.rate
    if promise.most_objects is not None and count > promise.most_objects:
        return f"{count} objects, promised for at most {promise.most_objects}"
    if promise.most_per_second is not None and rate is not None and rate > promise.most_per_second:
        return f"{rate:g} arrivals/s, promised for at most {promise.most_per_second:g}"
    nodes = environment.nodes
    if promise.least_nodes is not None and nodes is not None and nodes < promise.least_nodes:
        return f"{nodes} nodes, promised for at least {promise.least_nodes}"
    return None


def touches(finding: Finding, names: Iterable[str]) -> bool:
    """Whether a finding touches one of these figures, itself or by its table.

    Names are compared whole.
    """
    touched = frozenset(finding.touches)
    for table in finding.touches:
        touched |= TABLE_INDICATORS.get(table, frozenset())
    return ALL_FIGURES[0] in touched or any(name in touched for name in names)


def _told(finding: Finding) -> str:
    """A finding in a verdict's reason: short, since it stands in full among the findings."""
    detail = finding.detail
    if len(detail) > LONGEST_REASON:
        detail = f"{detail[:LONGEST_REASON].rsplit(' ', 1)[0]} …"
    return f"{finding.code}: {detail}"


def _compared(
    objective: Objective, figures: Mapping[FigureKey, Figure], objects: int
) -> tuple[tuple[str, ...], Figure, Outcome, str | None]:
    """What was judged, the figure, what it comes to, and why."""
    name = objective.indicator
    figure = _figure(figures, name, objective.statistic, objective.unit)
    if objective.per is not None:
        other = _figure(figures, objective.per, objective.per_statistic, "")
        ratio = _ratio(figure, other, objective.per)
        outcome, reason = compare(ratio, objective.bound, objects)
        return (name, objective.per), ratio, outcome, reason
    worst = figures.get((name, "max")) if objective.statistic in LEAST_SAMPLES else None
    outcome, reason = compare(figure, objective.bound, objects, worst)
    return (name,), figure, outcome, reason


def _figure(figures: Mapping[FigureKey, Figure], name: str, statistic: str, unit: str) -> Figure:
    found = figures.get((name, statistic))
    if found is not None:
        return found
    return Figure(None, unit, 0, "none", reason=f"this run has no {statistic} of {name}")


def _ratio(figure: Figure, other: Figure, name: str) -> Figure:
    if figure.value is None or other.value is None:
        missing = figure if figure.value is None else other
        return Figure(None, "", 0, missing.source, reason=missing.reason)
    if other.value == 0:
        return Figure(None, "", 0, other.source, reason=f"{name} is 0: nothing to divide by")
    return Figure(float(figure.value) / float(other.value), "", other.samples, figure.source)
