"""Objectives judged on runs.

Invariant: a verdict is `met` or `violated` only where the figure's interval lies on one side of the
bound; a figure without an interval, of one run, is compared itself, and the verdict says that it is
of one run. A figure without data is never met; an unfinished object violates a latency objective
whose bound it has waited for. Where more samples make a figure worse, a verdict never goes from
violated to met.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from virtslo.model.plan.objectives import Bound, Objective, Promise
from virtslo.model.plan.scenario import Scenario
from virtslo.model.report.figures import LEAST_RUNS, WITHIN_RUN, Figure
from virtslo.model.report.indicators import FigureKey, Indicator, figures_by_key
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.findings import ALL_FIGURES, Finding
from virtslo.model.vocabulary import LEAST_SAMPLES
from virtslo.slo.catalog.catalog import TABLE_INDICATORS
from virtslo.slo.catalog.generator import CREATE_SUCCESS, DELETE_SUCCESS, FAILED_CREATES
from virtslo.slo.figures.over_runs import over_runs
from virtslo.slo.record.measured import Measured
from virtslo.slo.statistics.repetition import runs_needed

LONGEST_REASON: Final = 80
SAME_FACT: Final[Mapping[str, frozenset[str]]] = {
    "failed_operations": frozenset({CREATE_SUCCESS.name, DELETE_SUCCESS.name, FAILED_CREATES.name})
}
"""What a finding cannot cast doubt on, since the indicator measures what the finding says."""

"""(indicator, statistic)."""
Judgement = tuple[Outcome, str | None]
"""What a figure comes to, and why."""


def verdicts_of(
    groups: Sequence[Sequence[Measured]],
    indicators: Mapping[str, Iterable[Indicator]],
    findings: Mapping[str, Sequence[Finding]],
) -> tuple[Verdict, ...]:
    """A verdict for each objective of each group of repetitions, or single run, that it is about.

    `indicators` and `findings` are by run.
    """
    found: list[Verdict] = []
    for runs in groups:
        scenario = runs[0].record.header.scenario
        if scenario.objectives is None:
            continue
        ids = [run.record.host.run_id for run in runs]
        figures = [figures_by_key(indicators[run]) for run in ids]
        doubts = [finding for run in ids for finding in findings[run]]
        found += [
            judge_runs(objective, runs, figures, doubts)
            for objective in scenario.objectives.objectives
            if is_about(objective.promise, scenario)
        ]
    return tuple(found)


def is_about(promise: Promise, scenario: Scenario) -> bool:
    """Whether something is promised about such a test of such a kind at all."""
    test, kind = scenario.load.pattern.value, scenario.kind_name
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
    return judge_runs(objective, [run], [figures], findings)


def judge_runs(
    objective: Objective,
    runs: Sequence[Measured],
    figures: Sequence[Mapping[FigureKey, Figure]],
    findings: Sequence[Finding],
) -> Verdict:
    """One objective on repetitions; `figures` are each run's own."""
    run = runs[0]
    objects = run.expected_vmis()
    names = (objective.indicator,) if objective.per is None else (objective.indicator,
                                                                  objective.per)  # fmt: skip
    compared = [_compared(objective, own) for own in figures]
    figure = compared[0] if len(compared) == 1 else over_runs(compared)
    values = [each.value for each in compared if each.value is not None]
    worst = None
    if objective.statistic in LEAST_SAMPLES and objective.per is None and len(figures) == 1:
        worst = figures[0].get(FigureKey(objective.indicator, "max"))
    outcome, reason = compare(figure, objective.bound, objects, worst, values)
    beyond = beyond_promise(objective.promise, run)
    if outcome is Outcome.VIOLATED and beyond:
        outcome, reason = Outcome.INCONCLUSIVE, f"not promised for this load: {beyond}"
    doubts = [item for item in findings if touches(item, names)]
    spoiling = [item for item in doubts if item.inconclusive]
    if outcome is Outcome.MET and spoiling:
        outcome, reason = Outcome.INCONCLUSIVE, _told(spoiling[0])
    elif outcome is Outcome.VIOLATED and doubts:
        told = f"doubtful: {doubts[0].code}"
        reason = f"{reason}; {told}" if reason else told
    bound = objective.bound.at(objects)
    return Verdict(
        run=run.record.host.run_id,
        objective=objective.name,
        verdict=outcome,
        value=figure.value,
        bound=bound,
        unit=objective.unit,
        reason=reason,
        is_least=objective.bound.is_least,
        indicators=names,
        statistic=objective.statistic,
        samples=figure.samples,
        repetitions=(tuple(each.record.host.run_id for each in runs) if len(runs) > 1 else ()),
        interval=figure.interval,
        margin=_margin(figure, bound, is_least=objective.bound.is_least),
        promise=objective.promise,
        beyond=beyond,
    )


def compare(
    figure: Figure,
    bound: Bound,
    objects: int,
    worst: Figure | None = None,
    values: Sequence[float] = (),
) -> Judgement:
    """A figure against a bound.

    `worst` is the largest of a run's samples, where that is known: if even that one keeps to the
    bound, every statistic of them does, however few they are. `values` are those of the runs that
    the figure is of, where it is of several.
    """
    if figure.value is None:
        return _without_value(figure, bound, objects, worst)
    if len(values) == 2:
        return _of_two(bound, objects, values)
    interval = figure.interval
    if interval is None:
        met = bound.allows(float(figure.value), objects)
        return (Outcome.MET if met else Outcome.VIOLATED), None
    low, high = interval.low, interval.high
    inner, outer = (high, low) if bound.is_least else (low, high)
    if outer is not None and bound.allows(outer, objects):
        return Outcome.MET, None
    if inner is not None and not bound.allows(inner, objects):
        return Outcome.VIOLATED, None
    if _all_keep(figure, bound, objects, worst):
        return Outcome.MET, f"each of {figure.samples} kept to it"
    return Outcome.INCONCLUSIVE, _undecided(figure, bound.at(objects), values)


def _without_value(figure: Figure, bound: Bound, objects: int, worst: Figure | None) -> Judgement:
    """A figure without data: decided only where an unfinished object, or the worst one, decides."""
    if bound.is_least:
        most = figure.upper_bound
        if most is not None and not bound.allows(most, objects):
            return Outcome.VIOLATED, figure.reason
        return Outcome.INCONCLUSIVE, figure.reason
    if figure.lower_bound is not None and figure.lower_bound >= bound.at(objects):
        return Outcome.VIOLATED, figure.reason
    if worst is not None and _all_keep(figure, bound, objects, worst):
        return Outcome.MET, f"the largest of {worst.samples} is {worst.value:.3g}"
    return Outcome.INCONCLUSIVE, figure.reason


def _of_two(bound: Bound, objects: int, values: Sequence[float]) -> Judgement:
    """Two runs have no interval: they decide where both lie on one side."""
    kept = [bound.allows(value, objects) for value in values]
    if all(kept):
        return Outcome.MET, None
    if not any(kept):
        return Outcome.VIOLATED, None
    return Outcome.INCONCLUSIVE, f"one run of two kept to it: needs at least {LEAST_RUNS} runs"


def _all_keep(figure: Figure, bound: Bound, objects: int, worst: Figure | None) -> bool:
    """Whether every object that was measured keeps to a bound from above."""
    if worst is None or bound.is_least or worst.samples != figure.samples:
        return False
    return worst.value is not None and bound.allows(float(worst.value), objects)


def _undecided(figure: Figure, bound: float, values: Sequence[float]) -> str:
    """What it would take to decide."""
    interval = figure.interval
    assert interval is not None
    if interval.scope == WITHIN_RUN:
        return (
            f"the bound lies in the interval within this run: needs repetitions, {LEAST_RUNS} "
            "or more"
        )
    needed = runs_needed(values, bound)
    about = f"about {needed}" if needed is not None else "more than a thousand"
    return f"the bound lies in the interval: needs {about} runs"


def _margin(figure: Figure, bound: float, *, is_least: bool) -> float | None:
    if figure.value is None or bound == 0:
        return None
    apart = float(figure.value) - bound if is_least else bound - float(figure.value)
    return apart / abs(bound)


def beyond_promise(promise: Promise, run: Measured) -> str | None:
    """In what a run's load goes beyond what is promised; None: in nothing."""
    scenario, environment = run.record.header.scenario, run.record.header.environment
    count, rate = scenario.peak, scenario.load.arrival.rate
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
    names = [name for name in names if name not in SAME_FACT.get(finding.code, ())]
    if not names:
        return False
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


def _compared(objective: Objective, figures: Mapping[FigureKey, Figure]) -> Figure:
    """What is judged of one run: a figure, or the ratio of two."""
    figure = _figure(figures, objective.indicator, objective.statistic, objective.unit)
    if objective.per is None:
        return figure
    other = _figure(figures, objective.per, objective.per_statistic, "")
    return _ratio(figure, other, objective.per)


def _figure(figures: Mapping[FigureKey, Figure], name: str, statistic: str, unit: str) -> Figure:
    found = figures.get(FigureKey(name, statistic))
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
