"""The three tables of KubeVirt PR 7120, from one or several runs.

Invariant: every cell is there; one that no run filled says why. Several runs of the same test and
kind give one figure over runs, with its interval, where they are alike: else no figure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from virtslo.model.plan.scenario import Pattern
from virtslo.model.plan.trace import MIXED
from virtslo.model.report.document import Tables
from virtslo.model.report.figures import Figure, no_data
from virtslo.model.report.indicators import Definition, FigureKey
from virtslo.model.run.record import RunRecord
from virtslo.model.vocabulary import (
    BESIDE_VERBS,
    REFUSED,
    TABLE_KINDS,
    TABLE_PATTERNS,
    TABLE_PHASES,
    TABLE_VERBS,
)
from virtslo.slo.catalog.vmis import CREATION_RATE, OF_PHASE
from virtslo.slo.comparable import differences
from virtslo.slo.figures.churn_figures import form_of
from virtslo.slo.figures.over_runs import ONE_RUN, distinct, over_runs
from virtslo.slo.record.measured import Measured
from virtslo.slo.record.rest_calls import UNIT as REQUESTS
from virtslo.slo.record.rest_calls import cell, refused

Figures = Mapping[FigureKey, Figure]
KINDS: Final = tuple(kind.value for kind in TABLE_KINDS)
TESTS: Final = tuple(pattern.key for pattern in TABLE_PATTERNS)


def test_of(record: RunRecord) -> str:
    """The test a record is of, as the JSON document spells it."""
    return record.header.scenario.load.pattern.key


def kind_of(record: RunRecord) -> str:
    """The kind a record is of."""
    return record.header.scenario.kind_name


def tables_of(runs: Sequence[Measured], figures: Sequence[Figures]) -> Tables:
    """The tables, every key present; `figures` are those of each run, in the order of runs."""
    tests = list(TESTS)
    kinds = list(KINDS)
    more = (Pattern.CONSTANT_CHURN.key, Pattern.REPLAY.key)
    tests += [key for key in more if any(test_of(run.record) == key for run in runs)]
    if any(kind_of(run.record) == MIXED for run in runs):
        kinds.append(MIXED)
    return Tables(
        creation_rate={
            test: {
                kind: _combined(
                    runs, test, kind, CREATION_RATE.unit, _rate_cell(runs, figures, CREATION_RATE)
                )
                for kind in kinds
            }
            for test in tests
        },
        phase_transition_rate={
            kind: {
                test: {
                    phase.lower(): _combined(
                        runs,
                        test,
                        kind,
                        OF_PHASE[phase].rate.unit,
                        _rate_cell(runs, figures, OF_PHASE[phase].rate),
                    )
                    for phase in TABLE_PHASES
                }
                for test in tests
            }
            for kind in kinds
        },
        rest_calls={
            kind: {
                test: {
                    verb.lower(): _combined(runs, test, kind, REQUESTS, _rest_cell(verb))
                    for verb in TABLE_VERBS
                }
                for test in tests
            }
            for kind in kinds
        },
        rest_calls_beside={
            kind: {test: _beside(runs, test, kind) for test in tests} for kind in kinds
        },
    )


def _beside(runs: Sequence[Measured], test: str, kind: str) -> dict[str, Figure]:
    """What the third table's columns leave out."""
    found = {
        verb.lower(): _combined(runs, test, kind, REQUESTS, _rest_cell(verb))
        for verb in BESIDE_VERBS
    }
    return {**found, REFUSED: _combined(runs, test, kind, REQUESTS, refused)}


def _rate_cell(
    runs: Sequence[Measured], figures: Sequence[Figures], rate: Definition
) -> Callable[[Measured], Figure]:
    """A run's rate, by the run itself: copies of a record have one id."""
    rates = {
        id(run): mine[FigureKey(rate.name, "mean")] for run, mine in zip(runs, figures, strict=True)
    }
    return lambda run: rates[id(run)]


def _rest_cell(verb: str) -> Callable[[Measured], Figure]:
    return lambda run: cell(run, verb)


def _combined(
    runs: Sequence[Measured],
    test: str,
    kind: str,
    unit: str,
    figure_of: Callable[[Measured], Figure],
) -> Figure:
    chosen = [run for run in runs if test_of(run.record) == test and kind_of(run.record) == kind]
    if not chosen:
        return no_data(unit, f"not run: {test.replace('_', ' ')} of {kind}")
    forms = sorted({form_of(run.churn) for run in chosen if run.churn is not None})
    if len(forms) > 1:
        return no_data(
            unit, f"the runs churn in different ways, not one figure: {', '.join(forms)}"
        )
    unlike = differences([run.record for run in chosen])
    if unlike:
        return no_data(unit, f"the runs are not alike, not one figure: they differ in {unlike}")
    figures = [figure_of(run) for run in distinct(chosen)]
    if len(figures) == 1:
        return replace(figures[0], no_interval=ONE_RUN)
    return over_runs(figures)
