"""One figure of several runs: its centre, and the interval in which the system's own lies.

Invariant: runs are the samples, never the objects of a run. Fewer than three runs have no interval,
and say so. The same values give the same interval: the bootstrap's resamples are drawn from a seed
of its own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist, fmean, stdev
from typing import TYPE_CHECKING, Final

from virtslo.model.report.figures import CONFIDENCE, LEAST_RUNS, OVER_RUNS, Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_FOR_BOOTSTRAP: Final = 10
RESAMPLES: Final = 5000
SEED: Final = 14
MOST_RUNS: Final = 1000
"""More runs than that are not suggested."""
RARE: Final = 0.01
"""How often a run that is like the others is called one that stands apart, at most."""
LEAST_APART: Final = 0.02
"""A run nearer to the others than this share does not stand apart, however alike they are."""
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What several runs come to."""

    centre: float
    """Their geometric mean; where a value is not above zero, their mean."""
    interval: Interval | None
    no_interval: str | None
    """Why there is no interval."""


def estimate_of(values: Sequence[float]) -> Estimate:
    """The centre of one value a run, and its interval.

    The interval is Student's t on the logarithms; from ten runs on the bias-corrected and
    accelerated bootstrap over runs, its tails widened as t is wider than the normal distribution.
    Where a value is not above zero there are no logarithms, and the values themselves are taken.
    """
    if not values:
        raise ValueError("an estimate needs a value")
    is_logarithmic = min(values) > 0
    taken = [math.log(value) for value in values] if is_logarithmic else list(values)
    mean = fmean(taken)
    count = len(values)
    same = min(values) == max(values)
    centre = values[0] if same else math.exp(mean) if is_logarithmic else mean
    if count < LEAST_RUNS:
        runs = "one run" if count == 1 else f"{count} runs"
        return Estimate(centre, None, f"{runs}: an interval over runs needs {LEAST_RUNS}")
    if same:
        low = high = mean
        method = "all runs alike"
    elif count < LEAST_FOR_BOOTSTRAP:
        half = student_t(count - 1) * stdev(taken) / math.sqrt(count)
        low, high = mean - half, mean + half
        method = "t on logarithms" if is_logarithmic else "t"
    else:
        low, high = _bootstrap(taken)
        method = "BCa bootstrap over runs"
    if same:
        ends = (centre, centre)
    elif is_logarithmic:
        ends = (math.exp(low), math.exp(high))
    else:
        ends = (max(low, 0.0) if min(values) >= 0 else low, high)
    return Estimate(centre, Interval(OVER_RUNS, *ends, samples=count, method=method), None)


def stands_apart(first: float, others: Sequence[float]) -> bool:
    """Whether a run is of another kind than others: it lies outside the interval in which 99 % of
    further runs lie, were it one of them. False of fewer than three others, or values not above 0.
    """
    if len(others) < LEAST_RUNS or min(first, *others) <= 0:
        return False
    from scipy.special import stdtrit

    taken = [math.log(value) for value in others]
    count = len(taken)
    half = stdev(taken) * math.sqrt(1 + 1 / count) * float(stdtrit(count - 1, 1 - RARE / 2))
    return abs(math.log(first) - fmean(taken)) > max(half, LEAST_APART)


def runs_needed(values: Sequence[float], bound: float) -> int | None:
    """About how many runs decide on which side of a bound the centre lies, if runs go on to differ
    as these do; None where that cannot be said: fewer than two runs, a centre that is the bound, or
    more than a thousand runs."""
    if len(values) < 2:
        return None
    is_logarithmic = min(values) > 0 and bound > 0
    taken = [math.log(value) for value in values] if is_logarithmic else list(values)
    distance = abs(fmean(taken) - (math.log(bound) if is_logarithmic else bound))
    deviation = stdev(taken)
    if distance == 0:
        return None
    for count in range(LEAST_RUNS, MOST_RUNS + 1):
        if student_t(count - 1) * deviation / math.sqrt(count) < distance:
            return count
    return None


@lru_cache(maxsize=2048)
def student_t(freedom: int) -> float:
    """The quantile of Student's t that an interval of the house's confidence needs."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def _bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """The bias-corrected and accelerated interval of the mean, from resamples of the runs.

    The nominal tails are those at which a normal interval would be as wide as Student's t with the
    sample's own divisor: without that, ten runs would hold the mean in 90 % of the cases only.
    """
    import numpy as np

    given = np.asarray(values)
    count = len(given)
    means = given[_resamples(count)].mean(axis=1)
    means.sort()
    centre = given.mean()
    rounding = 1e-9 * (given.max() - given.min())
    below = np.mean(means < centre - rounding) / 2 + np.mean(means <= centre + rounding) / 2
    bias = _NORMAL.inv_cdf(min(max(float(below), 1 / RESAMPLES), 1 - 1 / RESAMPLES))
    left_out = (given.sum() - given) / (count - 1)
    apart = left_out.mean() - left_out
    spread = float(np.sum(apart**2))
    acceleration = float(np.sum(apart**3)) / (6 * spread**1.5) if spread > 0 else 0.0
    widened = student_t(count - 1) * math.sqrt(count / (count - 1))
    ends = []
    for tail in (-widened, widened):
        shifted = bias + (bias + tail) / (1 - acceleration * (bias + tail))
        rank = _NORMAL.cdf(shifted) * (RESAMPLES - 1)
        ends.append(float(np.interp(rank, np.arange(RESAMPLES), means)))
    return ends[0], ends[1]


@lru_cache(maxsize=8)
def _resamples(count: int) -> "NDArray[np.intp]":
    """Which runs each resample is of; the same for every figure of as many runs."""
    import numpy as np

    return np.random.default_rng([SEED, count]).integers(0, count, size=(RESAMPLES, count))
