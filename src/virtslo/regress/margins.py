"""Whether a difference is surely smaller than the least that matters.

Invariant: an interval decides that, never an estimate; a count that moved by one call per object,
or by the same number of calls in every run, is never too small to matter.
"""

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from virtslo.model.history.runs import SeriesKey
from virtslo.regress.rank_scan import Array

COUNTS: Final = frozenset({"requests", "calls"})
"""Units of counts of calls."""
ONE_PER_OBJECT: Final = 0.95
"""A step of a count per object from which on it is one call of every object."""
_DEVIATE: Final = NormalDist().inv_cdf(0.975)


def is_small(
    key: SeriesKey,
    unit: str,
    sides: tuple[Array, Array],
    interval: tuple[float, float] | None,
    wanted: float,
) -> bool:
    """Whether a difference is surely smaller than `wanted`, by the interval of its ratio."""
    if interval is None or not _is_within(interval, wanted):
        return False
    if unit not in COUNTS:
        return True
    old, new = sides
    if _is_same_step(old, new):
        return False
    return key.statistic != "per_object" or not _is_call_of_each(old, new, interval)


def _is_within(interval: tuple[float, float], wanted: float) -> bool:
    """Whether there is no difference of the wanted size in an interval, up or down."""
    low, high = interval
    return low * (1 + wanted) > 1 and high < 1 + wanted


def _is_same_step(old: Array, new: Array) -> bool:
    """Whether every run of either side has one count, and the sides not the same."""
    return bool(np.ptp(old) == 0 and np.ptp(new) == 0 and old[0] != new[0])


def _is_call_of_each(old: Array, new: Array, interval: tuple[float, float]) -> bool:
    """Whether a count per object may have moved by a whole call of every object."""
    level = float(np.median(old))
    largest = max(abs(bound - 1) * level for bound in interval)
    return max(largest, abs(float(np.median(new)) - level)) >= ONE_PER_OBJECT


def ratio_by_ranks(old: Array, new: Array) -> tuple[float, float] | None:
    """An interval of 95 % of the ratio of values with zeros: Hodges and Lehmann's, of the shift.

    None where it is relative to a median of 0.
    """
    level = float(np.median(old))
    if level <= 0:
        return None
    shifts = np.sort(np.subtract.outer(new, old), axis=None)
    pairs, runs = len(shifts), len(old) + len(new)
    outside = math.floor(pairs / 2 - _DEVIATE * math.sqrt(pairs * (runs + 1) / 12))
    rank = max(0, outside - 1)
    return 1 + float(shifts[rank]) / level, 1 + float(shifts[pairs - 1 - rank]) / level
