"""The generator's own delay, and whether it spoils a run.

Invariant: closed loop: sent − released; open loop: sent − intended, with the wait for the in-flight
bound shown apart. In virtual time it does not apply, and that is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model.plan.scenario import ArrivalProcess
from virtslo.model.run.operations import OperationRecord
from virtslo.model.vocabulary import LEAST_SAMPLES
from virtslo.slo.statistics.quantiles import nearest_rank

LEAST_BOUND: Final = 0.020
MOST_BOUND: Final = 1.0
SHARE_OF_P50: Final = 0.05


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late the operations of a run were, seconds."""

    values: tuple[float, ...]
    waits: tuple[float, ...]
    """Open loop: what of it was spent waiting for the in-flight bound."""
    decisive: float | None
    """P99 for a hundred operations and more, else the maximum."""


def lateness_of(operations: Sequence[OperationRecord], process: ArrivalProcess) -> Lateness:
    """The lateness of operations that were sent."""
    values: list[float] = []
    waits: list[float] = []
    for operation in operations:
        if operation.sent_ns is None or operation.released_ns is None:
            continue
        closed = process is ArrivalProcess.BURST
        start = operation.released_ns if closed else operation.intended_ns
        values.append(to_seconds(operation.sent_ns - start))
        if not closed:
            waits.append(to_seconds(operation.released_ns - operation.intended_ns))
    decisive = None
    if values:
        ordered = sorted(values)
        share = 0.99 if len(values) >= LEAST_SAMPLES["p99"] else 1.0
        decisive = nearest_rank(ordered, share)
    return Lateness(tuple(values), tuple(waits), decisive)


def bound_of(p50_running: float | None) -> float:
    """Above this the run measured us, not them: min(1 s, max(20 ms, 5 % of the P50))."""
    share = SHARE_OF_P50 * p50_running if p50_running is not None else 0.0
    return min(MOST_BOUND, max(LEAST_BOUND, share))
