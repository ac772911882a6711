"""Reasons to doubt a run that lie in how its watches delivered.

Invariant: figures stand on times of receipt; what came late is never part of one in silence.
"""

from collections.abc import Iterator
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model.plan.workload import TRAITS
from virtslo.model.run.findings import Finding
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import ACTIONS, CHURN
from virtslo.slo.catalog.actions import OF_ACTION
from virtslo.slo.catalog.vmis import CREATION_RATE, DELETION_TO_GONE
from virtslo.slo.findings.quality_findings import phase_figures
from virtslo.slo.findings.ramp_down_findings import RAMP_DOWN_FIGURES
from virtslo.slo.record.measured import Measured
from virtslo.slo.record.watch_lag import (
    BOUND_SECONDS,
    is_anything_late,
    lags_of,
    unsure_of_lists,
    watch_lag,
)

LEAST_SPOILING_SECONDS: Final = 2.0
"""A lag up to this leaves the figures what they are; the finding says it."""
SPOILING_SHARE: Final = 0.1
"""From this share of the time until the population was whole (or gone) on a lag spoils the run."""


def watch_findings(measured: Measured) -> Iterator[Finding]:
    """What watches delivered late, in the measured stage, in that of actions, in the ramp-down."""
    record = measured.record
    if record.damage:
        return
    lags = lags_of(record) if is_anything_late(record) else {}
    for stage in record.header.stages:
        touched = _figures_of(measured, stage)
        if not touched:
            continue
        yield from _unsure(measured, stage, touched)
        lag = watch_lag(lags, stage.started_ns, stage.ended_ns)
        if lag.late:
            yield Finding(
                code="watch_lag",
                detail=f"watches were late in {stage.name}: {lag.late} of {lag.events} facts were "
                f"received at least {BOUND_SECONDS:g} s after they were true, the worst "
                f"{lag.worst_seconds:.1f} s; times of receipt are later than the truth",
                touches=touched,
                inconclusive=lag.worst_seconds > _spoiling_seconds(stage),
            )


def _unsure(measured: Measured, stage: Stage, touched: tuple[str, ...]) -> Iterator[Finding]:
    """Facts without a stamp that a list showed, long after the last that was known."""
    seconds = unsure_of_lists(measured.record, measured.relisted, stage.started_ns, stage.ended_ns)
    if seconds > _spoiling_seconds(stage):
        yield Finding(
            code="relist",
            detail=f"what was gone, ready, paused or migrated in {stage.name} was learnt from a "
            f"relist, up to {seconds:.1f} s after it was true: no stamp says when",
            touches=touched,
            inconclusive=True,
        )


def _figures_of(measured: Measured, stage: Stage) -> tuple[str, ...]:
    """What is made of the moments at which facts of a stage were seen."""
    if stage == measured.ramp_down:
        return RAMP_DOWN_FIGURES
    if stage.name == ACTIONS:
        return tuple(of.latency.name for of in OF_ACTION.values())
    if stage != measured.stage:
        return ()
    is_group = TRAITS[measured.record.header.scenario.workload.kind].is_group
    created = (CREATION_RATE.name,) if is_group else ()  # else from answers
    gone = () if measured.churn is None else (DELETION_TO_GONE.name,)
    return (*phase_figures(measured), *created, *gone)


def _spoiling_seconds(stage: Stage) -> float:
    """From which lag on the figures of a stage are no longer those of the cluster.

    A server at its limit delivers a little late, and that is part of what is measured.
    """
    end_ns = stage.whole_ns or stage.ended_ns
    if stage.name in {CHURN, ACTIONS} or end_ns is None:
        return LEAST_SPOILING_SECONDS
    return max(LEAST_SPOILING_SECONDS, SPOILING_SHARE * to_seconds(end_ns - stage.t0_ns))
