"""Changes of one series: levels, vanished and new keys, outliers, slow drift.

Invariant: every change has the last run before and the first run after, the levels on both sides,
its size and its confidence; it is only *suspected* until enough runs have confirmed it.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import Final

import numpy as np

from virtslo.model.history.changes import Change, ChangeKind
from virtslo.model.history.checkpoints import CheckpointKey
from virtslo.model.history.runs import SeriesKey
from virtslo.regress.checkpoints import Checkpoints
from virtslo.regress.noise import quantile, spread_of, standard_errors
from virtslo.regress.quality import Points
from virtslo.regress.rank_scan import Array, at_split, statistics, superiority
from virtslo.regress.segments import DEFAULT, Sensitivity, dependence_around, judge, relative

CONFIRMING_RUNS: Final = 12
"""Runs at the new level from which on a change is confirmed."""
TAIL: Final = Sensitivity(least_runs=4, threshold=3.8, least_superiority=0.6, neighbourhood=150)
"""For the newest runs: a change may be suspected from four runs on."""
TAIL_RUNS: Final = 20
_PRESENCE: Final = Sensitivity(least_runs=6, least_superiority=0.8)
_FARTHEST: Final = 60
_CERTAIN: Final = 3
"""Net runs at a level that settle on which side of a change a stretch is."""


def changes_of(
    key: SeriesKey,
    points: Points,
    sensitivity: Sensitivity = DEFAULT,
    checkpoints: Checkpoints | None = None,
) -> list[Change]:
    """Every change of a series, in order: of its level, and of whether it is there at all."""
    known = checkpoints or Checkpoints()
    found = [*_levels(key, points, sensitivity, known), *_presence(key, points, known)]
    return sorted(found, key=lambda change: change.first_after)


def level_points(
    key: SeriesKey, values: Array, checkpoints: Checkpoints, sensitivity: Sensitivity = DEFAULT
) -> list[int]:
    """Indices, among the values, of the first value of each new level."""
    return checkpoints.change_points(CheckpointKey(key, "level"), values, sensitivity)


def _levels(
    key: SeriesKey, points: Points, sensitivity: Sensitivity, known: Checkpoints
) -> Iterator[Change]:
    values, indices = points.values, points.indices
    places = level_points(key, values, known, sensitivity)
    tail = tail_change(values[places[-1] if places else 0 :])
    if tail is not None:
        places.append(tail + (places[-1] if places else 0))
    bounds = [0, *places, len(values)]
    for number, at in enumerate(places, start=1):
        low = max(bounds[number - 1], at - sensitivity.neighbourhood)
        high = min(bounds[number + 1], at + sensitivity.neighbourhood)
        held_to = TAIL if tail is not None and number == len(places) else sensitivity
        yield _change(key, ChangeKind.LEVEL, values, indices, (low, at, high), held_to)


def tail_change(values: Array, sensitivity: Sensitivity = TAIL) -> int | None:
    """Where the newest runs have left their level, if they have; by fewer runs than confirm it."""
    recent = values[-(sensitivity.neighbourhood + TAIL_RUNS) :]
    offset = len(values) - len(recent)
    least = sensitivity.least_runs
    if len(recent) < 3 * least:
        return None
    found = np.abs(statistics(recent))
    first = max(2 * least, len(recent) - TAIL_RUNS)
    places = np.arange(first, len(recent) - least + 1)
    for at in places[np.argsort(-found[places], kind="stable")]:
        if found[at] < sensitivity.threshold:
            return None
        is_change, _ = judge(recent, (0, int(at), len(recent)), sensitivity)
        if is_change:
            return int(at) + offset
    return None


def _presence(key: SeriesKey, points: Points, known: Checkpoints) -> Iterator[Change]:
    values, indices = points.present, points.possible
    if len(values) == 0 or values.min() == values.max():
        return
    places = known.change_points(CheckpointKey(key, "presence"), values, _PRESENCE)
    bounds = [0, *places, len(values)]
    for number, at in enumerate(places, start=1):
        is_new = values[at : bounds[number + 1]].mean() > values[bounds[number - 1] : at].mean()
        kind = ChangeKind.APPEARED if is_new else ChangeKind.VANISHED
        low, high = bounds[number - 1], bounds[number + 1]
        yield _change(key, kind, values, indices, (low, at, high), _PRESENCE)


def _change(
    key: SeriesKey,
    kind: ChangeKind,
    values: Array,
    indices: Array,
    place: tuple[int, int, int],
    sensitivity: Sensitivity,
) -> Change:
    low, at, high = place
    before, after = np.sort(values[low:at]), np.sort(values[at:high])
    old, new = quantile(before, 0.5), quantile(after, 0.5)
    z = abs(at_split(values[low:high], at - low))
    factor = dependence_around(values, place, sensitivity.neighbourhood)
    errors = standard_errors(before, after, factor)
    earlier, later = doubt(values[low:at], values[at:high], (old, new))
    size = relative(old, new)
    is_level = kind is ChangeKind.LEVEL
    return Change(
        key=key,
        kind=kind,
        last_before=int(indices[at - 1]),
        first_after=int(indices[at]),
        earliest=int(indices[at - earlier]),
        latest=int(indices[at + later]),
        before=old if is_level else None,
        after=new if is_level else None,
        ratio=size if is_level and math.isfinite(size) else None,
        superiority=superiority(before, after),
        z=z,
        confidence=confidence(min(z, errors), len(values)),
        runs_before=len(before),
        runs_after=len(values) - at if high == len(values) else len(after),
        is_confirmed=sensitivity is not TAIL
        and (len(after) >= CONFIRMING_RUNS or high < len(values)),
    )


def doubt(before: Array, after: Array, medians: tuple[float, float]) -> tuple[int, int]:
    """By how many runs the change may have been earlier, or later, than its best place."""
    old, new = medians
    if old == new:
        old, new = float(np.mean(before)), float(np.mean(after))
    earlier = _reach(np.abs(before[::-1] - old) <= np.abs(before[::-1] - new))
    later = _reach(np.abs(after - new) <= np.abs(after - old))
    return min(earlier, len(before) - 1), min(later, len(after) - 1)


def _reach(fits: Array) -> int:
    """How far a stretch goes whose values fit the other level no worse."""
    evidence, reach = 0, 0
    for number, fit in enumerate(fits[:_FARTHEST], start=1):
        evidence += 1 if fit else -1
        if evidence <= 0:
            reach = number
        if evidence >= _CERTAIN:
            break
    return reach


def confidence(z: float, places: int) -> float:
    """One less the chance that runs without a change show such a statistic at any of these places.

    For runs that depend on those before them, `z` is in standard errors of dependent values.
    """
    return max(0.0, 1.0 - places * 2 * NormalDist().cdf(-abs(z)))


def outliers(values: Array, places: Sequence[int]) -> list[int]:
    """Single values far outside of the level that they belong to."""
    found: list[int] = []
    bounds = [0, *places, len(values)]
    for low, high in itertools.pairwise(bounds):
        level = values[low:high]
        if len(level) < 10:
            continue
        middle = quantile(np.sort(level), 0.5)
        spread = max(spread_of(level), 0.02 * abs(middle))
        found += [low + int(i) for i in np.flatnonzero(np.abs(level - middle) > 6 * spread)]
    return found
