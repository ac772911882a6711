"""The ladder that several constant churns make, which differ in their rate alone.

Invariant: runs of other clusters, kinds, counts or forms of churn are never rungs of one ladder;
fewer than two rates are none.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from virtslo.model.plan.scenario import Pattern
from virtslo.model.report.document import ChurnLadder, Rung
from virtslo.model.report.figures import Figure
from virtslo.model.run.record import RunRecord
from virtslo.slo.catalog.churn import REPLACEMENT
from virtslo.slo.catalog.generator import KEPT_UP, RUNNING_RATE
from virtslo.slo.comparable import differences
from virtslo.slo.figures.churn_figures import churn_rows
from virtslo.slo.figures.open_loop_figures import pace_rows
from virtslo.slo.record.measured import Measured


def ladders_of(runs: Sequence[Measured]) -> tuple[ChurnLadder, ...]:
    """Every ladder among these runs, in the order of their first runs."""
    groups: list[list[Measured]] = []
    for run in runs:
        scenario = run.record.header.scenario
        if scenario.load.pattern is not Pattern.CONSTANT_CHURN or run.churn is None:
            continue
        for group in groups:
            if _is_alike(group[0].record, run.record):
                group.append(run)
                break
        else:
            groups.append([run])
    ladders = (_ladder(group) for group in groups)
    return tuple(ladder for ladder in ladders if len(ladder.rungs) > 1)


def kept_up(run: Measured) -> bool | None:
    """Whether a constant churn was absorbed; None where that cannot be told."""
    pace = {row.definition.name: row.figure for row in pace_rows(run)}
    value = _value(pace.get(KEPT_UP.name))
    return None if value is None else bool(value)


def _is_alike(one: RunRecord, other: RunRecord) -> bool:
    kinds = {record.header.scenario.workload.kind for record in (one, other)}
    return len(kinds) == 1 and not differences([_without_rate(one), _without_rate(other)])


def _without_rate(record: RunRecord) -> RunRecord:
    scenario = record.header.scenario
    churn = scenario.load.churn
    if churn is None:
        return record
    load = replace(scenario.load, churn=replace(churn, rate=None, duration=None, objects=0))
    return replace(record, header=replace(record.header, scenario=replace(scenario, load=load)))


def _ladder(group: Sequence[Measured]) -> ChurnLadder:
    by_rate: dict[float, list[Measured]] = {}
    for run in group:
        churn = run.record.header.scenario.load.churn
        if churn is not None and churn.rate is not None:
            by_rate.setdefault(churn.rate, []).append(run)
    workload = group[0].record.header.scenario.workload
    rungs = tuple(_rung(rate, by_rate[rate]) for rate in sorted(by_rate))
    return ChurnLadder(workload.kind.value, workload.count, rungs)


def _rung(rate: float, runs: Sequence[Measured]) -> Rung:
    paces = [{row.definition.name: row.figure for row in pace_rows(run)} for run in runs]
    kept = {kept_up(run) for run in runs}
    running = [_value(pace.get(RUNNING_RATE.name)) for pace in paces]
    times = [_replacement_p95(run) for run in runs]
    return Rung(
        rate=rate,
        runs=tuple(run.record.host.run_id for run in runs),
        kept_up=kept.pop() if len(kept) == 1 else None,
        running_rate=_mean(running),
        replacement_p95=None if None in times else max(item for item in times if item is not None),
    )


def _replacement_p95(run: Measured) -> float | None:
    if run.churn is None:
        return None
    rows = churn_rows(run.churn)
    figures = (row.figure for row in rows
               if (row.definition, row.statistic) == (REPLACEMENT, "p95"))  # fmt: skip
    return _value(next(figures, None))


def _value(figure: Figure | None) -> float | None:
    return None if figure is None or figure.value is None else float(figure.value)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None
