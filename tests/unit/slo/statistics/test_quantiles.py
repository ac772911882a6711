"""Quantiles by nearest rank: always a sample, and an unfinished object counts as infinite."""

import pytest

from virtslo.slo.statistics.quantiles import nearest_rank, quantile

HUNDRED = [float(number) for number in range(1, 101)]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)]
)
def test_the_nearest_rank_is_the_smallest_sample_that_reaches_the_share(
    share: float, expected: float
) -> None:
    assert nearest_rank(HUNDRED, share) == expected


@pytest.mark.parametrize(("count", "expected"), [(1, 1.0), (2, 1.0), (3, 2.0), (4, 2.0), (5, 3.0)])
def test_a_median_of_few_is_one_of_them_and_never_between_two(count: int, expected: float) -> None:
    assert nearest_rank(HUNDRED[:count], 0.5) == expected


def test_the_order_of_samples_does_not_matter() -> None:
    assert quantile("p50", [3.0, 1.0, 2.0]).value == 2.0
    assert quantile("max", [3.0, 1.0, 2.0]).value == 3.0


def test_unfinished_objects_are_the_slowest_of_all() -> None:
    figure = quantile("p50", [1.0, 2.0, 3.0], unfinished=1)

    assert (figure.value, figure.samples) == (2.0, 4)
    assert quantile("p50", [1.0, 2.0, 3.0], unfinished=3).value == 3.0


def test_a_quantile_on_an_unfinished_object_is_no_number_but_has_a_bound() -> None:
    figure = quantile("p50", [1.0], unfinished=2, deadline=60.0)

    assert figure.value is None
    assert figure.lower_bound == 60.0
    assert figure.reason == "2 of 3 did not finish; at least 60 s"


def test_without_a_deadline_no_bound_is_claimed() -> None:
    figure = quantile("max", [1.0], unfinished=1)

    assert (figure.value, figure.lower_bound) == (None, None)
    assert figure.reason == "1 of 2 did not finish"


@pytest.mark.parametrize(("statistic", "least"), [("p95", 20), ("p99", 100)])
def test_too_few_objects_have_no_high_quantile(statistic: str, least: int) -> None:
    few, enough = HUNDRED[: least - 1], HUNDRED[:least]

    assert quantile(statistic, few).value is None
    assert f"needs {least} objects, there are {least - 1}" in str(quantile(statistic, few).reason)
    assert quantile(statistic, enough).value == least - 1
    assert quantile(statistic, few, unfinished=1).samples == least
