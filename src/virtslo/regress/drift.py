"""Slow drift: a series that moves steadily for a quarter of a year without any step.

Invariant: judged within one level, on weekly medians, so that a step is not told twice and runs of
one day do not count as many; a drift has a direction, a size per 90 days and a confidence.
"""

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np

from virtslo.model.history.changes import Drift
from virtslo.model.history.runs import SeriesKey
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
    first, last = float(np.median(values[:third])), float(np.median(values[-third:]))
    if abs(last - first) < LEAST_RATIO / 3 * abs(first):
        return None
    weeks = np.floor((days - days[0]) / WEEK).astype(int)
    numbers = np.unique(weeks)
    if len(numbers) < LEAST_WEEKS:
        return None
    medians = np.array([np.median(values[weeks == number]) for number in numbers])
    if len(np.unique(medians)) < 3:
        return None
    from scipy import stats

    p = float(stats.kendalltau(numbers, medians).pvalue)
    if not p <= LARGEST_P:
        return None
    slope, intercept, *_ = stats.theilslopes(medians, numbers)
    before, after = intercept + slope * numbers[0], intercept + slope * numbers[-1]
    size = (after - before) / abs(before) if before else 0.0
    if abs(size) < LEAST_RATIO:
        return None
    return Drift(
        key, int(indices[0]), int(indices[-1]), float(before), float(after), float(size), p,
        len(numbers),
    )  # fmt: skip
