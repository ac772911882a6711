"""A quantile's interval within one run: exact, from its own samples, or without an end."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from virtslo.model.report.figures import WITHIN_RUN
from virtslo.slo.statistics.order_statistics import (
    interval_of_quantile,
    least_for_upper_end,
    ranks_of_quantile,
)


@pytest.mark.parametrize(("share", "least"), [(0.95, 59), (0.99, 299)])
def test_a_high_quantile_of_few_objects_has_no_upper_end(share: float, least: int) -> None:
    assert least_for_upper_end(share) == least
    assert ranks_of_quantile(least - 1, share).high is None
    assert ranks_of_quantile(least, share).high == least


def test_a_median_of_twenty_lies_between_its_sixth_and_fifteenth_value() -> None:
    interval = interval_of_quantile([float(number) for number in range(1, 21)], 0.5)

    assert (interval.low, interval.high) == (6.0, 15.0)
    assert interval.scope == WITHIN_RUN
    assert interval.samples == 20
    assert interval.is_closed


def test_one_object_determines_no_median() -> None:
    interval = interval_of_quantile([4.0], 0.5)

    assert (interval.low, interval.high) == (None, None)
    assert not interval.is_closed


def test_an_object_that_did_not_finish_is_no_end() -> None:
    interval = interval_of_quantile([*map(float, range(1, 96)), *([math.inf] * 5)], 0.95)

    assert interval.high is None
    assert interval.low == 91.0


@given(st.integers(1, 900), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_binomial_distribution_says_that_the_interval_holds(count: int, share: float) -> None:
    ranks = ranks_of_quantile(count, share)

    if ranks.low is None:
        assert ranks.high is None
        assert binom.cdf(0, count, share) > 0.05
        return
    upper = 1.0 if ranks.high is None else binom.cdf(ranks.high - 1, count, share)
    held = upper - binom.cdf(ranks.low - 1, count, share)
    assert held >= 0.95
    assert held == pytest.approx(ranks.coverage, abs=1e-9)


@settings(max_examples=40)
@given(st.integers(60, 900), st.sampled_from([0.5, 0.9, 0.95]))
def test_no_interval_that_is_shorter_holds(count: int, share: float) -> None:
    ranks = ranks_of_quantile(count, share)

    assert ranks.low is not None
    assert ranks.high is not None
    width = ranks.high - ranks.low
    below = binom.cdf(range(count + 1), count, share)
    lows = range(1, count - width + 2)
    assert all(below[low + width - 2] - below[low - 1] < 0.95 + 1e-9 for low in lows)


def test_an_interval_holds_the_true_quantile_as_often_as_it_says() -> None:
    chance = random.Random(11)
    truth = math.exp(1.6448536269514722 * 0.5)
    held = 0
    for _ in range(1000):
        ordered = sorted(chance.lognormvariate(0, 0.5) for _ in range(100))
        interval = interval_of_quantile(ordered, 0.95)
        assert interval.low is not None
        assert interval.high is not None
        held += interval.low <= truth <= interval.high

    assert 0.94 <= held / 1000 <= 0.99
