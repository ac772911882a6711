"""Reasons to doubt a run that lie in how its watches delivered.

Invariant: figures stand on times of receipt; what came late is never part of one in silence.
"""

from collections.abc import Iterator

from virtslo.model.findings import Finding
from virtslo.slo.findings.quality_findings import PHASE_FIGURES
from virtslo.slo.findings.ramp_down_findings import RAMP_DOWN_FIGURES
from virtslo.slo.record.measured import Measured
from virtslo.slo.record.watch_lag import BOUND_SECONDS, watch_lag


def watch_findings(measured: Measured) -> Iterator[Finding]:
    """What watches delivered late, in the measured stage and in the ramp-down."""
    record = measured.record
    stages = ((measured.stage, PHASE_FIGURES), (measured.ramp_down, RAMP_DOWN_FIGURES))
    for stage, touched in stages:
        if stage is None or record.damage:
            continue
        lag = watch_lag(record, stage.started_ns, stage.ended_ns)
        if lag.late:
            yield Finding(
                code="watch_lag",
                detail=f"watches were late in {stage.name}: {lag.late} of {lag.events} facts were "
                f"received at least {BOUND_SECONDS:g} s after they were true, the worst "
                f"{lag.worst_seconds:.1f} s; times of receipt are later than the truth",
                touches=touched,
                inconclusive=True,
            )
