"""Several runs of one figure: their centre, its interval, and how many runs a bound needs."""

import json
import math
import random
from pathlib import Path
from statistics import geometric_mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from virtslo.model.report.figures import OVER_RUNS
from virtslo.slo.statistics.repetition import (
    Estimate,
    estimate_of,
    runs_needed,
    stands_apart,
    student_t,
)

values = st.lists(st.floats(0.01, 1e6), min_size=3, max_size=14)


def ends_of(estimate: Estimate) -> tuple[float, float]:
    assert estimate.interval is not None
    assert estimate.interval.low is not None
    assert estimate.interval.high is not None
    return estimate.interval.low, estimate.interval.high


def test_one_and_two_runs_have_no_interval_and_say_so() -> None:
    assert estimate_of([3.0]).no_interval == "one run: an interval over runs needs 3"
    assert estimate_of([3.0, 4.0]).no_interval == "2 runs: an interval over runs needs 3"


def test_three_runs_have_students_t_on_logarithms() -> None:
    found = estimate_of([10.0, 20.0, 40.0])

    half = student.ppf(0.975, 2) * math.log(2) / math.sqrt(3)
    assert found.centre == pytest.approx(20)
    assert ends_of(found) == pytest.approx((20 / math.exp(half), 20 * math.exp(half)))
    assert found.interval is not None
    assert (found.interval.scope, found.interval.samples) == (OVER_RUNS, 3)
    assert found.interval.method == "t on logarithms"


def test_ten_runs_are_resampled() -> None:
    found = estimate_of([10.0 + number for number in range(10)])

    assert found.interval is not None
    assert found.interval.method == "BCa bootstrap over runs"
    low, high = ends_of(found)
    assert 11.5 < low < found.centre < high < 17


def test_the_same_runs_give_the_same_interval() -> None:
    runs = [random.Random(4).gauss(20, 2) for _ in range(15)]

    assert estimate_of(runs) == estimate_of(list(runs))


def test_runs_that_are_all_alike_are_their_own_interval() -> None:
    assert ends_of(estimate_of([400.0] * 5)) == (400.0, 400.0)
    assert ends_of(estimate_of([0.0] * 12)) == (0.0, 0.0)


def test_where_a_run_has_zero_the_values_themselves_are_taken() -> None:
    found = estimate_of([0.0, 1.0, 2.0])

    assert found.centre == pytest.approx(1.0)
    assert found.interval is not None
    assert found.interval.method == "t"
    assert ends_of(found)[0] == 0.0


def test_nothing_is_no_estimate() -> None:
    with pytest.raises(ValueError, match="needs a value"):
        estimate_of([])


@settings(max_examples=60)
@given(values)
def test_the_centre_lies_in_its_interval(runs: list[float]) -> None:
    found = estimate_of(runs)
    low, high = ends_of(found)

    assert low <= found.centre * (1 + 1e-9)
    assert found.centre <= high * (1 + 1e-9)
    assert found.centre == pytest.approx(geometric_mean(runs), rel=1e-6)


@settings(max_examples=60)
@given(values, st.floats(0.01, 100))
def test_another_unit_scales_the_interval(runs: list[float], factor: float) -> None:
    low, high = ends_of(estimate_of(runs))

    scaled = ends_of(estimate_of([factor * value for value in runs]))

    assert scaled == pytest.approx((factor * low, factor * high), rel=1e-6)


def test_more_runs_are_needed_the_nearer_the_bound() -> None:
    runs = [95.0, 100.0, 105.0]

    far, near = runs_needed(runs, 150), runs_needed(runs, 103)

    assert far == 3
    assert near is not None
    assert 10 <= near <= 20


def test_it_cannot_be_said_how_many_runs_one_run_needs() -> None:
    assert runs_needed([100.0], 150) is None
    assert runs_needed([100.0, 100.0], 100) is None


def test_the_quantile_of_t_is_that_of_the_tables() -> None:
    assert student_t(2) == pytest.approx(4.303, abs=5e-4)
    assert student_t(9) == pytest.approx(2.262, abs=5e-4)


@pytest.mark.parametrize("count", [3, 5, 10])
def test_an_interval_holds_the_centre_as_often_as_it_says(count: int) -> None:
    chance = random.Random(7)
    held = 0
    for _ in range(600):
        low, high = ends_of(estimate_of([chance.lognormvariate(3, 0.15) for _ in range(count)]))
        held += low <= math.exp(3) <= high

    assert 0.92 <= held / 600 <= 0.98


SEEDS = json.loads((Path(__file__).parents[3] / "support" / "figures_of_seeds.json").read_text())


@pytest.mark.parametrize("count", [3, 5])
@pytest.mark.parametrize("name", list(SEEDS["figures"]))
def test_intervals_of_simulated_runs_hold_what_two_hundred_come_to(name: str, count: int) -> None:
    """Each run is drawn once: runs drawn twice would look more alike than runs are."""
    chance, values = random.Random(3), SEEDS["figures"][name]
    truth = geometric_mean(values)

    held = sum(
        low <= truth <= high
        for low, high in (ends_of(estimate_of(chance.sample(values, count))) for _ in range(1000))
    )

    assert 0.92 <= held / 1000 <= 0.975


def test_three_runs_of_a_system_with_two_states_hold_it_less_often() -> None:
    """The limit that docs/adr/0015 states: all three in one state, one time in four."""
    chance = random.Random(3)

    def run() -> float:
        return math.exp(chance.choice((-0.1, 0.1)) + chance.gauss(0, 0.01))

    held = sum(
        low <= 1 <= high
        for low, high in (ends_of(estimate_of([run() for _ in range(3)])) for _ in range(600))
    )

    assert 0.68 <= held / 600 <= 0.82


@pytest.mark.parametrize(
    ("first", "others", "is_apart"),
    [
        (40.0, [28.0, 27.5, 28.4, 28.1], True),
        (20.0, [28.0, 27.5, 28.4, 28.1], True),
        (28.9, [28.0, 27.5, 28.4, 28.1], False),
        (40.0, [28.0, 20.0, 35.0, 24.0], False),
        (28.3, [28.0, 28.0, 28.0], False),
        (40.0, [28.0, 27.5], False),
        (40.0, [28.0, 0.0, 28.4, 28.1], False),
    ],
)
def test_a_first_run_that_stands_apart(first: float, others: list[float], is_apart: bool) -> None:
    assert stands_apart(first, others) is is_apart


def test_a_run_like_the_others_seldom_stands_apart() -> None:
    chance = random.Random(2)
    runs = [[chance.lognormvariate(3, 0.12) for _ in range(6)] for _ in range(2000)]

    assert 0.004 <= sum(stands_apart(run[0], run[1:]) for run in runs) / 2000 <= 0.018
