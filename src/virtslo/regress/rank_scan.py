"""Where a stretch of a series splits best into two levels, by ranks.

Invariant: only the order of values counts, so that no unit, outlier or skew moves the statistic;
ties are accounted for exactly. A statistic is standardised under exchange of the values: about
normal for one given place of the split.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Array = Any
"""A one-dimensional numpy array of floats without missing values."""


class Split(NamedTuple):
    """A place between two levels."""

    at: int
    """Index of the first value of the later level."""
    z: float
    """The standardised rank sum; its sign is that of the change."""


def ranks(values: Array) -> Array:
    """Mid-ranks, centred at 0."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    is_first = np.empty(len(values), dtype=bool)
    is_first[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    group = np.cumsum(is_first) - 1
    bounds = np.append(np.flatnonzero(is_first), len(values))
    middle = (bounds[:-1] + bounds[1:] - 1) / 2
    found = np.empty(len(values))
    found[order] = middle[group]
    return found - (len(values) - 1) / 2


def statistics(values: Array) -> Array:
    """The standardised rank sum of the values from each place on; index 0 has none and is 0."""
    count = len(values)
    centred = ranks(values)
    variance = float(np.mean(centred**2))
    found = np.zeros(count)
    if count < 3 or variance == 0:
        return found
    before = np.arange(1, count)
    spread = np.sqrt(variance * before * (count - before) / (count - 1))
    found[1:] = -np.cumsum(centred[:-1]) / spread
    return found


def best_split(values: Array, *, least: int) -> Split | None:
    """The split with the largest statistic that leaves `least` values on either side."""
    if len(values) < 2 * least:
        return None
    found = statistics(values)[least : len(values) - least + 1]
    at = int(np.argmax(np.abs(found)))
    return Split(at + least, float(found[at]))


def best_splits(values: Array, starts: Sequence[int], size: int, *, least: int) -> list[Split]:
    """The best split of each stretch of one size; the place counts from the whole series."""
    stretches = np.lib.stride_tricks.sliding_window_view(values, size)[list(starts)]
    centred = np.sign(stretches[:, :, None] - stretches[:, None, :]).sum(axis=2) / 2
    variance = np.mean(centred**2, axis=1, keepdims=True)
    before = np.arange(least, size - least + 1)
    spread = np.sqrt(variance * before * (size - before) / (size - 1))
    sums = -np.cumsum(centred, axis=1)[:, least - 1 : size - least]
    found = np.divide(sums, spread, out=np.zeros_like(sums), where=spread > 0)
    places = np.argmax(np.abs(found), axis=1)
    return [
        Split(start + int(place) + least, float(found[row, place]))
        for row, (start, place) in enumerate(zip(starts, places, strict=True))
    ]


def at_split(values: Array, at: int) -> float:
    """The statistic of one given place."""
    return float(statistics(values)[at])


def superiority(before: Array, after: Array) -> float:
    """How often a later value is above an earlier one, less how often below: -1 to 1."""
    ordered = np.sort(before)
    below = np.searchsorted(ordered, after, side="left")
    not_above = np.searchsorted(ordered, after, side="right")
    return float(np.mean(below + not_above) / len(before) - 1)
