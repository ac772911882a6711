"""Figures of several runs that are alike: repetitions of one test of one kind.

Invariant: runs are the samples. A figure that one of the runs lacks has no value over runs either;
an object that did not finish in one run is not averaged away.
"""

from collections.abc import Sequence
from typing import Any, Final

from virtslo.model.report.document import RunGroup
from virtslo.model.report.figures import LEAST_RUNS, Figure
from virtslo.model.report.indicators import Indicator, figures_by_key
from virtslo.slo.comparable import differences
from virtslo.slo.figures.churn_figures import form_of
from virtslo.slo.record.measured import Measured
from virtslo.slo.statistics.repetition import estimate_of

ONE_RUN: Final = f"one run: an interval over runs needs {LEAST_RUNS}"
AVERAGED: Final = ("seconds_to_first", "seconds_to_all", "spread_rate")
"""Keys of a throughput's detail that are taken together over runs as the figure itself is."""

Key = tuple[str, str]
"""(test, kind)."""


def over_runs(figures: Sequence[Figure]) -> Figure:
    """One figure of several runs, with its range and its interval."""
    first = figures[0]
    samples = sum(figure.samples for figure in figures)
    values = [figure.value for figure in figures if figure.value is not None]
    if len(values) < len(figures):
        reasons = [figure.reason for figure in figures if figure.reason]
        lowest = [figure.lower_bound for figure in figures if figure.lower_bound is not None]
        highest = [figure.upper_bound for figure in figures if figure.upper_bound is not None]
        return Figure(
            None,
            first.unit,
            samples,
            first.source,
            reason=f"{len(figures) - len(values)} of {len(figures)} runs have no data: "
            f"{reasons[0]}",
            lower_bound=max(lowest, default=None),
            upper_bound=min(highest, default=None),
            detail={"runs": len(figures), **_shared(figures)},
        )
    found = estimate_of(values)
    is_same = min(values) == max(values)
    is_of_logarithms = min(values) > 0
    return Figure(
        first.value if is_same else found.centre,
        first.unit,
        samples,
        first.source,
        range=(min(values), max(values)),
        interval=found.interval,
        no_interval=found.no_interval,
        detail={
            "runs": len(figures),
            "centre": "geometric mean" if is_of_logarithms else "mean",
            **_shared(figures),
        },
    )


def distinct(runs: Sequence[Measured]) -> list[Measured]:
    """The runs without copies: on a simulated cluster the same seed gives the same run again."""
    found: dict[tuple[str, str], Measured] = {}
    for run in runs:
        header = run.record.header
        is_copy = header.environment.virtual_time and header.run_label
        key = ("label", header.run_label) if is_copy else ("run", run.record.host.run_id)
        found.setdefault(key, run)
    return list(found.values())


def groups_of(
    runs: Sequence[Measured], indicators: Sequence[Sequence[Indicator]]
) -> tuple[RunGroup, ...]:
    """Repetitions among these runs, with every figure over runs; single runs make no group."""
    by_key: dict[tuple[Key, str], list[int]] = {}
    kept = {id(run) for run in distinct(runs)}
    for index, run in enumerate(runs):
        if id(run) not in kept:
            continue
        form = "" if run.churn is None else form_of(run.churn)
        by_key.setdefault((_key(run), form), []).append(index)
    groups = []
    for ((test, kind), _), indices in by_key.items():
        records = [runs[index].record for index in indices]
        if len(indices) < 2 or differences(records):
            continue
        name = f"{test}-{kind}"
        groups.append(
            RunGroup(
                id=name,
                test=test,
                kind=kind,
                runs=tuple(record.host.run_id for record in records),
                indicators=tuple(_combined(name, [indicators[index] for index in indices])),
            )
        )
    return tuple(groups)


def _key(run: Measured) -> Key:
    scenario = run.record.header.scenario
    return scenario.load.pattern.value.replace("-", "_"), scenario.kind_name


def _combined(name: str, indicators: Sequence[Sequence[Indicator]]) -> list[Indicator]:
    """Every indicator that all of the runs have."""
    by_run = [figures_by_key(own) for own in indicators]
    return [
        Indicator(name, *item.key, over_runs([own[item.key] for own in by_run]))
        for item in indicators[0]
        if all(item.key in own for own in by_run)
    ]


def _shared(figures: Sequence[Figure]) -> dict[str, Any]:
    """What a cell says further: where every run says the same, and times averaged over runs."""
    details = [figure.detail or {} for figure in figures]
    found: dict[str, Any] = {}
    for key, value in details[0].items():
        values = [detail.get(key) for detail in details]
        if all(other == value for other in values):
            found[key] = value
        elif key in AVERAGED and all(other is not None for other in values):
            found[key] = estimate_of([float(other or 0.0) for other in values]).centre
    return found
