"""How many runs show a difference: held against tables of power and comparisons of draws."""

import math
import random

import numpy as np
import pytest

from virtslo.model.history.comparison import ComparisonVerdict, RunSample
from virtslo.model.history.runs import SeriesKey
from virtslo.regress.comparison import compare
from virtslo.regress.detection import (
    detection_of,
    detection_plans,
    power_of,
    runs_for,
    smallest_difference,
    spread_interval,
)

KEY = SeriesKey("vmi", "vmi_intent_to_running_seconds", "p95")


def sample(value: float, number: int, lineage: str = "burst") -> RunSample:
    return RunSample(f"r{number}", lineage, "kubevirt v1", {KEY: value}, {KEY: "s"})


@pytest.mark.parametrize(("effect", "side"), [(0.5, 64), (0.8, 26), (1.0, 17)])
def test_the_number_of_runs_is_that_of_cohens_tables(effect: float, side: int) -> None:
    """For 80 % power at 5 %, two sides: 64, 26 and 17 a group for d = 0.5, 0.8 and 1."""
    assert runs_for(math.expm1(effect), 1.0) == side


def test_power_rises_with_runs_and_with_the_difference() -> None:
    by_runs = [power_of(0.1, 0.1, side) for side in (3, 5, 10, 20, 50)]
    by_difference = [power_of(share, 0.1, 5) for share in (0.0, 0.05, 0.2, 1.0, 20.0)]

    assert by_runs == sorted(by_runs)
    assert by_difference == sorted(by_difference)
    assert by_difference[0] == pytest.approx(0.05, abs=0.002)
    assert by_difference[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("side", [3, 5, 20])
def test_the_smallest_difference_is_the_one_that_as_many_runs_show(side: int) -> None:
    found = smallest_difference(side, 0.12)

    assert power_of(found, 0.12, side) == pytest.approx(0.8, abs=1e-3)
    assert runs_for(found * 1.001, 0.12) == side


def test_a_comparison_of_as_many_runs_finds_the_difference_as_often_as_it_says() -> None:
    chance = random.Random(5)
    side = runs_for(0.2, 0.1)
    assert side is not None

    found = 0
    for _ in range(200):
        old = [sample(chance.lognormvariate(3, 0.1), number) for number in range(side)]
        new = [sample(1.2 * chance.lognormvariate(3, 0.1), number) for number in range(side)]
        (row,) = compare(old, new).rows
        found += row.verdict is ComparisonVerdict.WORSE

    assert 0.72 <= found / 200 <= 0.92


def test_what_cannot_be_planned_says_why() -> None:
    assert detection_of(KEY, [1.0, 2.0], wanted=0.1).reason == "needs 3 runs or more"
    assert "value of 0" in detection_of(KEY, [0.0, 1.0, 2.0], wanted=0.1).reason
    assert "all runs alike" in detection_of(KEY, [2.0, 2.0, 2.0], wanted=0.1).reason


def test_the_interval_of_a_spread_holds_it_as_often_as_it_says() -> None:
    draws = np.random.default_rng(3).normal(0, 2.0, size=(2000, 5))
    ends = [spread_interval(float(np.std(row, ddof=1)), 5) for row in draws]

    held = sum(low <= 2.0 <= high for low, high in ends) / len(ends)

    assert 0.935 <= held <= 0.965


def test_unlike_runs_are_planned_apart() -> None:
    values = [20.0, 21.0, 22.0]
    runs = [sample(value, number) for number, value in enumerate(values)]
    runs += [sample(3 * value, number, "churn") for number, value in enumerate(values)]

    found = detection_plans(runs, [(KEY.indicator, KEY.statistic), ("other", "p50")], wanted=0.1)

    assert [(plan.lineage, plan.runs, len(plan.rows)) for plan in found] == [
        ("burst", 3, 1),
        ("churn", 3, 1),
    ]
    assert found[0].rows[0].spread == pytest.approx(found[1].rows[0].spread)
    low, high = found[0].rows[0].needed_range
    assert low == 3
    assert high is not None
    assert high > (found[0].rows[0].needed or 0)
