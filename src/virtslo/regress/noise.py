"""The scatter of a series' runs, and how large a shift is beside it where runs are alike in turn.

Invariant: nothing depends on the unit; a far value weighs no more than three robust standard
deviations; runs that are independent, or too few to tell, are never taken to be worth more than
they are.
"""

import math
from typing import Final

import numpy as np

from virtslo.regress.rank_scan import Array

LEAST: Final = 30
"""Values without which no dependence is seen."""
_FAR: Final = 3.0
_LAGS: Final = (4, 5, 6, 7, 8)
"""Distances, in runs, at which neighbours are taken to be independent."""


def quantile(ordered: Array, share: float) -> float:
    """A quantile of values in order, between neighbours by proportion."""
    place = (len(ordered) - 1) * share
    at = int(place)
    low = float(ordered[at])
    return low + (float(ordered[min(at + 1, len(ordered) - 1)]) - low) * (place - at)


def median(values: Array) -> float:
    """The middle of values, or the mean of the two; numpy's own loads its masked arrays."""
    ordered = np.sort(values)
    at = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[at])
    return float((ordered[at - 1] + ordered[at]) / 2)


def spread_of(values: Array) -> float:
    """The robust standard deviation: of the median distance or of the deciles, the larger."""
    return _spread(np.sort(values))


def _spread(ordered: Array) -> float:
    distances = np.sort(np.abs(ordered - quantile(ordered, 0.5)))
    deciles = quantile(ordered, 0.9) - quantile(ordered, 0.1)
    return max(1.4826 * quantile(distances, 0.5), deciles / 2.56)


def dependence(residuals: Array) -> float:
    """By which factor the variance of a mean exceeds that of as many independent values.

    That of a first-order autoregression whose neighbours differ, beside values some runs apart, as
    these do. A level that was not found spoils few differences, and those are bounded; a
    correlation within one standard error of none counts as none.
    """
    count = len(residuals)
    if count < LEAST:
        return 1.0
    steps = np.abs(np.diff(residuals))
    most = 2 * quantile(np.sort(steps), 0.95)
    if most == 0:
        return 1.0
    near, *far = (_difference(residuals, lag, most) for lag in (1, *_LAGS))
    correlation = max(1 - near * len(far) / sum(far) - math.sqrt(1 / count), 0.0)
    return (1 + correlation) / (1 - correlation)


def _difference(values: Array, lag: int, most: float) -> float:
    """The mean square of differences at a distance in runs, in units of the most that counts."""
    apart = np.minimum(np.abs(values[lag:] - values[:-lag]) / most, 1.0)
    return float(apart @ apart) / len(apart)


def standard_errors(before: Array, after: Array, factor: float) -> float:
    """By how many standard errors the means differ; `factor` is the dependence of the values.

    Both sides in order. Infinite where neither has any scatter.
    """
    unit = max(abs(float(side[at])) for side in (before, after) for at in (0, -1)) or 1.0
    old, new = _clipped(before / unit), _clipped(after / unit)
    freedom = max(1, len(old) + len(new) - 2)
    variance = (float(old.var()) * len(old) + float(new.var()) * len(new)) / freedom
    if variance == 0:
        return float("inf")
    error = math.sqrt(variance * factor * (1 / len(old) + 1 / len(new)))
    return abs(float(new.mean() - old.mean())) / error


def _clipped(ordered: Array) -> Array:
    """Within three deviations of the median; at it where most values are the same."""
    middle, reach = quantile(ordered, 0.5), _FAR * _spread(ordered)
    return np.clip(ordered, middle - reach, middle + reach)


def is_apart(before: Array, after: Array) -> bool:
    """Whether the inner eight tenths of two levels lie farther apart than their values resolve.

    Both sides in order.
    """
    above = quantile(after, 0.1) - quantile(before, 0.9)
    below = quantile(before, 0.1) - quantile(after, 0.9)
    return max(above, below) > 1.001 * max(resolution(before), resolution(after))


def resolution(values: Array) -> float:
    """The distance of neighbouring values where few are distinct, as in buckets; 0 otherwise."""
    distinct = np.unique(values)
    if len(distinct) < 2 or len(distinct) > len(values) / 5:
        return 0.0
    return quantile(np.sort(np.diff(distinct)), 0.5)
