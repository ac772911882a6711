"""Slow drift: the chance of an order is the library's, and the line is that of all slopes."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from virtslo.model.history.runs import SeriesKey
from virtslo.regress.drift import chance_of_order, drifts_of

KEY = SeriesKey("vmi", "GET-nodes-count", "")


@pytest.mark.parametrize("count", [2, 5, 9, 13, 14])
@pytest.mark.parametrize("form", ["distinct", "tied", "rising"])
def test_the_chance_of_an_order_is_kendalls(count: int, form: str) -> None:
    values = np.random.default_rng(count).normal(0, 1, count)
    if form == "tied":
        values = np.round(values)
    if form == "rising":
        values += np.arange(count) / 2
    expected = stats.kendalltau(np.arange(count), values).pvalue

    assert chance_of_order(values) == pytest.approx(expected)


def test_values_that_are_all_alike_have_no_order() -> None:
    assert chance_of_order(np.ones(12)) == 1


def weekly(values: Any) -> tuple[Any, Any]:
    """Two values a day that are those of their week."""
    days = np.arange(0, 7 * len(values), 0.5)
    return days, np.repeat(values, 14)


def test_the_line_is_that_of_all_slopes() -> None:
    medians = np.array([10, 10.3, 11, 11.2, 12, 12.1, 12.9, 13.5, 13.6, 14.2, 14.8, 15.1])
    slope, start, *_ = stats.theilslopes(medians, np.arange(12))
    days, values = weekly(medians)

    (drift,) = drifts_of(KEY, values, np.arange(len(values)), days, [])

    assert (drift.before, drift.after) == pytest.approx((start, start + 11 * slope))
    assert drift.p == pytest.approx(stats.kendalltau(np.arange(12), medians).pvalue)
    assert drift.weeks == 12


def test_a_small_drift_or_one_of_few_weeks_does_not_count() -> None:
    days, small = weekly(np.linspace(10, 10.9, 12))
    few_days, few = weekly(np.linspace(10, 15, 8))

    assert drifts_of(KEY, small, np.arange(len(small)), days, []) == []
    assert drifts_of(KEY, few, np.arange(len(few)), few_days, []) == []


def test_a_last_run_long_after_the_others_has_no_drift() -> None:
    days = np.append(np.arange(30.0), 500.0)

    assert drifts_of(KEY, np.arange(1.0, 32.0), np.arange(31), days, []) == []
