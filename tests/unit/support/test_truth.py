"""Spans of figures: worked examples of the definitions, and what was late or never came."""

import math

import pytest

from support.swarm.truth.spans import (
    NEVER,
    Load,
    Span,
    earliest,
    exactly,
    latest,
    mean,
    quantile,
    quantiles,
    throughput,
)


def test_a_throughput_is_to_the_last_below_twenty_and_to_ninety_percent_above() -> None:
    few = Load(1.0, 4, [exactly(1.0 + second) for second in (1, 2, 3, 8)])
    many = Load(0.0, 20, [exactly(float(second)) for second in range(1, 21)])

    assert throughput([few]) == exactly(4 / 8)
    assert throughput([many]) == exactly(0.9 * 20 / 18)


def test_a_throughput_of_moments_that_may_be_late_may_be_lower() -> None:
    assert throughput([Load(0.0, 2, [Span(1, 3), Span(2, 4)])]) == Span(2 / 4, 2 / 2)


def test_what_was_not_all_made_has_no_throughput() -> None:
    assert throughput([Load(0.0, 3, [exactly(1.0), exactly(2.0)])]) is None
    assert throughput([Load(0.0, 2, [exactly(1.0), Span(2.0, NEVER)])]) == Span(0.0, 1.0)
    assert throughput([]) is None


def test_cycles_are_pooled() -> None:
    cycles = [Load(0.0, 2, [exactly(1.0), exactly(4.0)]), Load(10.0, 2, [exactly(11.0)] * 2)]

    assert throughput(cycles) == exactly((4 / 2) / ((4 + 1) / 2))


def test_a_quantile_is_a_sample_and_counts_what_never_came() -> None:
    samples = [exactly(1.0), exactly(2.0), Span(3.0, NEVER), Span(NEVER, NEVER)]

    assert quantile(samples, 0.5) == exactly(2.0)
    assert quantile(samples, 0.75) == Span(3.0, NEVER)
    assert quantile(samples, 1.0) is None
    assert dict(quantiles("x", samples[:1])) == {
        ("x", "p50"): None,
        ("x", "p95"): None,
        ("x", "p99"): None,
        ("x", "max"): exactly(1.0),
    }


def test_differences_and_ratios_are_as_wide_as_what_they_are_made_of() -> None:
    assert Span(5, 7).minus(Span(1, 2)) == Span(3, 6)
    assert Span(5, NEVER).minus(exactly(1)) == Span(4, NEVER)
    assert Span(1, 2).minus(Span(3, 4)) == exactly(0.0)
    assert Span(2, 4).over(Span(1, 2)) == Span(1, 4)
    assert Span(2, 4).over(Span(0, 2)) is None


def test_the_first_the_last_and_the_mean() -> None:
    moments = [Span(1, 4), Span(2, 3)]

    assert earliest(moments) == Span(1, 3)
    assert latest(moments) == Span(2, 4)
    assert mean(moments) == Span(1.5, 3.5)
    assert earliest([]) == Span(NEVER, NEVER)
    assert mean([]) is None
    assert math.isinf(NEVER)


@pytest.mark.parametrize("span", [exactly(1.0), Span(1.0, 2.0)])
def test_what_has_an_end_is_sure(span: Span) -> None:
    assert span.is_sure
    assert not Span(1.0, NEVER).is_sure
