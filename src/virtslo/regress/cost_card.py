"""Two sides of costs held against each other, line by line.

Invariant: a whole number of calls that every object of every run had is compared as a number. Any
other count is at least as uncertain as chance makes a count of that size, and as its runs differ,
whichever is more, so that two runs that happen to agree prove nothing. The error of all findings of
a card together is 5 % (Holm).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist, fmean, variance
from typing import Final

from virtslo.model.cost.card import CostKey, CostRow, CostRun, CostValue, CostVerdict
from virtslo.regress.comparison import ALPHA, holm

LEAST_OBJECTS: Final = 10
"""Fewer objects a run can have the same whole number of calls by chance."""
_NORMAL: Final = NormalDist()
_Z: Final = _NORMAL.inv_cdf(1 - ALPHA / 2)
NO_CALL: Final = CostValue(0.0, is_count=True)


def cost_rows(base: Sequence[CostRun], candidate: Sequence[CostRun]) -> tuple[CostRow, ...]:
    """Every line that either side has, the larger differences first."""
    keys = sorted({key for run in (*base, *candidate) for key in run.values})
    rows = []
    for key in keys:
        old, new = _values(key, base), _values(key, candidate)
        if old and new:
            rows.append(_row(key, old, new))
    open_rows = [row for row in rows if not row.is_exact]
    adjusted = iter(holm([row.p for row in open_rows]))
    judged = [row if row.is_exact else _judged(row, next(adjusted)) for row in rows]
    return tuple(judged)


def _values(key: CostKey, runs: Sequence[CostRun]) -> list[CostValue]:
    """A line's values; a call that a run does not have was not made, a measurement is missing."""
    like = next((run.values[key] for run in runs if key in run.values), None)
    if like is None and not key.unit.startswith("calls "):
        return []
    found = []
    for run in runs:
        if (key.part, key.subject) in run.unknown:
            continue
        value = run.values.get(key)
        if value is None and key.unit.startswith("calls "):
            value = _none_of(key, run, like)
        if value is not None:
            found.append(value)
    return found


def _none_of(key: CostKey, run: CostRun, like: CostValue | None) -> CostValue:
    """No call, over as much as the other calls of this part are counted over."""
    for other, value in run.values.items():
        if (other.part, other.unit) == (key.part, key.unit):
            return replace(value, amount=0.0)
    return replace(like or NO_CALL, amount=0.0)


def _row(key: CostKey, old: Sequence[CostValue], new: Sequence[CostValue]) -> CostRow:
    before, after = _level(old), _level(new)
    row = CostRow(key, before, after, None, CostVerdict.CANNOT_TELL)
    if _is_exact(old) and _is_exact(new):
        step = after - before
        verdict = CostVerdict.NONE if step == 0 else _direction(step)
        return replace(row, interval=(step, step), verdict=verdict, is_exact=True)
    error, freedom = _between(old, new)
    if error is None:
        return row
    chance = _chance(old, new)
    half = max(_t(freedom) * error, _Z * chance)
    step = after - before
    p = max(_p_of_t(step, error, freedom), _p_of_chance(step, chance))
    return replace(row, interval=(step - half, step + half), p=p)


def _judged(row: CostRow, p: float | None) -> CostRow:
    if row.interval is None or p is None:
        return row
    low, high = row.interval
    if p < ALPHA and not low <= 0 <= high:
        return replace(row, verdict=_direction(row.difference), p=p)
    return replace(row, verdict=CostVerdict.NONE, p=p)


def _direction(step: float) -> CostVerdict:
    return CostVerdict.MORE if step > 0 else CostVerdict.LESS


def _level(values: Sequence[CostValue]) -> float:
    """Counts over all that they are over; measurements on average."""
    if values[0].is_count:
        return sum(value.amount for value in values) / sum(value.over for value in values)
    return fmean(value.rate for value in values)


def _is_exact(values: Sequence[CostValue]) -> bool:
    first = values[0].rate
    return all(
        value.is_per_object
        and value.over >= LEAST_OBJECTS
        and value.rate == first
        and first.is_integer()
        for value in values
    )


def _between(old: Sequence[CostValue], new: Sequence[CostValue]) -> tuple[float | None, float]:
    """The error of the difference as runs differ, and its degrees of freedom (Welch)."""
    if min(len(old), len(new)) < 2:
        return None, 0.0
    parts = [(variance([value.rate for value in side]) / len(side), len(side))
             for side in (old, new)]  # fmt: skip
    total = sum(part for part, _ in parts)
    if total == 0:
        return 0.0, float(len(old) + len(new) - 2)
    spread = sum(part**2 / (count - 1) for part, count in parts)
    return math.sqrt(total), total**2 / spread


def _chance(old: Sequence[CostValue], new: Sequence[CostValue]) -> float:
    """The error that chance alone makes of counts: their square root, at least of half a call; and
    of measurements, the step in which they are read."""
    if not old[0].is_count:
        return math.sqrt(sum(value.resolution**2 / len(side) ** 2
                             for side in (old, new) for value in side))  # fmt: skip
    total = 0.0
    for side in (old, new):
        amount = sum(value.amount for value in side)
        over = sum(value.over for value in side)
        total += max(amount, 0.5) / over**2
    return math.sqrt(total)


def _t(freedom: float) -> float:
    """By how many errors an interval of 95 % reaches to either side."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - ALPHA / 2))


def _p_of_t(step: float, error: float, freedom: float) -> float:
    from scipy.special import stdtr

    if error == 0:
        return 1.0 if step == 0 else 0.0
    return float(2 * stdtr(freedom, -abs(step) / error))


def _p_of_chance(step: float, error: float) -> float:
    """Of a normal law; 0 for a measurement, which chance in counting has no part in."""
    return 0.0 if error == 0 else 2 * _NORMAL.cdf(-abs(step) / error)


def precision_of(rows: Sequence[CostRow]) -> Mapping[str, float]:
    """By unit, half the widest interval of the counts that are not exact."""
    widest: dict[str, float] = {}
    for row in rows:
        if row.interval is not None and not row.is_exact and row.key.unit.startswith("calls "):
            half = (row.interval[1] - row.interval[0]) / 2
            widest[row.key.unit] = max(half, widest.get(row.key.unit, 0.0))
    return widest
