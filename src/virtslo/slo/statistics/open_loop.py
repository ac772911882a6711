"""Whether a system kept up with an open-loop load: what was offered, accepted and came to Running.

Invariant: an offered rate is an input, whatever came of it. Rates are over the second half of the
load, when what was offered at first has come through; where it has not, nothing is said. That half
begins at an object's intended moment, which it does not count, and ends at the last one's, so that
a load of 5/s is offered at 5/s.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.slo.statistics.quantiles import nearest_rank

TOLERANCE: Final = 0.1
"""By which share of the offered rate the backlog may grow while the system keeps up."""
LEAST_OFFERED: Final = 20
"""Objects that the second half must have."""
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
    half = max(moment for moment in intended if moment <= (start + end) / 2)
    length = end - half
    offered = sum(half < moment <= end for moment in intended) / length
    came = sum(moment is not None and half < moment <= end for moment in running) / length
    taken = sum(half < moment <= end for moment in accepted) / length
    return Pace(
        offered,
        taken,
        came,
        _kept_up(offered, came, length, _early_latency(intended, running, start, end)),
    )


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
