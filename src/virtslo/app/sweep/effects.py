"""What each knob does: ratios of figures against the knob's first value, with intervals.

Invariant: a ratio compares points that differ in one knob alone and share a seed, so that they draw
the same times. Seeds are the samples of an interval; settings of other knobs are averaged first,
since they are not repetitions.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import exp, log
from statistics import fmean

from virtslo.model.whatif.sweep import HEADLINES, Effect, Knob, PointResult, PointStatus, Value
from virtslo.slo.statistics.repetition import estimate_of

Setting = tuple[tuple[str, Value], ...]


def effects_of(
    knobs: Sequence[Knob], results: Sequence[PointResult], columns: Sequence[str] = tuple(HEADLINES)
) -> tuple[Effect, ...]:
    """The effect of every value of every knob on each column, in order."""
    usable = [item for item in results if item.status is not PointStatus.FAILED]
    return tuple(
        effect for knob in knobs for column in columns for effect in _of(knob, column, usable)
    )


def _of(knob: Knob, column: str, results: Sequence[PointResult]) -> Iterator[Effect]:
    if len(knob.values) < 2 or not any(column in item.figures for item in results):
        return
    found: dict[Value, dict[tuple[Setting, int], float]] = defaultdict(dict)
    for item in results:
        figure = item.figures.get(column)
        if figure is not None and figure > 0:
            found[item.values[knob.name]][_others(item.values, knob.name), item.seed] = figure
    base = knob.values[0]
    for value in knob.values[1:]:
        yield _effect(knob.name, base, value, column, found)


def _others(values: Mapping[str, Value], knob: str) -> Setting:
    return tuple((name, value) for name, value in values.items() if name != knob)


def _effect(
    knob: str,
    base: Value,
    value: Value,
    column: str,
    found: Mapping[Value, Mapping[tuple[Setting, int], float]],
) -> Effect:
    before, after = found.get(base, {}), found.get(value, {})
    pairs = [key for key in after if key in before]
    by_seed: dict[int, list[float]] = defaultdict(list)
    for key in pairs:
        by_seed[key[1]].append(log(after[key] / before[key]))
    if not by_seed:
        why = "no pair of points has both figures"
        return Effect(knob, base, value, column, None, None, why, 0, 0)
    estimate = estimate_of([exp(fmean(logs)) for logs in by_seed.values()])
    return Effect(
        knob,
        base,
        value,
        column,
        estimate.centre,
        estimate.interval,
        estimate.no_interval,
        len({setting for setting, _ in pairs}),
        len(by_seed),
    )
