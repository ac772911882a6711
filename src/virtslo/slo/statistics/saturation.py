"""What bounds a throughput: the system's capacity, or the time that one object takes.

Invariant: told from the run itself; where a run is too small, or its signs disagree, nothing is
said. The estimate is the share of the time to the ninetieth percent that was spent waiting behind
other objects: at 1 the throughput is the capacity, at 0 more load would raise it in proportion.
"""

from collections.abc import Sequence
from enum import StrEnum
from statistics import median
from typing import Final

from virtslo.slo.statistics.quantiles import nearest_rank
from virtslo.slo.statistics.throughput import LEAST_FOR_SHARE, SHARE

MOSTLY_WAITING: Final = 0.8
"""From this share of waiting on a load is saturated: more of it would raise the figure by at most a
quarter."""
HARDLY_WAITING: Final = 0.2
LONE_SPREAD: Final = 0.5
"""How far beyond a lone object's latency the ninetieth percent may be by the spread of latencies
alone, as a share of it."""


class BoundBy(StrEnum):
    """What more load would do."""

    SATURATED = "saturated"
    """It would not raise the throughput."""
    ONE_OBJECT = "the time one object takes"
    """It would raise it."""


def bound_by(latencies: Sequence[float], lone: Sequence[float]) -> BoundBy | None:
    """What bounded a load; None where that cannot be told.

    `latencies` are seconds from the intended time to the event, in the order of release, of those
    that made it; `lone` those of objects that were alone, as the warm-up's.
    """
    if len(latencies) < LEAST_FOR_SHARE:
        return None
    by_order = waiting_by_order(latencies)
    by_lone = waiting_beyond(latencies, lone)
    if max(by_order, by_lone or 0.0) >= MOSTLY_WAITING:
        return BoundBy.SATURATED
    if by_order <= HARDLY_WAITING and by_lone is not None and by_lone <= LONE_SPREAD:
        return BoundBy.ONE_OBJECT
    return None


def waiting_by_order(latencies: Sequence[float]) -> float:
    """The share of waiting that shows in the order of release: by how much later the last quarter
    makes the event than the first, drawn out to 90 % of the load, of the ninetieth percent."""
    quarter = len(latencies) // 4
    later = median(latencies[-quarter:]) - median(latencies[:quarter])
    whole = later * len(latencies) / (len(latencies) - quarter)
    ninetieth = nearest_rank(sorted(latencies), SHARE)
    return max(0.0, min(1.0, SHARE * whole / ninetieth)) if ninetieth > 0 else 0.0


def waiting_beyond(latencies: Sequence[float], lone: Sequence[float]) -> float | None:
    """The share of the ninetieth percent that goes beyond the latency of a lone object; None where
    there was none."""
    ninetieth = nearest_rank(sorted(latencies), SHARE)
    if not lone or ninetieth <= 0:
        return None
    return max(0.0, 1 - median(lone) / ninetieth)
