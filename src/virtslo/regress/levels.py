"""Levels of a series: medians over the runs between changes, with their intervals.

Invariant: a level rests on values that may be believed only; an interval assumes nothing of how
values are spread.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from virtslo.model.history.changes import Change, ChangeKind
from virtslo.model.history.site import Level
from virtslo.regress.noise import median
from virtslo.regress.rank_scan import Array

LEAST: Final = 6
"""Runs without which a median has no 95 % interval at all."""
_DEVIATE: Final = 1.959964
_EXACT: Final = 200


def levels_of(values: Array, indices: Sequence[int], changes: Sequence[Change]) -> list[Level]:
    """The levels between the changes of a series' level; values are those of the runs named."""
    if not len(values):
        return []
    starts = sorted(change.first_after for change in changes if change.kind is ChangeKind.LEVEL)
    bounds = [0, *np.searchsorted(indices, starts).tolist(), len(values)]
    return [
        level_of(values[low:high], indices[low:high])
        for low, high in itertools.pairwise(bounds)
        if high > low
    ]


def level_of(values: Array, indices: Sequence[int]) -> Level:
    """One level of these values."""
    return Level(
        int(indices[0]), int(indices[-1]), median(values), median_interval(values),
        len(values),
    )  # fmt: skip


def median_interval(values: Array) -> tuple[float, float] | None:
    """The 95 % interval of a median, by order statistics; None below six values."""
    count = len(values)
    if count < LEAST:
        return None
    ordered = np.sort(values)
    rank = _rank(count)
    return float(ordered[rank - 1]), float(ordered[count - rank])


def _rank(count: int) -> int:
    """The greatest rank, from 1, whose order statistics enclose the median in 95 % of cases."""
    if count > _EXACT:
        return max(1, math.floor((count - _DEVIATE * math.sqrt(count)) / 2))
    rank, below = 0, 0.0
    while True:
        below += math.comb(count, rank) / 2**count
        if below > 0.025:
            return max(1, rank)
        rank += 1
