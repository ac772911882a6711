"""The levels of a series: binary segmentation over rank scans, then pruning, block by block.

Invariant: every change point that is kept stands alone: against the levels beside it, its statistic
is above the threshold and its size above the least that counts. The result does not depend on the
unit or on chance, nor on how many values were known when: a change point with two neighbourhoods of
later values is settled, and values that come one by one give what they give all at once.
"""

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from virtslo.model.history.checkpoints import Candidate, Checkpoint
from virtslo.regress.noise import dependence, is_apart, median, quantile, standard_errors
from virtslo.regress.rank_scan import Array, at_split, best_split, best_splits, superiority


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a change must be to count."""

    least_runs: int = 6
    """Runs on either side."""
    threshold: float = 4.5
    """The rank statistic of a confirmed change, and the standard errors of its means."""
    least_difference: float = 0.05
    """The relative difference of the medians, times the superiority."""
    least_superiority: float = 0.4
    """How much the levels lie apart: 1 if every later value is on one side of every earlier."""
    neighbourhood: int = 150
    """Runs on either side that a change is judged by."""

    @property
    def horizon(self) -> int:
        """Later values from which on a change point is settled."""
        return 2 * self.neighbourhood


DEFAULT: Final = Sensitivity()
BLOCK: Final = 100
"""Values after which change points are settled again."""
VERSION: Final = 3
"""Of what a checkpoint means; raised with any change of what is found."""
_LENIENCE: Final = 1.5
"""How far below the threshold a candidate may be: it is judged against its levels later."""
_LONGEST_BATCH: Final = 128
_NEARBY: Final = 5
_SLACK: Final = 2 * _NEARBY


def change_points(values: Array, sensitivity: Sensitivity = DEFAULT) -> list[int]:
    """Indices of the first value of each new level."""
    return points_of(values, advance(values, Checkpoint(), sensitivity), sensitivity)


def advance(values: Array, known: Checkpoint, sensitivity: Sensitivity = DEFAULT) -> Checkpoint:
    """The checkpoint of all these values, from one of fewer of them."""
    while known.settled + BLOCK <= len(values):
        known = _settled(values[: known.settled + BLOCK], known, sensitivity)
    return _looked_at(values, known, sensitivity)


def points_of(values: Array, known: Checkpoint, sensitivity: Sensitivity = DEFAULT) -> list[int]:
    """The change points of the values that a checkpoint has seen."""
    return [*known.points, *_open_points(values, known, sensitivity)]


def _settled(values: Array, known: Checkpoint, sensitivity: Sensitivity) -> Checkpoint:
    """The open stretch looked at as a whole, at the end of a block."""
    known = _looked_at(values, known, sensitivity)
    horizon = len(values) - sensitivity.horizon
    final = [at for at in _open_points(values, known, sensitivity) if at <= horizon]
    points = (*known.points, *final)
    start = max(known.start, horizon - sensitivity.neighbourhood - _SLACK, *points[-1:])
    rest = tuple(item for item in known.candidates if item.start >= start)
    return Checkpoint(len(values), len(values), start, points, rest)


def _first_open(known: Checkpoint, sensitivity: Sensitivity) -> int:
    """Where points may still be found: those before were judged with more runs before them.

    A point may have moved back a little from where it was not settled yet.
    """
    return known.settled - sensitivity.horizon - _SLACK


def _looked_at(values: Array, known: Checkpoint, sensitivity: Sensitivity) -> Checkpoint:
    """With the candidates of the stretches that end in the values not seen before."""
    found: list[Candidate] = []
    least, weakest = sensitivity.least_runs, sensitivity.threshold - _LENIENCE
    for size in sizes(least, sensitivity.horizon):
        step = size // 2
        first = max(-(-known.start // step), (known.seen - size) // step + 1, 0)
        starts = range(first * step, len(values) - size + 1, step)
        found += [item for item in _splits(values, starts, size, least) if item.strength >= weakest]
    candidates = tuple(sorted((*known.candidates, *found)))
    return Checkpoint(known.settled, len(values), known.start, known.points, candidates)


@functools.lru_cache(maxsize=64)
def sizes(least: int, longest: int) -> tuple[int, ...]:
    """Lengths of the stretches that are looked at; stretches of one length overlap by half."""
    found = []
    length = 2.0 * least
    while length <= longest:
        found.append(int(np.ceil(length)))
        length *= 2**0.5
    return tuple(found)


def _splits(values: Array, starts: range, size: int, least: int) -> Iterator[Candidate]:
    if not starts:
        return
    if size <= _LONGEST_BATCH:
        found = zip(starts, best_splits(values, starts, size, least=least), strict=True)
        yield from (Candidate(size, start, split.at, abs(split.z)) for start, split in found)
        return
    for start in starts:
        split = best_split(values[start : start + size], least=least)
        if split is not None:
            yield Candidate(size, start, start + split.at, abs(split.z))


def _open_points(values: Array, known: Checkpoint, sensitivity: Sensitivity) -> list[int]:
    """Change points of the open stretch: shorter stretches first, the clearest of a length first.

    A stretch that has a change point already names no other.
    """
    chosen: list[int] = []
    first = _first_open(known, sensitivity)
    for item in sorted(known.candidates, key=lambda item: (item.size, -item.strength, item.start)):
        is_free = not any(item.start < at < item.start + item.size for at in chosen)
        if item.at > first and is_free:
            chosen.append(item.at)
    stretch = _Stretch(values[known.start : known.seen], sensitivity)
    points = stretch.pruned(sorted(at - known.start for at in chosen))
    points = stretch.moved(stretch.completed(points))
    points = stretch.pruned([at for at in points if at + known.start > first])
    return [at + known.start for at in points]


class _Stretch:
    """A stretch of a series that is judged as a whole; remembers what it has judged."""

    def __init__(self, values: Array, sensitivity: Sensitivity) -> None:
        self._values = values
        self._sensitivity = sensitivity
        self._judged: dict[tuple[int, int, int], tuple[bool, float]] = {}

    def completed(self, points: list[int]) -> list[int]:
        """Split what still splits, from the whole of each level."""
        found = list(points)
        pending = list(itertools.pairwise([0, *found, len(self._values)]))
        while pending:
            start, end = pending.pop()
            split = best_split(self._values[start:end], least=self._sensitivity.least_runs)
            if split is None or abs(split.z) < self._sensitivity.threshold:
                continue
            at = start + split.at
            if self._judgement(start, at, end)[0]:
                found.append(at)
                pending += [(start, at), (at, end)]
        return sorted(found)

    def moved(self, points: list[int]) -> list[int]:
        """Each point where it splits the levels beside it best."""
        found = list(points)
        for index in range(len(found)):
            start, end = self._levels(found, index)
            start, end = _near(start, found[index], end, self._sensitivity)
            near = self._values[start:end]
            split = best_split(near, least=min(self._sensitivity.least_runs, 3))
            if split is not None:
                found[index] = start + _boundary(near, split.at)
        return sorted(set(found))

    def pruned(self, points: list[int]) -> list[int]:
        """Without the points that do not stand alone, the weakest first."""
        found = list(points)
        while found:
            judged = [
                (self._judgement(start, at, end), index)
                for index, at in enumerate(found)
                for start, end in (self._levels(found, index),)
            ]
            weak = [(z, index) for (stands, z), index in judged if not stands]
            if not weak:
                return found
            del found[min(weak)[1]]
        return found

    def _levels(self, points: Sequence[int], index: int) -> tuple[int, int]:
        """Where the level before a point begins, and where that after it ends."""
        start = points[index - 1] if index else 0
        end = points[index + 1] if index + 1 < len(points) else len(self._values)
        return start, end

    def _judgement(self, start: int, at: int, end: int) -> tuple[bool, float]:
        """Whether a point stands alone between these bounds, and its statistic."""
        low, high = _near(start, at, end, self._sensitivity)
        key = (low, at, high)
        if key not in self._judged:
            self._judged[key] = judge(self._values, key, self._sensitivity)
        return self._judged[key]


def _boundary(values: Array, at: int) -> int:
    """The place nearby at which the values lie closest to the two levels' medians.

    A rank sum is largest a little towards the middle where one level is much the shorter.
    """
    old, new = median(values[:at]), median(values[at:])
    if old == new:
        return at
    low, high = max(1, at - _NEARBY), min(len(values) - 1, at + _NEARBY)
    gain = np.abs(values[low:high] - new) - np.abs(values[low:high] - old)
    costs = -np.concatenate([[0.0], np.cumsum(gain)])
    best = np.flatnonzero(costs <= costs.min() + 1e-12)
    return low + int(best[np.argmin(np.abs(best - (at - low)))])


def judge(
    values: Array, place: tuple[int, int, int], sensitivity: Sensitivity
) -> tuple[bool, float]:
    """Whether the levels from `low` to `at` and on to `high` differ, and their rank statistic."""
    low, at, high = place
    z = abs(at_split(values[low:high], at - low))
    if min(at - low, high - at) < sensitivity.least_runs or z < sensitivity.threshold:
        return False, z
    before, after = np.sort(values[low:at]), np.sort(values[at:high])
    apart = abs(superiority(before, after))
    if apart < sensitivity.least_superiority:
        return False, z
    size = relative(quantile(before, 0.5), quantile(after, 0.5))
    if apart * abs(size) < sensitivity.least_difference:
        return False, z
    factor = dependence_around(values, place, sensitivity.neighbourhood)
    if standard_errors(before, after, factor) < sensitivity.threshold:
        return False, z
    is_enough = min(at - low, high - at) >= factor * sensitivity.least_runs
    return is_enough or is_apart(before, after), z


def dependence_around(values: Array, place: tuple[int, int, int], reach: int) -> float:
    """The dependence of the values around a change, as far as the neighbourhood goes.

    Beyond the levels too: a level that is part of a wave is too short to show the wave.
    """
    low, at, high = place
    earlier, later = values[max(0, at - reach) : at], values[at : at + reach]
    old, new = median(values[low:at]), median(values[at:high])
    return dependence(np.concatenate([earlier - old, later - new]))


def relative(old: float, new: float) -> float:
    """The difference as a share of the old value; infinite from 0."""
    if old == new:
        return 0.0
    return (new - old) / abs(old) if old else float(np.inf) * np.sign(new)


def _near(start: int, at: int, end: int, sensitivity: Sensitivity) -> tuple[int, int]:
    reach = sensitivity.neighbourhood
    return max(start, at - reach), min(end, at + reach)
