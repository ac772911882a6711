"""How many runs a side show a difference, and which difference a number of runs can show.

Invariant: the power is that of the test that a comparison makes of times and rates (Student's t of
logarithms, two sides, before the correction for several indicators); runs are taken to differ as
the given ones do.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import stdev
from typing import Final

import numpy as np

from virtslo.model.history.comparison import RunSample
from virtslo.model.history.detection import Detection, DetectionPlan
from virtslo.model.history.runs import SeriesKey
from virtslo.model.report.figures import LEAST_RUNS
from virtslo.regress.comparison import ALPHA, POWER

SIDES: Final = (3, 5, 10, 20)
"""Numbers of runs a side of which the smallest difference is shown."""
MOST_RUNS: Final = 1000
GREATEST_DIFFERENCE: Final = 100.0
"""A difference by more than this factor is not looked for."""
_STEPS: Final = 60
_PARTS: Final = 2000


def detection_plans(
    samples: Sequence[RunSample], keys: Sequence[tuple[str, str]], *, wanted: float
) -> list[DetectionPlan]:
    """A plan for each scenario and environment among these runs; `keys` are (indicator, statistic).

    Indicators that none of its runs has are left out.
    """
    groups: dict[tuple[str, str], list[RunSample]] = {}
    for sample in samples:
        groups.setdefault((sample.lineage, sample.environment), []).append(sample)
    found = []
    for (lineage, environment), runs in groups.items():
        own = sorted({key for run in runs for key in run.values})
        chosen = [key for name in keys for key in own if (key.indicator, key.statistic) == name]
        rows = tuple(detection_of(key, _values(key, runs), wanted=wanted) for key in chosen)
        found.append(DetectionPlan(lineage, environment, len(runs), wanted, rows))
    return found


def detection_of(key: SeriesKey, values: Sequence[float], *, wanted: float) -> Detection:
    """What runs that differ as these values do can show."""
    count = len(values)
    if count < LEAST_RUNS:
        return Detection(key, count, None, reason=f"needs {LEAST_RUNS} runs or more")
    if min(values) <= 0:
        return Detection(key, count, None, reason="a value of 0: no relative difference")
    spread = stdev([math.log(value) for value in values])
    if spread == 0:
        return Detection(key, count, 0.0, reason="all runs alike: any difference shows")
    low, high = spread_interval(spread, count)
    return Detection(
        key,
        count,
        spread,
        runs_for(wanted, spread),
        (runs_for(wanted, low), runs_for(wanted, high)),
        {side: smallest_difference(side, spread) for side in SIDES},
    )


def power_of(difference: float, spread: float, side: int) -> float:
    """The probability that as many runs a side show a relative difference."""
    from scipy.special import ndtr, stdtrit

    freedom = 2 * side - 2
    bound = float(stdtrit(freedom, 1 - ALPHA / 2)) * _scales(freedom)
    shift = math.log1p(difference) / (spread * math.sqrt(2 / side))
    return float(np.mean(ndtr(shift - bound) + ndtr(-shift - bound)))


@lru_cache(maxsize=256)
def _scales(freedom: int) -> np.ndarray:
    """Which multiples of the true spread samples show, each as probable as the others.

    The noncentral t distribution is the mean of normal ones over these; scipy's own is wrong for
    differences that are many standard errors.
    """
    from scipy.special import chdtri

    above = (np.arange(_PARTS) + 0.5) / _PARTS
    return np.sqrt(np.asarray(chdtri(freedom, above)) / freedom)


def runs_for(difference: float, spread: float, *, power: float = POWER) -> int | None:
    """The least number of runs a side that shows a difference; None: more than a thousand."""
    low, high = LEAST_RUNS - 1, MOST_RUNS
    if power_of(difference, spread, high) < power:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if power_of(difference, spread, middle) >= power:
            high = middle
        else:
            low = middle
    return high


def smallest_difference(side: int, spread: float) -> float:
    """The smallest relative difference that as many runs a side show."""
    low, high = 0.0, math.log(GREATEST_DIFFERENCE)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if power_of(math.expm1(middle), spread, side) >= POWER:
            high = middle
        else:
            low = middle
    return math.expm1(high)


def spread_interval(spread: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a standard deviation of normal values."""
    from scipy.special import chdtri

    squares = (count - 1) * spread**2
    return (
        math.sqrt(squares / float(chdtri(count - 1, ALPHA / 2))),
        math.sqrt(squares / float(chdtri(count - 1, 1 - ALPHA / 2))),
    )


def _values(key: SeriesKey, runs: Sequence[RunSample]) -> list[float]:
    return [run.values[key] for run in runs if key in run.values]
