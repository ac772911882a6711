"""Whether a system kept up with an open-loop load: what was offered, accepted and came to Running.

Invariant: an offered rate is an input, whatever came of it. Rates are over the second half of the
load, when what was offered at first has come through; where it has not, nothing is said. Of an
object at the very beginning or end of that half, one half counts in it, so that a load of 5/s is
offered at 5/s.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.slo.statistics.quantiles import nearest_rank

TOLERANCE: Final = 0.1
"""By which share of the offered rate the backlog may grow while the system keeps up."""
LEAST_OFFERED: Final = 19.5
"""Objects that the second half must have: twenty, of which the last stands at its end."""
NANOSECOND: Final = 1e-9
DEVIATIONS: Final = 2.0
"""How far beyond the tolerance, in standard deviations of a Poisson count, growth is sure."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Objects per second over the second half of a load."""

    offered: float
    accepted: float
    running: float
    kept_up: bool | None
    """None: too short to tell."""
    has_come_through: bool = True
    """Whether the second half is long enough, and what was offered at first had come to Running
    when it began, or never did."""

    @property
    def backlog_slope(self) -> float:
        """How fast what was offered and is not Running grows, objects per second."""
        return self.offered - self.running


def pace_of(
    intended: Sequence[float], accepted: Sequence[float], running: Sequence[float | None]
) -> Pace | None:
    """The pace of a load, of moments in seconds; None where it has no length.

    `running` is object by object as `intended`, None for what did not come to Running.
    """
    start, end = min(intended, default=0.0), max(intended, default=0.0)
    if end <= start:
        return None
    half = (start + end) / 2
    length = end - half
    offered, taken, came = (
        _within(moments, half, end) / length for moments in (intended, accepted, running)
    )
    latency = _early_latency(intended, running, start, end)
    return Pace(
        offered,
        taken,
        came,
        _kept_up(offered, came, length, latency),
        has_come_through=_is_long_enough(offered, length, latency),
    )


def _within(moments: Sequence[float | None], start: float, end: float) -> float:
    """How many moments there are; one at either end, to the nanosecond, is half in."""
    found = 0.0
    for moment in moments:
        if moment is None or not start - NANOSECOND < moment < end + NANOSECOND:
            continue
        at_an_end = min(abs(moment - start), abs(moment - end)) < NANOSECOND
        found += 0.5 if at_an_end else 1.0
    return found


def _is_long_enough(offered: float, length: float, latency: float) -> bool:
    return offered * length >= LEAST_OFFERED and (latency <= length or math.isinf(latency))


def _early_latency(
    intended: Sequence[float], running: Sequence[float | None], start: float, end: float
) -> float:
    """How long 90 % of the objects of the first quarter took, seconds."""
    early = start + (end - start) / 4
    latencies = sorted(
        math.inf if moment is None else moment - wanted
        for wanted, moment in zip(intended, running, strict=True)
        if wanted <= early
    )
    return nearest_rank(latencies, 0.9)


def _kept_up(offered: float, running: float, length: float, latency: float) -> bool | None:
    if offered * length < LEAST_OFFERED:
        return None
    if math.isinf(latency):
        return False
    if latency > length:
        return None
    growth = offered - running
    if growth <= TOLERANCE * offered:
        return True
    unsure = DEVIATIONS * math.sqrt(offered * length) / length
    return False if growth > TOLERANCE * offered + unsure else None
