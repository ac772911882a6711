"""Whether one run is in line with the runs before it.

Invariant: a run is held against runs of its own environment and level only, never against a run
that is not valid; too few of them give no judgement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from virtslo.model.history.runs import Lineage, SeriesKey
from virtslo.regress.changes import level_points
from virtslo.regress.checkpoints import Checkpoints
from virtslo.regress.findings import UNRESOLVED, is_larger_better
from virtslo.regress.noise import median, spread_of
from virtslo.regress.quality import Quality
from virtslo.regress.rank_scan import Array

BASELINE: Final = 60
"""Runs before that are looked at."""
LEAST: Final = 12
"""Runs without which nothing is judged."""
FAR: Final = 8
"""Robust standard deviations from the median."""
LEAST_RATIO: Final = 0.10
LEAST_SPREAD: Final = 0.02
"""A robust standard deviation counts as at least this share of the median."""
USUAL: Final = 0.9
"""The share of the runs before that have a key, for its absence to be told."""


class Standing(StrEnum):
    """What a check came to."""

    IN_LINE = "in line"
    WORSE = "out of line"
    BETTER = "better than before"
    TELEMETRY_LOST = "telemetry lost"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Deviation:
    """A figure of the run that is far from the runs before."""

    key: SeriesKey
    value: float
    median: float
    runs: int
    is_good: bool

    @property
    def ratio(self) -> float:
        """The relative difference from the median; infinite from 0."""
        return (self.value - self.median) / abs(self.median) if self.median else float("inf")


@dataclass(frozen=True, slots=True)
class Check:
    """A run against its own history."""

    standing: Standing
    deviations: tuple[Deviation, ...]
    """The farthest first."""
    missing: tuple[SeriesKey, ...]
    """Keys that the runs before have."""
    judged: int
    """Series with enough runs before."""
    reason: str = ""
    """Why nothing can be told."""
    unresolved: tuple[SeriesKey, ...] = ()
    """Keys whose value says that their telemetry was lost, such as a histogram's last bucket."""


def check_run(lineage: Lineage, index: int, checkpoints: Checkpoints | None = None) -> Check:
    """Hold a run against the runs before it, as far back as its level goes.

    With the checkpoints of earlier runs only the newest are looked at, and where a level begins is
    only looked for where the run may be far from it; what is found is the same.
    """
    run = lineage.runs[index]
    if not run.is_valid:
        return Check(Standing.CANNOT_TELL, (), (), 0, "the run is not valid")
    start = _start(lineage, index)
    known = checkpoints or Checkpoints()
    quality = Quality(lineage, known)
    deviations: list[Deviation] = []
    missing: list[SeriesKey] = []
    unresolved: list[SeriesKey] = []
    judged = 0
    for key in sorted(lineage.series):
        points = quality.points(key)
        values, indices = points.values, points.indices
        lost = [at for at, flag in lineage.flagged.get(key, {}).items() if flag in UNRESOLVED]
        is_resolved = ~np.isin(indices, lost)
        is_before = (indices < index) & (indices >= start) & is_resolved
        before = values[is_before][-BASELINE:]
        if index in lost:
            unresolved.append(key)
            continue
        at = np.flatnonzero(indices == index)
        if len(at) == 0:
            if _is_missed(lineage, key, points.possible, points.present, start, index):
                missing.append(key)
            continue
        if len(before) < LEAST:
            continue
        judged += 1
        if not _may_deviate(before, float(values[at[0]])):
            continue
        places = level_points(key, values[: at[0]], known)
        level = values[is_before & (np.arange(len(values)) >= (places or [0])[-1])][-BASELINE:]
        level = level if len(level) >= LEAST else before
        deviation = _deviation(lineage, key, level, float(values[at[0]]))
        if deviation is not None:
            deviations.append(deviation)
    deviations.sort(key=lambda item: -abs(item.ratio))
    return Check(
        _standing(deviations, missing, unresolved, judged),
        tuple(deviations), tuple(missing), judged,
        "" if judged or missing or unresolved else f"fewer than {LEAST} comparable runs before",
        tuple(unresolved),
    )  # fmt: skip


def _start(lineage: Lineage, index: int) -> int:
    """The first run of the stretch of one environment that the run is in."""
    start = index
    while start and lineage.runs[start - 1].environment == lineage.runs[index].environment:
        start -= 1
    return start


def _may_deviate(before: Array, value: float) -> bool:
    """Whether a value is far from any of the levels that may hold the newest of the runs before."""
    newest = before[-LEAST:]
    if newest.min() <= value <= newest.max():
        return False
    far = 0.99 * max(LEAST_RATIO, FAR * LEAST_SPREAD)
    return any(abs(value - middle) >= far * abs(middle) for middle in (before.min(), before.max()))


def _deviation(lineage: Lineage, key: SeriesKey, level: Array, value: float) -> Deviation | None:
    middle = median(level)
    spread = max(spread_of(level), LEAST_SPREAD * abs(middle))
    found = Deviation(key, value, middle, len(level), False)
    if level.min() <= value <= level.max() or abs(value - middle) < FAR * spread:
        return None
    if abs(found.ratio) < LEAST_RATIO:
        return None
    is_good = (value > middle) == is_larger_better(key, lineage.units.get(key, ""))
    return Deviation(key, value, middle, len(level), is_good)


def _is_missed(
    lineage: Lineage, key: SeriesKey, possible: Array, present: Array, start: int, index: int
) -> bool:
    """Whether a run lacks a key, or all of a kind's results, that the runs before have."""
    before = (possible < index) & (possible >= start)
    recent = present[before][-BASELINE:]
    if len(recent) < LEAST or recent.mean() < USUAL:
        return False
    if index in possible:
        return True
    return "no_result" in lineage.runs[index].flags.get(key.kind, ())


def _standing(
    deviations: Sequence[Deviation],
    missing: Sequence[SeriesKey],
    unresolved: Sequence[SeriesKey],
    judged: int,
) -> Standing:
    if any(not item.is_good for item in deviations):
        return Standing.WORSE
    if unresolved or len(missing) > 1:
        return Standing.TELEMETRY_LOST
    if not judged:
        return Standing.CANNOT_TELL
    return Standing.BETTER if deviations else Standing.IN_LINE
