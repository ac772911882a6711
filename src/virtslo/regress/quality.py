"""Which points of a series may be believed, and where its baseline restarts.

Invariant: a point that is left out stays in the history and is counted with its reason; nothing is
replaced by 0 or by a guess.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from virtslo.model.history.changes import Break
from virtslo.model.history.checkpoints import CheckpointKey
from virtslo.model.history.runs import Lineage, SeriesKey
from virtslo.regress.checkpoints import Checkpoints
from virtslo.regress.noise import median
from virtslo.regress.rank_scan import Array
from virtslo.regress.segments import Sensitivity

PODS: Final = "CREATE-pods-count"
RESULTS: Final = "results"
"""Not a metric: whether a run has results of a kind."""
RUNNING: Final = "running-phase-count"
WHOLE: Final = 0.995
"""The share of the scale's pods below which an audit's window missed a part of the test."""
MEANINGLESS: Final = frozenset({"rate_of_a_gauge"})
_REACH: Final = 7
_SCALE: Final = Sensitivity(least_runs=8, least_superiority=0.9)


@dataclass(frozen=True, slots=True)
class Points:
    """The points of a series that may be believed."""

    indices: Array
    """Of the runs."""
    values: Array
    present: Array
    """1 where the run has a value; over all runs that could have one."""
    possible: Array
    """Indices of the runs that `present` is about."""
    left_out: Mapping[str, int]


class Quality:
    """What is known of the quality of a lineage's points, computed once."""

    def __init__(self, lineage: Lineage, checkpoints: Checkpoints | None = None) -> None:
        self._lineage = lineage
        self._checkpoints = checkpoints or Checkpoints()
        self._runs = lineage.runs
        self._kinds: dict[str, Mapping[str, Array]] = {}
        self._valid = np.array([run.is_valid for run in self._runs], dtype=bool)
        kinds = sorted({key.kind for key in lineage.series})
        self.breaks = tuple(
            sorted(
                [*_environments(lineage), *(b for kind in kinds for b in self._scales(kind))],
                key=lambda item: item.at,
            )
        )

    def points(self, key: SeriesKey) -> Points:
        """The believable points of a series."""
        values = np.frombuffer(self._lineage.series[key], dtype=float)
        reasons = dict(self._of_kind(key.kind))
        if not _is_count(key):
            reasons.pop("partial_window", None)
        possible = np.ones(len(values), dtype=bool)
        left_out: Counter[str] = Counter()
        for reason, where in reasons.items():
            left_out[reason] = int(np.sum(possible & where))
            possible &= ~where
        flags = self._lineage.flagged.get(key, {})
        meaningless = [index for index, flag in flags.items() if flag in MEANINGLESS]
        if meaningless:
            left_out["rate_of_a_gauge"] = len(meaningless)
            possible[meaningless] = False
        has = ~np.isnan(values)
        left_out["no_data"] = int(np.sum(possible & ~has))
        indices = np.flatnonzero(possible & has)
        all_possible = np.flatnonzero(possible)
        return Points(
            indices,
            values[indices],
            has[all_possible].astype(float),
            all_possible,
            {reason: count for reason, count in left_out.items() if count},
        )

    def results(self) -> Sequence[tuple[SeriesKey, Points]]:
        """For each kind, whether runs have results of it at all."""
        found = []
        everything = np.arange(len(self._runs))
        nothing = np.array([], dtype=int)
        for kind in sorted({key.kind for key in self._lineage.series}):
            has = ~self._of_kind(kind)["no_result"]
            key = SeriesKey(kind, RESULTS, "")
            present = has.astype(float)
            found.append((key, Points(nothing, np.array([]), present, everything, {})))
        return found

    def scale(self, kind: str) -> Array:
        """How many objects run at the end, smoothed; not-a-number where it is unknown."""
        found = self._lineage.series.get(SeriesKey(kind, RUNNING, ""))
        if found is None:
            return np.full(len(self._runs), np.nan)
        return _rolling_median(np.frombuffer(found, dtype=float))

    def _of_kind(self, kind: str) -> Mapping[str, Array]:
        """By reason, which runs do not count for a kind."""
        if kind not in self._kinds:
            flags = [run.flags.get(kind, ()) for run in self._runs]
            found = {
                "not_valid": ~self._valid,
                "no_result": np.array(["no_result" in flag for flag in flags], dtype=bool),
                "partial_window": self._partial(kind),
            }
            self._kinds[kind] = found
        return self._kinds[kind]

    def _partial(self, kind: str) -> Array:
        pods = self._lineage.series.get(SeriesKey(kind, PODS, ""))
        if pods is None:
            return np.zeros(len(self._runs), dtype=bool)
        values = np.frombuffer(pods, dtype=float)
        with np.errstate(invalid="ignore"):
            return values < WHOLE * _round(self.scale(kind))

    def _scales(self, kind: str) -> Sequence[Break]:
        key = SeriesKey(kind, RUNNING, "")
        if key not in self._lineage.series:
            return ()
        values = np.frombuffer(self._lineage.series[key], dtype=float)
        indices = np.flatnonzero(~np.isnan(values) & self._valid)
        known = values[indices]
        found = []
        places = self._checkpoints.change_points(CheckpointKey(key, "scale"), known, _SCALE)
        for at in places:
            old, new = median(known[max(0, at - 30) : at]), median(known[at : at + 30])
            words = f"scale {old:g} to {new:g}"
            found.append(Break(int(indices[at]), kind, "scale", words, float(new / old - 1)))
        return found


def _environments(lineage: Lineage) -> Sequence[Break]:
    found = []
    for index in range(1, len(lineage.runs)):
        old, new = lineage.runs[index - 1].environment, lineage.runs[index].environment
        if old != new:
            words = f"environment {old or 'unknown'} to {new or 'unknown'}"
            found.append(Break(index, "", "environment", words))
    return found


def _is_count(key: SeriesKey) -> bool:
    return key.indicator.endswith("-count") and not key.indicator.endswith("-phase-count")


def _rolling_median(values: Array) -> Array:
    padded = np.pad(values, _REACH, constant_values=np.nan)
    stretches = np.lib.stride_tricks.sliding_window_view(padded, 2 * _REACH + 1)
    known = ~np.all(np.isnan(stretches), axis=1)
    found = np.full(len(values), np.nan)
    if known.any():
        found[known] = _medians(stretches[known])
    return found


def _medians(stretches: Array) -> Array:
    """The median of each row's numbers; numpy's own loads its masked arrays."""
    ordered = np.sort(stretches, axis=1)
    counts = np.sum(~np.isnan(ordered), axis=1)
    rows = np.arange(len(ordered))
    return (ordered[rows, (counts - 1) // 2] + ordered[rows, counts // 2]) / 2


def _round(values: Array) -> Array:
    """To two figures: a gauge that reads 101 stands for 100 objects."""
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = 10.0 ** (np.floor(np.log10(np.abs(values))) - 1)
    return np.where(np.isnan(values) | (values == 0), np.nan, np.round(values / unit) * unit)
