"""The factors that made figures come back; one that they do not depend on is not identified."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtslo.app.calibrate.factors import (
    ANSWERS,
    BOOTING,
    CAPACITY,
    PARTS,
    READS,
    STARTING,
    STOPPING,
)
from virtslo.app.calibrate.fit import Figures, Fit, Measured, error_of, fit, log_ratios

ONES = dict.fromkeys(PARTS, 1.0)
RANGE = st.floats(0.2, 5.0)


def at_low_load(factors: Mapping[str, float]) -> Figures:
    """What each phase of one object takes, in closed form."""
    capacity = factors[CAPACITY]
    return {
        "scheduling": 0.07 * capacity,
        "scheduled": 0.1 * capacity + 0.3 * factors[STARTING],
        "running": 0.05 * capacity + 0.2 * factors[BOOTING],
        "gone": 0.1 * capacity + 1.0 * factors[STOPPING],
    }


def of_burst(factors: Mapping[str, float]) -> Figures:
    """A burst of 100: what takes turns, and what takes its time."""
    capacity, starting, booting = factors[CAPACITY], factors[STARTING], factors[BOOTING]
    return {"all": 10.0 * capacity + 0.3 * starting + 0.2 * booting}


def plane(factors: Mapping[str, float]) -> Sequence[Figures]:
    return [at_low_load(factors), of_burst(factors)]


def measured(figures: Sequence[Figures], noise: float = 0.02) -> list[Measured]:
    return [Measured(item, dict.fromkeys(item, noise)) for item in figures]


@settings(max_examples=40)
@given(capacity=RANGE, starting=RANGE, booting=RANGE, stopping=RANGE)
def test_the_factors_that_made_the_figures_come_back(
    capacity: float, starting: float, booting: float, stopping: float
) -> None:
    """Where work takes a multiple of the steps' time it hides them, hence two bounds."""
    made = {CAPACITY: capacity, STARTING: starting, BOOTING: booting, STOPPING: stopping}
    found = fit(measured(plane(made)), plane, rounds=40)

    assert found.values[CAPACITY] == pytest.approx(capacity, rel=0.05)
    assert found.error < 0.02
    if capacity <= 2 * min(starting, booting, stopping):
        tied = dict.fromkeys(ANSWERS, capacity)
        assert found.values == pytest.approx({**ONES, **made, **tied}, rel=0.05)


def test_a_factor_without_effect_keeps_its_default_and_is_marked() -> None:
    def only_starting(factors: Mapping[str, float]) -> Sequence[Figures]:
        return [{"all": 10.0 * factors[STARTING], "p50": 5.0 * factors[STARTING]}]

    factors = {CAPACITY: 1.0, STARTING: 2.0, BOOTING: 1.0, STOPPING: 1.0}
    found = fit(measured(only_starting(factors)), only_starting)
    by_name = {factor.name: factor for factor in found.factors}

    assert found.values[STARTING] == pytest.approx(2.0, rel=0.01)
    assert not by_name[CAPACITY].is_identified
    assert found.values[CAPACITY] == 1.0
    assert by_name[STOPPING].reason == "these figures hardly depend on it"


def test_factors_that_only_one_figure_shows_are_not_told_apart() -> None:
    def one_sum(factors: Mapping[str, float]) -> Sequence[Figures]:
        return [{"all": 5.0 * factors[STARTING] + 5.0 * factors[BOOTING]}]

    factors = {CAPACITY: 1.0, STARTING: 2.0, BOOTING: 0.5, STOPPING: 1.0}
    found = fit(measured(one_sum(factors)), one_sum)
    by_name = {factor.name: factor for factor in found.factors}

    for part in (STARTING, BOOTING):
        assert not by_name[part].is_identified
        assert by_name[part].reason == "these figures do not tell it from the other factors"


def test_an_interval_is_as_wide_as_the_figures_are_uncertain() -> None:
    factors = {CAPACITY: 1.3, STARTING: 1.2, BOOTING: 0.9, STOPPING: 1.1}
    widths = []
    for noise in (0.02, 0.06):
        found = fit(measured(plane(factors), noise), plane)
        low, high = next(i for i in found.factors if i.name == STOPPING).interval
        assert low < factors[STOPPING] < high
        widths.append(high / low)

    assert widths[1] > widths[0]


def test_what_cannot_be_fitted_keeps_its_residual() -> None:
    def never(factors: Mapping[str, float]) -> Sequence[Figures]:
        return [{"all": 10.0 * factors[STARTING], "p50": 10.0 * factors[STARTING]}]

    found: Fit = fit(measured([{"all": 20.0, "p50": 5.0}]), never)

    assert found.error > 0.5
    assert found.values[STARTING] == pytest.approx(1.0, rel=0.05)


def test_a_factor_that_other_parts_hide_is_told_badly() -> None:
    """Of each figure a fifth is stopping: two that differ in the rest do tell it, but badly."""

    def hidden(factors: Mapping[str, float]) -> Sequence[Figures]:
        work, step = factors[CAPACITY], factors[STOPPING]
        return [{"all": 8.0 * work, "gone": 8.0 * work + 2.0 * step, "alone": 3.0 * work}]

    found = {factor.name: factor for factor in fit(measured(hidden(ONES)), hidden).factors}

    assert found[STOPPING].is_identified
    assert found[STOPPING].is_weak
    assert found[STOPPING].share == pytest.approx(0.2, abs=0.03)
    assert not found[CAPACITY].is_weak


def test_figures_without_any_time_end_the_fit() -> None:
    """What no factor changes is never divided by."""

    def nothing(factors: Mapping[str, float]) -> Sequence[Figures]:
        return [{"all": 1e-3}]

    found = fit(measured([{"all": 1e-9}]), nothing)

    assert found.values == dict.fromkeys(PARTS, 1.0)


def test_no_figures_have_no_error() -> None:
    assert error_of([]) == float("inf")


def test_a_figure_that_was_not_simulated_is_no_good_fit() -> None:
    """Objects that never ran with large factors must not look like a match."""

    def stops_early(factors: Mapping[str, float]) -> Sequence[Figures]:
        return [{"all": 10.0 * factors[STARTING]} if factors[STARTING] < 3 else {}]

    found = fit([Measured({"all": 20.0}, {"all": 0.02})], stops_early)

    assert found.values[STARTING] == pytest.approx(2.0, rel=0.02)
    assert error_of(log_ratios([{"all": 20.0}], [{}])) > 1


def test_answers_that_no_figure_tells_are_scaled_as_capacity_is() -> None:
    """Requests are most of the work: a slower server answers later, whatever was not measured."""

    def told(factors: Mapping[str, float]) -> Sequence[Figures]:
        work = 0.2 * factors[CAPACITY] + 0.8 * factors[READS]
        return [{"all": 10.0 * work, "read": 0.005 * factors[READS]}]

    plain = measured(told({**ONES, CAPACITY: 2.0, READS: 2.0}))
    alone = [Measured({"all": plain[0].figures["all"]}, {"all": 0.02})]
    found = fit(alone, lambda factors: [{"all": told(factors)[0]["all"]}], fixed={READS: "why"})
    both = fit(plain, told, fixed=dict.fromkeys(ANSWERS - {READS}, "why"))
    reads = next(factor for factor in found.factors if factor.name == READS)

    assert (found.values[CAPACITY], found.values[READS]) == pytest.approx((2.0, 2.0), rel=0.02)
    assert (reads.is_identified, reads.reason) == (False, "why")
    assert both.values[READS] == pytest.approx(2.0, rel=0.02)
    assert next(factor for factor in both.factors if factor.name == READS).is_identified


def test_capacity_that_only_answers_tell_is_scaled_as_they_are() -> None:
    def answers(factors: Mapping[str, float]) -> Sequence[Figures]:
        return [{part: 0.005 * factors[part] for part in ANSWERS}]

    made = dict(zip(sorted(ANSWERS), (1.0, 2.0, 4.0), strict=True))
    found = fit(measured(answers({**ONES, **made})), answers)
    capacity = next(factor for factor in found.factors if factor.name == CAPACITY)

    assert found.values == pytest.approx({**ONES, **made, CAPACITY: 2.0}, rel=0.02)
    assert not capacity.is_identified
    assert capacity.kept == "it is kept near the factor of answers to requests, on average: x 2"


def test_what_a_part_is_off_that_follows_others_is_not_put_into_a_known_one() -> None:
    """Capacity is told badly, and is not the mean of answers, 1.73: stopping would be 24 % low."""
    made = {**ONES, "reads": 2.4, "writes": 1.2, "webhooks": 1.8, STOPPING: 0.6}

    def served(factors: Mapping[str, float]) -> Sequence[Figures]:
        work = factors[CAPACITY] + sum(factors[part] for part in ANSWERS)
        gone = 0.1 * factors[CAPACITY] + 0.1 * work + factors[STOPPING]
        return [{"gone": gone, "all": work}, {part: 0.005 * factors[part] for part in ANSWERS}]

    of_load, of_answers = served(made)
    given = [
        Measured(of_load, {"gone": 0.02, "all": 0.04}),
        Measured(of_answers, dict.fromkeys(of_answers, 0.02)),
    ]
    found = {factor.name: factor for factor in fit(given, served).factors}

    assert not found[CAPACITY].is_identified
    assert 1.0 < found[CAPACITY].value < 1.4
    assert found[STOPPING].is_identified
    assert found[STOPPING].value == pytest.approx(0.6, rel=0.12)
