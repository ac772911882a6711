"""Scatter and dependence of runs: independent runs count in full, runs in waves do not."""

from typing import Any

import numpy as np
import pytest

from virtslo.regress.noise import (
    dependence,
    is_apart,
    median,
    quantile,
    resolution,
    spread_of,
    standard_errors,
)


def waves(count: int, correlation: float, *, seed: int = 1) -> Any:
    """Values that keep a part of the value before."""
    pushed = np.random.default_rng(seed).normal(0, 1, count)
    for at in range(1, count):
        pushed[at] += correlation * pushed[at - 1]
    return pushed


def errors(before: Any, after: Any, factor: float) -> float:
    return standard_errors(np.sort(before), np.sort(after), factor)


def test_a_quantile_lies_between_neighbours_by_proportion() -> None:
    ordered = np.sort(waves(37, 0))

    for share in (0.0, 0.1, 0.5, 0.95, 1.0):
        assert quantile(ordered, share) == pytest.approx(np.quantile(ordered, share))


def test_the_spread_is_that_of_normal_values() -> None:
    assert spread_of(waves(4000, 0)) == pytest.approx(1, abs=0.06)


def test_one_far_value_does_not_widen_the_spread() -> None:
    assert spread_of(np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 10**6])) < 6


def test_independent_values_count_in_full() -> None:
    found = [dependence(waves(300, 0, seed=seed)) for seed in range(50)]

    assert np.mean(found) < 1.1


@pytest.mark.parametrize(("correlation", "expected"), [(0.5, 3.0), (0.7, 5.67)])
def test_a_mean_of_waves_varies_as_an_autoregression_does(
    correlation: float, expected: float
) -> None:
    found = [dependence(waves(300, correlation, seed=seed)) for seed in range(50)]

    assert 0.6 * expected < np.mean(found) <= 1.1 * expected


def test_a_level_that_was_not_found_is_hardly_a_wave() -> None:
    values = waves(300, 0)
    values[150:] += 5

    assert dependence(values) < 1.5


@pytest.mark.parametrize(
    "values",
    [np.arange(29.0), np.ones(300), np.repeat([1.0, 2.0], 150)],
    ids=["too few", "constant", "two constant levels"],
)
def test_values_that_show_no_dependence_count_in_full(values: Any) -> None:
    assert dependence(values) == 1


@pytest.mark.parametrize("values", [np.sin(np.arange(300) / 20), np.arange(300.0)])
def test_a_smooth_movement_is_dependent(values: Any) -> None:
    assert 5 < dependence(values) < 10


def test_a_shift_is_in_standard_errors_of_the_means() -> None:
    before, after = waves(100, 0), waves(100, 0, seed=2) + 1

    alone, in_waves = errors(before, after, 1.0), errors(before, after, 4.0)

    assert alone == pytest.approx(1 / (2 / 100) ** 0.5, rel=0.2)
    assert in_waves == pytest.approx(alone / 2)


def test_two_constant_levels_are_apart_without_end() -> None:
    assert standard_errors(np.ones(20), np.full(20, 2.0), 3.0) == float("inf")


@pytest.mark.parametrize("unit", [1e9, 1e-300, 1e300])
def test_the_unit_does_not_matter(unit: float) -> None:
    before, after = waves(60, 0.5), waves(60, 0.5, seed=2) + 3

    assert dependence(before * unit) == pytest.approx(dependence(before))
    assert errors(before * unit, after * unit, 2.0) == pytest.approx(errors(before, after, 2.0))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([10.0] * 18 + [11.0] * 2, [11.0] * 20, False),
        ([10.0] * 18 + [11.0] * 2, [12.0] * 20, True),
        ([12.0] * 18 + [11.0] * 2, [10.0] * 20, True),
        ([10.0] * 20, [11.0] * 20, True),
    ],
    ids=["one bucket", "two buckets", "two buckets down", "constant"],
)
def test_levels_of_buckets_are_apart_by_more_than_a_bucket(
    before: list[float], after: list[float], expected: bool
) -> None:
    assert is_apart(np.sort(before), np.sort(after)) is expected


def test_values_that_are_all_distinct_have_no_resolution() -> None:
    assert resolution(np.arange(50.0)) == 0
    assert resolution(np.repeat([10.0, 12.5], 20)) == 2.5


@pytest.mark.parametrize("count", [1, 2, 3, 10, 151])
def test_the_middle_of_values_is_that_of_numpy_bit_by_bit(count: int) -> None:
    values = np.random.default_rng(count).normal(10, 3, count)

    assert median(values) == float(np.median(values))
