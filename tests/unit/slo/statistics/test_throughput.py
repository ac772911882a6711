"""Throughput counts the lead time and every intended object."""

import random
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.clock import to_nanoseconds
from virtslo.model.report.figures import Figure
from virtslo.slo.statistics.throughput import Load, spread_rate, throughput


def load(*moments: float, since: float = 0.0, intended: int | None = None) -> Load:
    return Load(
        to_nanoseconds(since),
        len(moments) if intended is None else intended,
        tuple(map(to_nanoseconds, moments)),
    )


def of(*loads: Load, waited: float | None = None) -> Figure:
    return throughput(loads, unit="VMIs/s", source="watch", waited=waited)


def value_of(figure: Figure) -> float:
    assert figure.value is not None, figure.reason
    return float(figure.value)


def test_a_hundred_objects_are_timed_to_the_ninetieth_from_the_first_intended_time() -> None:
    figure = of(load(*(10.0 + number for number in range(1, 101)), since=10.0))

    assert figure.value == pytest.approx(90 / 90)
    assert figure.samples == 100


def test_the_lead_time_is_part_of_the_time() -> None:
    soon = of(load(*(1.0 + number / 10 for number in range(100))))
    late = of(load(*(21.0 + number / 10 for number in range(100))))

    assert soon.value == pytest.approx(90 / 9.9)
    assert late.value == pytest.approx(90 / 29.9)
    assert soon.detail is not None
    assert late.detail is not None
    assert soon.detail["spread_rate"] == pytest.approx(late.detail["spread_rate"])


def test_fewer_than_twenty_are_timed_to_the_last() -> None:
    figure = of(load(1, 2, 3, 4, 40))

    assert figure.value == pytest.approx(5 / 40)


def test_one_straggler_of_a_hundred_changes_nothing() -> None:
    moments = [20 + number / 10 for number in range(100)]

    assert of(load(*moments)).value == of(load(*moments[:-1], 600)).value


def test_all_intended_objects_count_and_not_only_those_that_made_it() -> None:
    of_95 = of(load(*range(1, 96), intended=100))
    of_89 = of(load(*range(1, 90), intended=100), waited=600)

    assert of_95.value == pytest.approx(90 / 90)
    assert of_89.value is None
    assert of_89.reason == "90 % of 100 never made it: 89 did, 90 are needed"
    assert of_89.upper_bound == pytest.approx(90 / 600)
    assert of_89.samples == 100


def test_fewer_than_twenty_must_all_make_it() -> None:
    figure = of(load(1, 2, 3, intended=4))

    assert figure.value is None
    assert figure.reason == "all of 4 never made it: 3 did, 4 are needed"
    assert figure.detail is not None
    assert figure.detail["seconds_to_first"] == pytest.approx(1)
    assert figure.detail["seconds_to_all"] is None


def test_a_load_without_objects_has_no_throughput() -> None:
    assert of(load()).reason == "nothing was to make this event"
    assert of().reason == "nothing was to make this event"


def test_what_takes_no_time_has_no_throughput() -> None:
    figure = of(load(5, 5, 5, since=5))

    assert figure.reason == "all 3 events were at the intended moment: no time to divide by"


def test_time_to_the_first_and_to_all_stand_beside_it() -> None:
    detail = of(load(12, 15, 30, since=10)).detail

    assert detail is not None
    assert detail["seconds_to_first"] == pytest.approx(2)
    assert detail["seconds_to_all"] == pytest.approx(20)
    assert detail["spread_rate"] == pytest.approx(2 / 18)


def test_cycles_are_pooled_each_from_its_own_start() -> None:
    cycles = [load(*(s + x for x in (10, 20, 30, 40, 50)), since=s) for s in (0, 60, 120, 180, 240)]

    figure = of(*cycles)

    # 25 events, the 23rd of them 50 s after its own cycle's start; a cycle is of 5 objects
    assert figure.value == pytest.approx(0.9 * 5 / 50)
    assert figure.samples == 25


def test_few_cycles_of_few_objects_are_all_objects_over_the_sum_of_their_times() -> None:
    figure = of(load(10, 20), load(110, 140, since=100))

    assert figure.value == pytest.approx(4 / (20 + 40))


def test_cycles_that_are_alike_are_as_one() -> None:
    one = [10.0 + number for number in range(30)]
    cycles = [load(*(start + x for x in one), since=start) for start in (0, 100, 200)]

    assert value_of(of(*cycles)) == pytest.approx(value_of(of(load(*one))), rel=0.02)


def test_the_spread_rate_needs_a_span() -> None:
    assert spread_rate([load(1)]) is None
    assert spread_rate([load(2, 2)]) is None
    assert spread_rate([load(1, 2, 3), load(5, since=4)]) == pytest.approx(1.0)


def test_a_saturated_plane_is_approached_from_below_as_objects_grow() -> None:
    chance = random.Random(3)
    capacity, lead = 9.0, 20.0

    def burst(count: int) -> float:
        served = accumulate(chance.expovariate(capacity) for _ in range(count))
        return value_of(of(load(*(lead + moment for moment in served))))

    means = [sum(burst(count) for _ in range(20)) / 20 for count in (3, 30, 300, 3000)]

    assert means == sorted(means)
    assert means[-1] < capacity
    assert means[-1] > 0.9 * capacity


moments = st.lists(st.floats(0.001, 1e5), min_size=1, max_size=60)


@given(moments, st.floats(1.01, 10))
def test_whatever_is_slower_has_less_throughput(given_moments: list[float], factor: float) -> None:
    fast, slow = of(load(*given_moments)), of(load(*(factor * each for each in given_moments)))

    assert value_of(slow) == pytest.approx(value_of(fast) / factor, rel=1e-5)


@given(moments, st.integers(0, 59), st.floats(0, 1e4))
def test_no_object_that_comes_later_raises_it(
    given_moments: list[float], index: int, delay: float
) -> None:
    later = list(given_moments)
    later[index % len(later)] += delay

    assert value_of(of(load(*later))) <= value_of(of(load(*given_moments))) * (1 + 1e-9)


@given(moments, st.integers(1, 40))
def test_objects_that_never_come_do_not_raise_it(given_moments: list[float], missing: int) -> None:
    count = len(given_moments) + missing
    with_missing = of(load(*given_moments, intended=count), waited=1e6)
    as_late = of(load(*given_moments, *([1e6] * missing)))

    if with_missing.value is None:
        assert with_missing.upper_bound is not None
        assert with_missing.upper_bound >= value_of(as_late) * (1 - 1e-9)
    else:
        assert value_of(with_missing) == pytest.approx(value_of(as_late))
