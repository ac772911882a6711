"""Intervals of a quantile within one run: between two of its own samples, exact for any shape.

Invariant: exact by the binomial distribution; where too few objects were measured for an end there
is none, and no end is ever guessed. Such an interval says how well a run's objects determine the
quantile of that run; it says nothing of how runs differ.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from virtslo.model.report.figures import CONFIDENCE, WITHIN_RUN, Interval

METHOD: Final = "order statistics"
_DEVIATIONS: Final = 9.0
"""How far from the mean, in standard deviations, the binomial distribution is summed."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which samples, counted from 1 in ascending order, are an interval's ends; None: no end."""

    low: int | None
    high: int | None
    coverage: float
    """The least probability that the interval holds the quantile."""


def interval_of_quantile(ordered: Sequence[float], share: float) -> Interval:
    """The interval of a quantile from ascending samples; an infinite sample is no end."""
    ranks = ranks_of_quantile(len(ordered), share)
    low = None if ranks.low is None else ordered[ranks.low - 1]
    high = None if ranks.high is None else ordered[ranks.high - 1]
    return Interval(
        scope=WITHIN_RUN,
        low=None if low is None or math.isinf(low) else low,
        high=None if high is None or math.isinf(high) else high,
        samples=len(ordered),
        method=METHOD,
    )


@lru_cache(maxsize=4096)
def ranks_of_quantile(count: int, share: float, confidence: float = CONFIDENCE) -> Ranks:
    """The ranks that hold a quantile with at least this confidence, as near together as they can.

    With B binomial of `count` and `share`, ranks l and u hold it with P(l <= B <= u - 1). Where
    even u = count is too low there is no upper end, and l is chosen with all of the confidence.
    """
    first, below = _cumulative(count, share)

    def at_most(number: int) -> float:
        """P(B <= number)."""
        if number < first:
            return 0.0
        return below[min(number - first, len(below) - 1)]

    best: Ranks | None = None
    low = max(1, first)  # below it the probability is negligible
    for high in range(max(2, first), min(count, first + len(below)) + 1):
        while low + 1 < high and at_most(high - 1) - at_most(low) >= confidence:
            low += 1
        held = at_most(high - 1) - at_most(low - 1)
        if held < confidence:
            continue
        if best is None or _width(best) > high - low or (
            _width(best) == high - low and held > best.coverage
        ):  # fmt: skip
            best = Ranks(low, high, held)
    if best is not None:
        return best
    low = max(
        (rank for rank in range(1, count + 1) if 1 - at_most(rank - 1) >= confidence), default=0
    )
    return Ranks(low or None, None, 1 - at_most(low - 1) if low else 0.0)


def least_for_upper_end(share: float, confidence: float = CONFIDENCE) -> int:
    """How many objects a quantile needs to have an upper end: 59 for P95, 299 for P99."""
    return math.ceil(math.log(1 - confidence) / math.log(share) - 1e-9)


def _width(ranks: Ranks) -> int:
    return (ranks.high or 0) - (ranks.low or 0)


def _cumulative(count: int, share: float) -> tuple[int, list[float]]:
    """(first, P(B <= first + i)) where the probability is not negligible."""
    mean, deviation = count * share, math.sqrt(count * share * (1 - share))
    first = max(0, math.floor(mean - _DEVIATIONS * deviation - 10))
    last = min(count, math.ceil(mean + _DEVIATIONS * deviation + 10))
    logarithm, others = math.log(share), math.log1p(-share)
    whole = math.lgamma(count + 1)
    sums: list[float] = []
    total = 0.0
    for number in range(first, last + 1):
        total += math.exp(
            whole
            - math.lgamma(number + 1)
            - math.lgamma(count - number + 1)
            + number * logarithm
            + (count - number) * others
        )
        sums.append(min(1.0, total))
    return first, sums
