"""Whether new runs confirm a finding, and how many of them it takes.

Invariant: a change is confirmed by a difference in its own direction, and cleared only where the
new runs rule out a change of its size; a finding's own runs are no evidence for it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from virtslo.model.history.changes import Change, ChangeKind, HistoryFinding
from virtslo.model.history.comparison import ComparedIndicator, ComparisonVerdict, RunSample
from virtslo.model.history.confirmation import Confirmation, Needed, Settled, SettledChange
from virtslo.model.history.runs import Lineage, SeriesKey
from virtslo.model.report.figures import LEAST_RUNS
from virtslo.regress.comparison import POWER, compare, without_twins
from virtslo.regress.detection import runs_for
from virtslo.regress.findings import is_larger_better
from virtslo.regress.quality import RESULTS, Quality
from virtslo.regress.rank_scan import Array

EXACT: Final = "exact count"


def needed_for(lineage: Lineage, finding: HistoryFinding, *, power: float = POWER) -> list[Needed]:
    """For each change, the new runs a side that show it with this power, if runs go on so."""
    quality = Quality(lineage)
    return [_needed(quality, change, power) for change in _distinct(finding)]


def _distinct(finding: HistoryFinding) -> list[Change]:
    """Without counts whose value per object changed too: they say the same."""
    keys = without_twins({change.key for change in finding.changes})
    return [change for change in finding.changes if change.key in keys]


def _needed(quality: Quality, change: Change, power: float) -> Needed:
    if change.kind is not ChangeKind.LEVEL:
        return Needed(change, None, None, LEAST_RUNS)
    points = quality.points(change.key)
    at = int(np.searchsorted(points.indices, change.first_after))
    before = points.values[max(0, at - change.runs_before) : at]
    after = points.values[at : at + change.runs_after]
    old, new = float(np.median(before)), float(np.median(after))
    if min(before.min(), after.min()) <= 0:
        return Needed(change, None, None, None, "a value of 0: no relative difference")
    difference = math.expm1(abs(math.log(new / old)))
    spread = _pooled(np.log(before), np.log(after))
    if spread == 0:
        return Needed(change, difference, 0.0, LEAST_RUNS)
    if difference == 0:
        return Needed(change, 0.0, spread, None, "the medians are alike")
    runs = runs_for(difference, spread, power=power)
    return Needed(change, difference, spread, runs, "" if runs else "more than a thousand")


def _pooled(before: Array, after: Array) -> float:
    squares = sum(float(np.sum((side - np.mean(side)) ** 2)) for side in (before, after))
    return math.sqrt(squares / max(1, len(before) + len(after) - 2))


def settle(
    finding: HistoryFinding, base: Sequence[RunSample], candidate: Sequence[RunSample]
) -> Confirmation:
    """Hold new runs of both sides against the changes of a finding."""
    changes = _distinct(finding)
    keys = {change.key for change in changes}
    sizes = [abs(change.ratio) for change in changes if change.ratio]
    found = compare(
        _only(keys, base),
        _only(keys, candidate),
        wanted=min(sizes, default=0.05),
        is_any_worse=True,
    )
    rows = {row.key: row for row in found.rows}
    return Confirmation(
        base=found.base,
        candidate=found.candidate,
        changes=tuple(
            _presence(change, base, candidate)
            if change.kind is not ChangeKind.LEVEL
            else _level(change, rows.get(change.key))
            for change in changes
        ),
    )


def _only(keys: set[SeriesKey], runs: Sequence[RunSample]) -> list[RunSample]:
    return [
        replace(run, values={key: value for key, value in run.values.items() if key in keys})
        for run in runs
    ]


def _level(change: Change, row: ComparedIndicator | None) -> SettledChange:
    if row is None:
        return SettledChange(change, Settled.OPEN, "no value on one side", None)
    if row.verdict in {ComparisonVerdict.WORSE, ComparisonVerdict.BETTER}:
        rises = (row.verdict is ComparisonVerdict.BETTER) == is_larger_better(row.key, row.unit)
        if rises == (change.superiority > 0):
            return SettledChange(change, Settled.CONFIRMED, "differs the same way", row)
        return SettledChange(change, Settled.CLEARED, "differs the other way", row)
    if row.verdict is ComparisonVerdict.NO_DIFFERENCE and (row.test == EXACT or row.smallest == 0):
        return SettledChange(change, Settled.CLEARED, "the same in the new runs", row)
    if _is_ruled_out(change, row):
        return SettledChange(change, Settled.CLEARED, "a change as large is ruled out", row)
    more = "" if row.runs_needed is None else f": {row.runs_needed} runs a side would do"
    return SettledChange(change, Settled.OPEN, f"the new runs do not decide it{more}", row)


def _is_ruled_out(change: Change, row: ComparedIndicator) -> bool:
    """Whether the ratio's 95 % interval ends short of the change's own."""
    if row.interval is None or change.ratio is None:
        return False
    low, high = row.interval
    return high < 1 + change.ratio if change.ratio > 0 else low > 1 + change.ratio


def _presence(
    change: Change, base: Sequence[RunSample], candidate: Sequence[RunSample]
) -> SettledChange:
    """Whether a key is there on one side alone, in at least three runs of each."""
    if min(len(base), len(candidate)) < LEAST_RUNS:
        why = f"the new runs do not decide it: {LEAST_RUNS} runs a side would do"
        return SettledChange(change, Settled.OPEN, why, None)
    old = {_has(change.key, run) for run in base}
    new = {_has(change.key, run) for run in candidate}
    is_new = change.kind is ChangeKind.APPEARED
    if (old, new) == ({not is_new}, {is_new}):
        return SettledChange(change, Settled.CONFIRMED, "on one side alone again", None)
    if old == new and len(old) == 1:
        return SettledChange(change, Settled.CLEARED, "the same on both sides", None)
    return SettledChange(change, Settled.OPEN, "in some runs of a side and not in others", None)


def _has(key: SeriesKey, run: RunSample) -> bool:
    """Whether a run has a key; of a kind's results as a whole, any key of the kind."""
    if key in run.values:
        return True
    return key.indicator == RESULTS and any(other.kind == key.kind for other in run.values)
