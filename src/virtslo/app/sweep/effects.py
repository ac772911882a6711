"""What each knob does: ratios of figures against the knob's first value, with intervals.

Invariant: a ratio compares points that differ in one knob alone and share a seed, so that they draw
the same times. Seeds are the samples of an interval; settings of other knobs are averaged first,
since they are not repetitions. A pair of which a point has no figure is counted, and that point is
named: where objects never ran, what is left of a setting's pairs looks milder than the setting is.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import exp, log
from statistics import fmean

from virtslo.model.whatif.sweep import HEADLINES, Effect, Knob, PointResult, PointStatus, Value
from virtslo.slo.statistics.repetition import estimate_of

Setting = tuple[tuple[str, Value], ...]


def effects_of(
    knobs: Sequence[Knob], results: Sequence[PointResult], columns: Sequence[str] = tuple(HEADLINES)
) -> tuple[Effect, ...]:
    """The effect of every value of every knob on each column, in order."""
    return tuple(
        effect for knob in knobs for column in columns for effect in _of(knob, column, results)
    )


def _of(knob: Knob, column: str, results: Sequence[PointResult]) -> Iterator[Effect]:
    if len(knob.values) < 2 or all(_figure(item, column) is None for item in results):
        return
    found: dict[Value, dict[tuple[Setting, int], PointResult]] = defaultdict(dict)
    for item in results:
        found[item.values[knob.name]][_others(item.values, knob.name), item.seed] = item
    base = knob.values[0]
    for value in knob.values[1:]:
        yield _effect(knob.name, base, value, column, found)


def _figure(item: PointResult, column: str) -> float | None:
    """A point's figure; None where it has none, or none that a ratio can be made of."""
    figure = None if item.status is PointStatus.FAILED else item.figures.get(column)
    return figure if figure is not None and figure > 0 else None


def _others(values: Mapping[str, Value], knob: str) -> Setting:
    return tuple((name, value) for name, value in values.items() if name != knob)


def _effect(
    knob: str,
    base: Value,
    value: Value,
    column: str,
    found: Mapping[Value, Mapping[tuple[Setting, int], PointResult]],
) -> Effect:
    before, after = found.get(base, {}), found.get(value, {})
    pairs = [key for key in after if key in before]
    by_seed: dict[int, list[float]] = defaultdict(list)
    settings: set[Setting] = set()
    without: list[int] = []
    for key in pairs:
        first, second = _figure(before[key], column), _figure(after[key], column)
        if first is not None and second is not None:
            by_seed[key[1]].append(log(second / first))
            settings.add(key[0])
        else:
            without += [
                item.index
                for item, figure in ((before[key], first), (after[key], second))
                if figure is None
            ]
    left_out = len(pairs) - sum(map(len, by_seed.values()))
    effect = Effect(
        knob, base, value, column, None, None, "no pair of points has both figures", 0, 0,
        len(pairs), left_out, tuple(sorted(without)),
    )  # fmt: skip
    if not by_seed:
        return effect
    estimate = estimate_of([exp(fmean(logs)) for logs in by_seed.values()])
    return replace(
        effect,
        ratio=estimate.centre,
        interval=estimate.interval,
        no_interval=estimate.no_interval,
        settings=len(settings),
        seeds=len(by_seed),
    )
