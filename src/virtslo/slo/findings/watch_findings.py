"""Reasons to doubt a run that lie in how its watches delivered.

Invariant: figures stand on times of receipt; what came late is never part of one in silence.
"""

from collections.abc import Iterator
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model.run.findings import Finding
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import CHURN
from virtslo.slo.findings.quality_findings import PHASE_FIGURES
from virtslo.slo.findings.ramp_down_findings import RAMP_DOWN_FIGURES
from virtslo.slo.record.measured import Measured
from virtslo.slo.record.watch_lag import BOUND_SECONDS, lags_of, watch_lag

LEAST_SPOILING_SECONDS: Final = 2.0
"""A lag up to this leaves the figures what they are; the finding says it."""
SPOILING_SHARE: Final = 0.1
"""From this share of the time until the population was whole (or gone) on a lag spoils the run."""


def watch_findings(measured: Measured) -> Iterator[Finding]:
    """What watches delivered late, in the measured stage and in the ramp-down."""
    record = measured.record
    if record.damage:
        return
    lags = lags_of(record)
    stages = ((measured.stage, PHASE_FIGURES), (measured.ramp_down, RAMP_DOWN_FIGURES))
    for stage, touched in stages:
        if stage is None:
            continue
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


def _spoiling_seconds(stage: Stage) -> float:
    """From which lag on the figures of a stage are no longer those of the cluster.

    A server at its limit delivers a little late, and that is part of what is measured.
    """
    end_ns = stage.whole_ns or stage.ended_ns
    if stage.name == CHURN or end_ns is None:
        return LEAST_SPOILING_SECONDS
    return max(LEAST_SPOILING_SECONDS, SPOILING_SHARE * to_seconds(end_ns - stage.t0_ns))
