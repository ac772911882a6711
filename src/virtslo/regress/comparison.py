"""Comparison of two groups of runs: a test that fits the data, corrected for many indicators.

Invariant: the run is the unit of evidence; objects of one run are not independent and decide
nothing. Counts that are whole numbers and nearly constant are compared as numbers, not as noise.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

import numpy as np

from virtslo.model.history.comparison import (
    ComparedIndicator,
    Comparison,
    ComparisonVerdict,
    RunSample,
)
from virtslo.model.history.runs import SeriesKey
from virtslo.model.report.figures import LEAST_RUNS
from virtslo.regress.findings import is_larger_better
from virtslo.regress.margins import COUNTS, ONE_PER_OBJECT, is_small, ratio_by_ranks
from virtslo.regress.rank_scan import superiority

ALPHA: Final = 0.05
POWER: Final = 0.80
NEARLY_CONSTANT: Final = 0.1
"""Range over the runs of a side, in calls per object."""
MOST_RUNS: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Test:
    """What a test of one indicator came to, before the correction."""

    name: str
    p: float | None
    ratio: float | None = None
    interval: tuple[float, float] | None = None
    smallest: float | None = None
    needed: int | None = None
    note: str = ""
    is_in_doubt: bool = False
    """Whether the middle of the runs does not move the way of their mean."""
    by_ranks: tuple[float, float] | None = None
    """The ratio's interval where it is only one of ranks, which no row shows."""


def compare(
    base: Sequence[RunSample],
    candidate: Sequence[RunSample],
    *,
    wanted: float = 0.05,
    is_any_worse: bool = False,
) -> Comparison:
    """Hold two groups of runs against each other; `wanted` is the difference that matters.

    With `is_any_worse` a difference that is surely smaller than that is worse or better too.
    """
    pairs = _pairs(base, candidate)
    in_base = {key for run in base for key in run.values}
    in_candidate = {key for run in candidate for key in run.values}
    shared = sorted(without_twins(in_base & in_candidate))
    rows, open_rows = [], []
    for key in shared:
        row = _exact(key, base, candidate)
        if row is not None:
            rows.append(row)
        else:
            open_rows.append((key, _test(key, base, candidate, pairs, wanted)))
    adjusted = holm([test.p for _, test in open_rows])
    for (key, test), p in zip(open_rows, adjusted, strict=True):
        sides = _values(key, base), _values(key, candidate)
        row = _row(key, base, candidate, test, p)
        interval = test.interval or test.by_ranks
        is_too_small = not is_any_worse and is_small(key, row.unit, sides, interval, wanted)
        rows.append(_judged(row, test, wanted, is_too_small=is_too_small))
    return Comparison(
        base=tuple(run.run_id for run in base),
        candidate=tuple(run.run_id for run in candidate),
        is_paired=pairs is not None,
        rows=tuple(sorted(rows, key=lambda row: row.key)),
        wanted=wanted,
        only_in_base=tuple(sorted(in_base - in_candidate)),
        only_in_candidate=tuple(sorted(in_candidate - in_base)),
    )


def differences(base: Sequence[RunSample], candidate: Sequence[RunSample]) -> list[str]:
    """In what two groups are unlike: scenario and kind of cluster, or versions and nodes."""
    found = []
    for name, of in (
        ("scenario", attrgetter("lineage")),
        ("environment", attrgetter("environment")),
    ):
        old, new = sorted({of(run) for run in base}), sorted({of(run) for run in candidate})
        if old != new or len(old) > 1:
            found.append(f"{name}: {_list(old)} against {_list(new)}")
    return found


def _list(values: Sequence[str]) -> str:
    return " / ".join(value or "unknown" for value in values[:3]) + (" …" if values[3:] else "")


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Holm's correction: the chance that any of the indicators shows as much by noise alone."""
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    found: list[float | None] = [None] * len(ps)
    largest = 0.0
    for rank, (p, index) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        found[index] = largest
    return found


def _pairs(
    base: Sequence[RunSample], candidate: Sequence[RunSample]
) -> list[tuple[RunSample, RunSample]] | None:
    """Runs that share a seed, if every run of either side has its partner."""
    by_seed = {run.seed: run for run in candidate}
    seeds = [run.seed for run in base]
    if None in seeds or None in by_seed or len(by_seed) != len(candidate):
        return None
    if sorted(map(str, seeds)) != sorted(map(str, by_seed)):
        return None
    return [(run, by_seed[run.seed]) for run in base]


def without_twins(keys: set[SeriesKey]) -> set[SeriesKey]:
    """Without counts whose value per object is there too: they say the same."""
    return {
        key
        for key in keys
        if key.statistic != "count" or key._replace(statistic="per_object") not in keys
    }


def _values(key: SeriesKey, runs: Sequence[RunSample]) -> np.ndarray:
    return np.array([run.values[key] for run in runs if key in run.values])


def _unit(key: SeriesKey, runs: Sequence[RunSample]) -> str:
    return next((run.units.get(key, "") for run in runs if key in run.values), "")


def _exact(
    key: SeriesKey, base: Sequence[RunSample], candidate: Sequence[RunSample]
) -> ComparedIndicator | None:
    """A count per object that hardly varies from run to run, compared as a number."""
    unit = _unit(key, base)
    if unit not in COUNTS or key.statistic != "per_object":
        return None
    old, new = _values(key, base), _values(key, candidate)
    runs = min(len(old), len(new))
    spread = float(max(np.ptp(old), np.ptp(new)))
    if spread > NEARLY_CONSTANT:
        return None
    least = ONE_PER_OBJECT if runs == 1 else max(3 * spread, 0.01)
    before, after = float(np.median(old)), float(np.median(new))
    step = after - before
    if abs(step) >= least:
        verdict = ComparisonVerdict.WORSE if step > 0 else ComparisonVerdict.BETTER
    elif step == 0 or runs > 1:
        verdict = ComparisonVerdict.NO_DIFFERENCE
    else:
        verdict = ComparisonVerdict.CANNOT_TELL
    return ComparedIndicator(
        key=key,
        unit=unit,
        verdict=verdict,
        base=before,
        candidate=after,
        base_runs=len(old),
        candidate_runs=len(new),
        ratio=after / before if before else None,
        interval=None,
        test="exact count",
        p=None,
        smallest=least,
        smallest_unit="per object",
        runs_needed=2 if verdict is ComparisonVerdict.CANNOT_TELL else None,
        note=f"{step:+.3g} per object" if step else "",
    )


def _test(
    key: SeriesKey,
    base: Sequence[RunSample],
    candidate: Sequence[RunSample],
    pairs: list[tuple[RunSample, RunSample]] | None,
    wanted: float,
) -> _Test:
    old, new = _values(key, base), _values(key, candidate)
    if np.ptp(np.concatenate([old, new])) == 0:
        return _Test("equal in every run", None, ratio=1.0, smallest=0.0)
    if min(old.min(), new.min()) <= 0:
        return _ranked(old, new, wanted)
    if pairs is not None:
        both = [(a.values[key], b.values[key]) for a, b in pairs
                if key in a.values and key in b.values]  # fmt: skip
        logs = np.log([b / a for a, b in both])
        return _paired(logs, wanted)
    return _unpaired(np.log(old), np.log(new), wanted)


def _paired(logs: np.ndarray, wanted: float) -> _Test:
    """Student's t of the log ratios of runs that share a seed."""
    from scipy import stats

    count = len(logs)
    ratio = float(np.exp(np.mean(logs)))
    if count < LEAST_RUNS:
        return _Test("pairs by seed", None, ratio, needed=LEAST_RUNS)
    spread = float(np.std(logs, ddof=1))
    if spread == 0:
        return _Test("pairs by seed", 0.0 if ratio != 1 else 1.0, ratio, (ratio, ratio), 0.0)
    error = spread / math.sqrt(count)
    t = float(stats.t.ppf(1 - ALPHA / 2, count - 1))
    p = float(2 * stats.t.sf(abs(np.mean(logs)) / error, count - 1))
    interval = (ratio * math.exp(-t * error), ratio * math.exp(t * error))
    smallest = math.expm1((t + float(stats.norm.ppf(POWER))) * error)
    needed = _needed(spread, wanted, sides=1)
    found = _Test("pairs by seed", p, ratio, interval, smallest, needed)
    return _with_middle(found, float(np.median(logs)), wanted)


def _unpaired(old: np.ndarray, new: np.ndarray, wanted: float) -> _Test:
    """Welch's t of the logarithms."""
    from scipy import stats

    ratio = float(np.exp(np.median(new) - np.median(old)))
    if min(len(old), len(new)) < LEAST_RUNS:
        return _Test("too few runs", None, ratio, needed=LEAST_RUNS)
    variances = [float(np.var(side, ddof=1)) / len(side) for side in (old, new)]
    error = math.sqrt(sum(variances))
    if error == 0:
        return _Test("equal within each side", 0.0, ratio, (ratio, ratio), 0.0)
    freedom = sum(variances) ** 2 / sum(
        part**2 / (len(side) - 1) for part, side in zip(variances, (old, new), strict=True)
    )
    step = float(np.mean(new) - np.mean(old))
    t = float(stats.t.ppf(1 - ALPHA / 2, freedom))
    p = float(2 * stats.t.sf(abs(step) / error, freedom))
    interval = (math.exp(step - t * error), math.exp(step + t * error))
    smallest = math.expm1((t + float(stats.norm.ppf(POWER))) * error)
    spread = math.sqrt((float(np.var(old, ddof=1)) + float(np.var(new, ddof=1))) / 2)
    found = _Test(
        "Welch's t of logarithms", p, math.exp(step), interval, smallest,
        _needed(spread, wanted, sides=2),
    )  # fmt: skip
    return _with_middle(found, float(np.median(np.subtract.outer(new, old))), wanted)


def _with_middle(test: _Test, middle: float, wanted: float) -> _Test:
    """With a note where Hodges and Lehmann's estimate, a middle, is far from the ratio.

    Far is outside of the interval, or by more than the difference that matters. A few runs far
    from the others move a mean and not a middle.
    """
    assert test.ratio is not None
    assert test.interval is not None
    low, high = test.interval
    other = math.exp(middle)
    is_in_doubt = (test.p or 0) < ALPHA and (other - 1) * (test.ratio - 1) <= 0
    is_near = abs(math.log(other / test.ratio)) <= math.log1p(wanted)
    if low <= other <= high and is_near and not is_in_doubt:
        return test
    note = f"the middle of the runs says {other:.3f}: they scatter unevenly"
    return replace(test, note=note, is_in_doubt=is_in_doubt)


def _ranked(old: np.ndarray, new: np.ndarray, wanted: float) -> _Test:
    """Mann and Whitney's test, for values that have no logarithm."""
    from scipy import stats

    before, after = float(np.median(old)), float(np.median(new))
    ratio = after / before if before > 0 else None
    if min(len(old), len(new)) < 4:
        return _Test("too few runs", None, ratio, needed=4)
    p = float(stats.mannwhitneyu(new, old).pvalue)
    needed = _needed_by_ranks(np.concatenate([old, new]), wanted)
    return _Test("Mann-Whitney", p, ratio, needed=needed, by_ranks=ratio_by_ranks(old, new),
                 note="values of 0: no interval of the ratio")  # fmt: skip


def _needed_by_ranks(values: np.ndarray, wanted: float) -> int | None:
    """Runs a side by Noether's formula, if the wanted difference multiplies every value.

    None where that moves none past another, as where most values are 0.
    """
    larger = np.subtract.outer(values * (1 + wanted), values)
    excess = float(np.mean(np.sign(larger))) / 2
    if excess <= 0:
        return None
    return min(MOST_RUNS, max(LEAST_RUNS, math.ceil(_deviates() ** 2 / (6 * excess**2))))


def _deviates() -> float:
    from scipy import stats

    return float(stats.norm.ppf(1 - ALPHA / 2) + stats.norm.ppf(POWER))


def _needed(spread: float, wanted: float, *, sides: int) -> int:
    """Runs a side that show the wanted difference with the wanted power, by normal theory."""
    count = sides * (_deviates() * spread / math.log1p(wanted)) ** 2
    return min(MOST_RUNS, max(LEAST_RUNS, math.ceil(count) + 1))


def _row(
    key: SeriesKey,
    base: Sequence[RunSample],
    candidate: Sequence[RunSample],
    test: _Test,
    p: float | None,
) -> ComparedIndicator:
    old, new = _values(key, base), _values(key, candidate)
    row = ComparedIndicator(
        key=key,
        unit=_unit(key, base),
        verdict=ComparisonVerdict.CANNOT_TELL,
        base=float(np.median(old)),
        candidate=float(np.median(new)),
        base_runs=len(old),
        candidate_runs=len(new),
        ratio=test.ratio,
        interval=test.interval,
        test=test.name,
        p=p,
        smallest=test.smallest,
        note=test.note or _objects(key, base, candidate),
    )
    if p is None or p >= ALPHA or test.is_in_doubt:
        return row
    is_good = _rises(old, new, test) == is_larger_better(key, row.unit)
    return replace(row, verdict=ComparisonVerdict.BETTER if is_good else ComparisonVerdict.WORSE)


def _judged(
    row: ComparedIndicator, test: _Test, wanted: float, *, is_too_small: bool
) -> ComparedIndicator:
    """The row with a verdict on the difference that matters."""
    if row.verdict is not ComparisonVerdict.CANNOT_TELL:
        if not is_too_small:
            return row
        words = f"of {100 * wanted:g}% or more; a smaller one is certain"
        return replace(row, verdict=ComparisonVerdict.NO_DIFFERENCE, note=_joined(words, row.note))
    if is_too_small or (test.smallest is not None and test.smallest <= wanted):
        return replace(row, verdict=ComparisonVerdict.NO_DIFFERENCE)
    if test.needed is None:
        return row
    return replace(row, runs_needed=max(test.needed, min(row.base_runs, row.candidate_runs) + 1))


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _rises(old: np.ndarray, new: np.ndarray, test: _Test) -> bool:
    """The direction of what was tested: a ratio, or ranks."""
    if test.interval is not None and test.ratio is not None:
        return test.ratio > 1
    return superiority(old, new) > 0


def _objects(key: SeriesKey, base: Sequence[RunSample], candidate: Sequence[RunSample]) -> str:
    """What the single objects of one run a side show, in words: it is not a verdict."""
    if len(base) != 1 or len(candidate) != 1:
        return ""
    old, new = ((run.objects or {}).get(key) for run in (base[0], candidate[0]))
    if not old or not new:
        return ""
    from scipy import stats

    found = stats.mannwhitneyu(new, old)
    share = float(found.statistic) / (len(old) * len(new))
    return f"objects: later ones larger in {share:.0%} of pairs (n = {len(old)} / {len(new)})"
