"""Throughput: objects per second from the first intended time to the ninetieth percent.

Invariant: the lead time of a load is part of the time it took, and every intended object counts,
whether it made the event or not: a load of which 90 % never made it has no throughput, with that
reason, never 0. The spread rate, (N − 1) ÷ (last − first), says how alike moments are; it stands
beside the throughput as a detail and is no rate of the system (docs/adr/0014).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from virtslo.base.clock import to_seconds
from virtslo.model.report.figures import Figure, no_data

SHARE: Final = 0.9
"""The share of all intended objects whose last event ends the time that is divided by."""
LEAST_FOR_SHARE: Final = 20
"""Below this number of objects the last event ends it, and all must have made the event."""


@dataclass(frozen=True, slots=True)
class Load:
    """Objects that were intended together: a burst, or one cycle of a churn."""

    since_ns: int
    """The first intended time."""
    intended: int
    """How many were to make the event."""
    moments_ns: tuple[int, ...]
    """When those that made it did, in any order."""

    @property
    def offsets(self) -> list[float]:
        """Seconds from the first intended time, ascending."""
        return sorted(to_seconds(moment - self.since_ns) for moment in self.moments_ns)

    @property
    def size(self) -> int:
        """How many objects it is of; never fewer than made the event."""
        return max(self.intended, len(self.moments_ns))


def throughput(
    loads: Sequence[Load], *, unit: str, source: str, waited: float | None = None
) -> Figure:
    """Objects per second that made an event, over loads of one kind.

    One load of N objects: 0.9 N ÷ (t90 − t0), where t0 is its first intended time and t90 the time
    by which 90 % of all N made the event; with N < 20, N ÷ (last − t0). Several loads, as the
    cycles of a churn, are pooled: each event counts from its own load's t0, t90 is the time by
    which 90 % of the events of all loads were made, and N the mean number of objects of a load;
    with fewer than 20 objects in all loads together, all objects ÷ the sum of (last − t0).

    `waited` is how long, seconds, what did not make the event was waited for: where there is no
    throughput, it gives an upper bound of it.
    """
    total = sum(load.size for load in loads)
    seen = sum(len(load.moments_ns) for load in loads)
    if total == 0:
        return no_data(unit, "nothing was to make this event", source=source)
    if total < LEAST_FOR_SHARE:
        share, needed = 1.0, total
    else:
        share, needed = SHARE, math.ceil(SHARE * total - 1e-9)
    divided = share * total / len(loads)
    if seen < needed:
        bound = divided / waited if waited is not None and waited > 0 else None
        return _never(loads, needed, unit=unit, source=source, upper_bound=bound)
    offsets = [load.offsets for load in loads]
    if total < LEAST_FOR_SHARE:
        elapsed = sum(each[-1] for each in offsets if each) / len(loads)
    else:
        elapsed = sorted(chain.from_iterable(offsets))[needed - 1]
    if elapsed <= 0:
        reason = f"all {needed} events were at the intended moment: no time to divide by"
        return no_data(unit, reason, samples=total, source=source)
    return Figure(divided / elapsed, unit, total, source, detail=_detail(loads, offsets))


def spread_rate(loads: Sequence[Load]) -> float | None:
    """(N − 1) ÷ (last − first), of several loads the sums of both; None where that is no number.

    It says how alike the moments are, not how fast the system is.
    """
    steps, span = 0, 0.0
    for load in loads:
        if len(load.moments_ns) > 1:
            steps += len(load.moments_ns) - 1
            span += to_seconds(max(load.moments_ns) - min(load.moments_ns))
    return steps / span if span > 0 else None


def _never(
    loads: Sequence[Load], needed: int, *, unit: str, source: str, upper_bound: float | None
) -> Figure:
    total = sum(load.size for load in loads)
    seen = sum(len(load.moments_ns) for load in loads)
    share = "all" if needed == total else "90 %"
    return Figure(
        None,
        unit,
        total,
        source,
        reason=f"{share} of {total} never made it: {seen} did, {needed} are needed",
        upper_bound=upper_bound,
        detail=_detail(loads, [load.offsets for load in loads]),
    )


def _detail(loads: Sequence[Load], offsets: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Time to the first and to all, of several loads the longest; and the spread rate."""
    firsts = [each[0] for each in offsets if each]
    lasts = [each[-1] for each in offsets if each]
    complete = all(len(load.moments_ns) >= load.intended for load in loads)
    return {
        "seconds_to_first": max(firsts, default=None),
        "seconds_to_all": max(lasts, default=None) if complete else None,
        "spread_rate": spread_rate(loads),
    }
