"""Effects are ratios of points that differ in one knob alone and share a seed."""

import pytest

from virtslo.app.sweep.effects import effects_of
from virtslo.model.whatif.sweep import Effect, Knob, PointResult, PointStatus, Value
from virtslo.report.sweep_words import effect_line

QPS = Knob("qps", (1, 2))
KIND = Knob("kind", ("vmi", "vm"))
COLUMN = "time.value"


def result(
    index: int, seed: int, figure: float | None, status: PointStatus = PointStatus.VALID,
    **values: Value,
) -> PointResult:  # fmt: skip
    figures = {} if figure is None else {COLUMN: figure}
    return PointResult(index, values, seed, status, figures)


def only(effects: tuple[Effect, ...], knob: str) -> Effect:
    (found,) = [effect for effect in effects if effect.knob == knob]
    return found


def test_a_ratio_is_of_pairs_with_the_same_seed() -> None:
    base = {1: 10.0, 2: 20.0, 3: 40.0}
    results = [result(seed, seed, value, qps=1) for seed, value in base.items()]
    results += [result(9 + seed, seed, value * 0.5, qps=2) for seed, value in base.items()]

    effect = only(effects_of([QPS], results, [COLUMN]), "qps")

    assert effect.ratio == pytest.approx(0.5)
    assert effect.interval is not None
    assert (effect.interval.low, effect.interval.high) == pytest.approx((0.5, 0.5))
    assert (effect.seeds, effect.settings) == (3, 1)


def test_settings_of_other_knobs_are_no_repetitions() -> None:
    results: list[PointResult] = []
    for seed in (1, 2, 3):
        for kind, factor in (("vmi", 0.5), ("vm", 2.0)):
            results.append(result(len(results), seed, 10.0 + seed, qps=1, kind=kind))
            results.append(result(len(results), seed, (10.0 + seed) * factor, qps=2, kind=kind))

    effect = only(effects_of([QPS, KIND], results, [COLUMN]), "qps")

    assert effect.ratio == pytest.approx(1.0)
    assert (effect.seeds, effect.settings) == (3, 2)
    assert effect.interval is not None
    assert effect.interval.high == pytest.approx(1.0)


def test_two_seeds_have_no_interval_and_say_so() -> None:
    results = [result(seed, seed, 10.0, qps=1) for seed in (1, 2)]
    results += [result(seed + 5, seed, 20.0, qps=2) for seed in (1, 2)]

    effect = only(effects_of([QPS], results, [COLUMN]), "qps")

    assert effect.ratio == pytest.approx(2.0)
    assert effect.interval is None
    assert effect.no_interval is not None


def test_a_figure_without_data_has_no_effect_and_is_never_nought() -> None:
    results = [result(1, 1, 10.0, qps=1), result(2, 1, None, qps=2)]

    effect = only(effects_of([QPS], results, [COLUMN]), "qps")

    assert effect.ratio is None
    assert effect.no_interval == "no pair of points has both figures"


def test_a_failed_point_is_left_out() -> None:
    results = [result(1, 1, 10.0, qps=1), result(2, 1, 20.0, PointStatus.FAILED, qps=2)]

    assert only(effects_of([QPS], results, [COLUMN]), "qps").ratio is None


def test_a_knob_with_one_value_has_no_effect() -> None:
    assert effects_of([Knob("qps", (1,))], [result(1, 1, 10.0, qps=1)], [COLUMN]) == ()


def test_pairs_without_a_figure_are_counted_and_their_points_named() -> None:
    """At qps=2 the objects of two seeds never ran: the third alone would look like no effect."""
    results = [result(seed, seed, 10.0, qps=1) for seed in (1, 2, 3)]
    results += [
        result(11, 1, 10.0, qps=2),
        result(12, 2, None, qps=2),
        result(13, 3, 5.0, PointStatus.FAILED, qps=2),
    ]

    effect = only(effects_of([QPS], results, [COLUMN]), "qps")

    assert effect.ratio == pytest.approx(1.0)
    assert (effect.pairs, effect.left_out, effect.without_figure) == (3, 2, (12, 13))
    assert effect_line(effect).endswith("; 2 of 3 pairs left out, no figure at points 12, 13")


def test_many_points_without_a_figure_are_named_in_part() -> None:
    results = [result(seed, seed, 10.0 if seed < 3 else None, qps=1) for seed in range(1, 15)]
    results += [result(20 + seed, seed, 10.0, qps=2) for seed in range(1, 15)]

    line = effect_line(only(effects_of([QPS], results, [COLUMN]), "qps"))

    assert "12 of 14 pairs left out, no figure at points 3, 4, 5, 6, 7, 8, 9, 10 and 4 more" in line


def test_a_point_that_was_not_run_makes_no_pair() -> None:
    results = [result(1, 1, 10.0, qps=1), result(2, 2, 10.0, qps=1), result(3, 1, 20.0, qps=2)]

    effect = only(effects_of([QPS], results, [COLUMN]), "qps")

    assert (effect.pairs, effect.left_out) == (1, 0)
    assert "left out" not in effect_line(effect)
