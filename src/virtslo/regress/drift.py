"""Slow drift: a series that moves steadily for a quarter of a year without any step.

Invariant: judged within one level, on weekly medians, so that a step is not told twice and runs of
one day do not count as many; a drift has a direction, a size per 90 days and a confidence.
"""

import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np

from virtslo.model.history.changes import Drift
from virtslo.model.history.runs import SeriesKey
from virtslo.regress.noise import quantile
from virtslo.regress.rank_scan import Array

DAYS: Final = 90
WEEK: Final = 7.0
LEAST_WEEKS: Final = 9
LEAST_RATIO: Final = 0.10
LARGEST_P: Final = 3e-4


def drifts_of(
    key: SeriesKey, values: Array, indices: Array, days: Array, places: Sequence[int]
) -> list[Drift]:
    """The drifts between these change points; `days` counts the days of each value."""
    found: list[Drift] = []
    bounds = [0, *places, len(values)]
    for low, high in itertools.pairwise(bounds):
        end = high
        while end - low >= 2 * LEAST_WEEKS:
            start = int(np.searchsorted(days[low:end], days[end - 1] - DAYS)) + low
            drift = _drift(key, values[start:end], indices[start:end], days[start:end])
            if drift is not None:
                found.append(drift)
            end = start
    return sorted(found, key=lambda drift: drift.first)


def _drift(key: SeriesKey, values: Array, indices: Array, days: Array) -> Drift | None:
    third = len(values) // 3
    if third == 0:
        return None
    first, last = _median(values[:third]), _median(values[-third:])
    if abs(last - first) < LEAST_RATIO / 3 * abs(first):
        return None
    weeks = np.floor((days - days[0]) / WEEK).astype(int)
    numbers = np.unique(weeks)
    if len(numbers) < LEAST_WEEKS:
        return None
    medians = np.array([_median(values[weeks == number]) for number in numbers])
    if len(np.unique(medians)) < 3:
        return None
    p = chance_of_order(medians)
    if not p <= LARGEST_P:
        return None
    before, after = _line_ends(numbers, medians)
    size = (after - before) / abs(before) if before else 0.0
    if abs(size) < LEAST_RATIO:
        return None
    return Drift(key, int(indices[0]), int(indices[-1]), before, after, size, p, len(numbers))


def chance_of_order(values: Array) -> float:
    """The p of Kendall's tau of values in time: exact without ties, else by its variance.

    Computed here since the library's takes longer to load than a run takes to append.
    """
    count = len(values)
    pairs = np.sign(values[None, :] - values[:, None])[np.triu_indices(count, 1)]
    score = abs(int(np.sum(pairs)))
    if np.all(pairs):
        orders = np.ones(1)
        for size in range(2, count + 1):
            orders = np.convolve(orders, np.ones(size))
        upset = (len(pairs) - score) // 2
        return min(1.0, 2 * float(np.sum(orders[: upset + 1]) / np.sum(orders)))
    _, tied = np.unique(values, return_counts=True)
    variance = sum(
        sign * float(np.sum(size * (size - 1) * (2 * size + 5)))
        for sign, size in ((1, np.array([count])), (-1, tied))
    )
    return 2 * NormalDist().cdf(-score / math.sqrt(variance / 18)) if variance > 0 else 1.0


def _line_ends(numbers: Array, values: Array) -> tuple[float, float]:
    """Where the line with the median of all slopes begins and ends (Theil and Sen)."""
    first, second = np.triu_indices(len(values), 1)
    slope = _median((values[second] - values[first]) / (numbers[second] - numbers[first]))
    start = _median(values) - slope * _median(numbers)
    return start + slope * float(numbers[0]), start + slope * float(numbers[-1])


def _median(values: Array) -> float:
    return quantile(np.sort(values), 0.5)
