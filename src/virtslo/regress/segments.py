"""The levels of a series: seeded binary segmentation over rank scans, then pruning.

Invariant: every change point that is kept stands alone: against the levels beside it, its statistic
is above the threshold and its size above the least that counts. The result does not depend on the
unit or on chance.
"""

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from virtslo.regress.rank_scan import Array, Split, at_split, best_split, best_splits, superiority


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a change must be to count."""

    least_runs: int = 6
    """Runs on either side."""
    threshold: float = 4.5
    """The rank statistic of a confirmed change."""
    least_ratio: float = 0.05
    """The relative difference of the medians."""
    least_superiority: float = 0.6
    """How much the levels lie apart: 1 if every later value is on one side of every earlier."""
    neighbourhood: int = 150
    """Runs on either side that a change is judged by."""


DEFAULT: Final = Sensitivity()
_DECAY: Final = 0.5**0.5
_LENIENCE: Final = 1.5
"""How far below the threshold a candidate may be: it is judged against its levels later."""
_LONGEST_BATCH: Final = 128
_NEARBY: Final = 5


@functools.lru_cache(maxsize=64)
def intervals(count: int, least: int) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Stretches that cover a series and overlap by half: (length, starts), longest first."""
    found: list[tuple[int, tuple[int, ...]]] = []
    length = float(count)
    while length >= 2 * least:
        size = int(np.ceil(length))
        steps = max(1, int(np.ceil(2 * count / length)) - 1)
        shift = (count - size) / max(1, steps - 1)
        found.append((size, tuple(sorted({round(index * shift) for index in range(steps)}))))
        length *= _DECAY
    return tuple(found)


def change_points(values: Array, sensitivity: Sensitivity = DEFAULT) -> list[int]:
    """Indices of the first value of each new level."""
    chosen: list[int] = []
    for size, starts in reversed(intervals(len(values), sensitivity.least_runs)):
        found = [
            (-abs(split.z), split.at, start)
            for start, split in _splits(values, starts, size, sensitivity.least_runs)
            if abs(split.z) >= sensitivity.threshold - _LENIENCE
        ]
        for _, at, start in sorted(found):
            if not any(start < known < start + size for known in chosen):
                chosen.append(at)
    points = _pruned(values, sorted(chosen), sensitivity)
    points = _completed(values, points, sensitivity)
    points = _moved(values, points, sensitivity)
    return _pruned(values, points, sensitivity)


def _splits(
    values: Array, starts: Sequence[int], size: int, least: int
) -> Iterator[tuple[int, Split]]:
    if size <= _LONGEST_BATCH:
        yield from zip(starts, best_splits(values, starts, size, least=least), strict=True)
        return
    for start in starts:
        split = best_split(values[start : start + size], least=least)
        if split is not None:
            yield start, Split(start + split.at, split.z)


def _completed(values: Array, points: list[int], sensitivity: Sensitivity) -> list[int]:
    """Split what still splits, from the whole of each level."""
    found = list(points)
    pending = list(_levels(found, len(values)))
    while pending:
        start, end = pending.pop()
        split = best_split(values[start:end], least=sensitivity.least_runs)
        if split is None or abs(split.z) < sensitivity.threshold:
            continue
        at = start + split.at
        if is_change(values, start, at, end, sensitivity):
            found.append(at)
            pending += [(start, at), (at, end)]
    return sorted(found)


def _moved(values: Array, points: list[int], sensitivity: Sensitivity) -> list[int]:
    """Each point where it splits the levels beside it best."""
    found = list(points)
    for index in range(len(found)):
        start = found[index - 1] if index else 0
        end = found[index + 1] if index + 1 < len(found) else len(values)
        start, end = _near(start, found[index], end, sensitivity)
        split = best_split(values[start:end], least=min(sensitivity.least_runs, 3))
        if split is not None:
            found[index] = start + _boundary(values[start:end], split.at)
    return sorted(set(found))


def _boundary(values: Array, at: int) -> int:
    """The place nearby at which the values lie closest to the two levels' medians.

    A rank sum is largest a little towards the middle where one level is much the shorter.
    """
    old, new = np.median(values[:at]), np.median(values[at:])
    if old == new:
        return at
    low, high = max(1, at - _NEARBY), min(len(values) - 1, at + _NEARBY)
    gain = np.abs(values[low:high] - new) - np.abs(values[low:high] - old)
    costs = -np.concatenate([[0.0], np.cumsum(gain)])
    best = np.flatnonzero(costs <= costs.min() + 1e-12)
    return low + int(best[np.argmin(np.abs(best - (at - low)))])


def _pruned(values: Array, points: list[int], sensitivity: Sensitivity) -> list[int]:
    """Without the points that do not stand alone, the weakest first."""
    found = list(points)
    while found:
        worst, weakest = -1, np.inf
        for index, at in enumerate(found):
            start = found[index - 1] if index else 0
            end = found[index + 1] if index + 1 < len(found) else len(values)
            if is_change(values, start, at, end, sensitivity):
                continue
            low, high = _near(start, at, end, sensitivity)
            z = abs(at_split(values[low:high], at - low))
            if z < weakest:
                worst, weakest = index, z
        if worst < 0:
            return found
        del found[worst]
    return found


def is_change(values: Array, start: int, at: int, end: int, sensitivity: Sensitivity) -> bool:
    """Whether the levels before and after a place differ by enough, and certainly."""
    low, high = _near(start, at, end, sensitivity)
    before, after = values[low:at], values[at:high]
    if min(len(before), len(after)) < sensitivity.least_runs:
        return False
    if abs(at_split(values[low:high], at - low)) < sensitivity.threshold:
        return False
    if abs(superiority(before, after)) < sensitivity.least_superiority:
        return False
    return abs(ratio(before, after)) >= sensitivity.least_ratio


def ratio(before: Array, after: Array) -> float:
    """The relative difference of the medians; infinite from a median of 0."""
    old, new = float(np.median(before)), float(np.median(after))
    if old == new:
        return 0.0
    return (new - old) / abs(old) if old else float(np.inf) * np.sign(new)


def _near(start: int, at: int, end: int, sensitivity: Sensitivity) -> tuple[int, int]:
    reach = sensitivity.neighbourhood
    return max(start, at - reach), min(end, at + reach)


def _levels(points: Sequence[int], count: int) -> Iterator[tuple[int, int]]:
    bounds = [0, *points, count]
    yield from itertools.pairwise(bounds)
