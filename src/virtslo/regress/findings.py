"""What changed in a lineage: changes of many series that share a window are one finding.

Invariant: every change is in exactly one finding; telemetry that is lost is never an improvement;
a change that falls on a change of environment or scale is said to.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from virtslo.model.history.changes import (
    Break,
    Change,
    ChangeKind,
    Drift,
    FindingKind,
    History,
    HistoryFinding,
    Outlier,
)
from virtslo.model.history.runs import Lineage, SeriesKey
from virtslo.regress.changes import changes_of, outliers
from virtslo.regress.checkpoints import Checkpoints
from virtslo.regress.drift import drifts_of
from virtslo.regress.quality import RESULTS, Points, Quality
from virtslo.regress.segments import DEFAULT, Sensitivity

SLACK: Final = 1
"""Runs by which two windows may miss each other and still be one."""
HALVED: Final = -0.4
UNRESOLVED: Final = frozenset({"buckets_lost"})
_SECONDS_A_DAY: Final = 86_400


def examine(
    lineage: Lineage,
    sensitivity: Sensitivity = DEFAULT,
    *,
    keys: Iterable[SeriesKey] | None = None,
    checkpoints: Checkpoints | None = None,
) -> History:
    """Find what changed in these series, or in all.

    With the checkpoints of earlier runs only the newest are looked at; what is found is the same.
    """
    known = checkpoints or Checkpoints()
    quality = Quality(lineage, known)
    days = np.array([run.ended_at.timestamp() / _SECONDS_A_DAY for run in lineage.runs])
    points: dict[SeriesKey, Points] = {}
    changes: dict[SeriesKey, tuple[Change, ...]] = {}
    drifts: list[Drift] = []
    odd: dict[int, list[SeriesKey]] = {}
    left_out: dict[str, int] = {}
    for key in sorted(lineage.series if keys is None else keys):
        mine = points[key] = quality.points(key)
        found = changes[key] = tuple(changes_of(key, mine, sensitivity, known))
        places = _places(found, mine)
        drifts += drifts_of(key, mine.values, mine.indices, days[mine.indices], places)
        gauge = key.indicator.endswith("-phase-count")
        for at in () if gauge else outliers(mine.values, places):
            odd.setdefault(int(mine.indices[at]), []).append(key)
        for reason, count in mine.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + count
    for key, mine in quality.results():
        points[key] = mine
        changes[key] = tuple(changes_of(key, mine, sensitivity, known))
    everything = [change for mine in changes.values() for change in mine]
    return History(
        findings=tuple(_findings(lineage, everything, quality.breaks)),
        drifts=tuple(sorted(drifts, key=lambda drift: drift.first)),
        outliers=tuple(Outlier(run, tuple(found)) for run, found in sorted(odd.items())),
        breaks=quality.breaks,
        left_out=left_out,
        used={key: mine.indices.tolist() for key, mine in points.items()},
        changes=changes,
    )


def is_larger_better(key: SeriesKey, unit: str) -> bool:
    """Whether a rise is good: throughputs and rates of objects; all else is a cost or a time."""
    return unit.endswith("/s") and unit not in {"calls/s", "requests/s", "adds/s"}


def _places(changes: Sequence[Change], points: Points) -> list[int]:
    """Positions, among a series' values, at which its level changes or its keys come and go."""
    found = np.searchsorted(points.indices, [change.first_after for change in changes])
    return sorted({int(at) for at in found if 0 < at < len(points.indices)})


def _findings(
    lineage: Lineage, changes: Sequence[Change], breaks: Sequence[Break]
) -> list[HistoryFinding]:
    """Group changes around the sharpest ones."""
    pending = sorted(
        changes,
        key=lambda change: (change.latest - change.earliest, -change.z, change.first_after),
    )
    at = np.array([change.first_after for change in pending])
    earliest = np.array([change.earliest for change in pending]) - SLACK
    latest = np.array([change.latest for change in pending]) + SLACK
    is_open = np.ones(len(pending), dtype=bool)
    found: list[HistoryFinding] = []
    for number in range(len(pending)):
        if is_open[number]:
            place = at[number]
            is_near = (earliest <= place) & (place <= latest) | (np.abs(at - place) <= SLACK)
            together = [pending[index] for index in np.flatnonzero(is_open & is_near)]
            found.append(_finding(lineage, together, breaks))
            is_open &= ~is_near
    return sorted(found, key=lambda finding: finding.first_after)


def _finding(
    lineage: Lineage, changes: Sequence[Change], breaks: Sequence[Break]
) -> HistoryFinding:
    anchor = changes[0]
    mine = tuple(
        item for item in breaks
        if anchor.last_before - SLACK < item.at <= anchor.first_after + SLACK
    )  # fmt: skip
    first = lineage.runs[anchor.first_after]
    text = f"{lineage.name}/{first.job}/{first.run_id}"
    return HistoryFinding(
        id=hashlib.sha256(text.encode()).hexdigest()[:8],
        kind=_kind(lineage, changes, mine),
        changes=tuple(changes),
        last_before=anchor.last_before,
        first_after=anchor.first_after,
        is_confirmed=any(change.is_confirmed for change in changes),
        breaks=mine,
    )


def _kind(lineage: Lineage, changes: Sequence[Change], breaks: Sequence[Break]) -> FindingKind:
    by_kind: dict[str, list[Change]] = {}
    for change in changes:
        by_kind.setdefault(change.key.kind, []).append(change)
    telemetry = {_telemetry(lineage, mine) for mine in by_kind.values()} - {None}
    if FindingKind.TELEMETRY_LOST in telemetry:
        return FindingKind.TELEMETRY_LOST
    if FindingKind.TELEMETRY_BACK in telemetry:
        return FindingKind.TELEMETRY_BACK
    levels = [change for change in changes if change.kind is ChangeKind.LEVEL]
    if not levels:
        return FindingKind.KEYS_CHANGED
    scales = [item for item in breaks if item.reason == "scale"]
    if scales and all(_is_explained(change, scales) for change in levels):
        return FindingKind.SCALE
    if any(item.reason == "environment" for item in breaks):
        return FindingKind.ENVIRONMENT
    good = {_is_good(lineage, change) for change in levels}
    if len(good) > 1:
        return FindingKind.MIXED
    return FindingKind.BETTER if good == {True} else FindingKind.WORSE


def _telemetry(lineage: Lineage, changes: Sequence[Change]) -> FindingKind | None:
    """Whether what moved in one kind of object is what is measured, or the measuring."""
    results = {change.kind for change in changes if change.key.indicator == RESULTS}
    if results:
        is_lost = ChangeKind.VANISHED in results
        return FindingKind.TELEMETRY_LOST if is_lost else FindingKind.TELEMETRY_BACK
    unresolved = [_unresolved(lineage, change) for change in changes]
    if (False, True) in unresolved:
        return FindingKind.TELEMETRY_LOST
    if (True, False) in unresolved:
        return FindingKind.TELEMETRY_BACK
    gone = [change for change in changes if change.kind is ChangeKind.VANISHED]
    new = [change for change in changes if change.kind is ChangeKind.APPEARED]
    levels = [c for c in changes if c.kind is ChangeKind.LEVEL and c.ratio is not None]
    halved = [c for c in levels if c.ratio is not None and c.ratio <= HALVED]
    doubled = [c for c in levels if c.ratio is not None and c.ratio >= -HALVED / (1 + HALVED)]
    lost, back = len(gone) + len(halved), len(new) + len(doubled)
    if len(new) * 2 < len(gone) + 1 and _many(len(gone), len(halved)) and lost > back:
        return FindingKind.TELEMETRY_LOST
    if len(gone) * 2 < len(new) + 1 and new and doubled and back >= 2 and back > lost:
        return FindingKind.TELEMETRY_BACK
    return None


def _many(gone: int, halved: int) -> bool:
    return gone + halved >= 2 if gone else halved >= 3


def _unresolved(lineage: Lineage, change: Change) -> tuple[bool, bool]:
    """Whether the values before and after were cut off by lost histogram buckets."""
    flags = lineage.flagged.get(change.key, {})
    count = min(change.runs_before, change.runs_after, 10)
    before = range(max(0, change.last_before - count + 1), change.last_before + 1)
    after = range(change.first_after, min(len(lineage.runs), change.first_after + count))

    def mostly(runs: range) -> bool:
        return sum(flags.get(index) in UNRESOLVED for index in runs) * 2 > len(runs)

    return mostly(before), mostly(after)


def _is_explained(change: Change, scales: Sequence[Break]) -> bool:
    """Whether a scale explains a change: as large, or less, in its direction."""
    if change.ratio is None:
        return False
    return any(
        change.ratio * item.ratio >= 0 and abs(change.ratio) <= 1.5 * abs(item.ratio)
        for item in scales
    )


def _is_good(lineage: Lineage, change: Change) -> bool:
    rises = change.superiority > 0
    return rises == is_larger_better(change.key, lineage.units.get(change.key, ""))
