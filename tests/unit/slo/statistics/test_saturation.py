"""Whether more load would raise a throughput, told from the run itself."""

import random
from itertools import accumulate

import pytest

from virtslo.slo.statistics.saturation import (
    BoundBy,
    bound_by,
    waiting_beyond,
    waiting_by_order,
)


def lead(chance: random.Random, spread: float = 0.2) -> float:
    return chance.lognormvariate(3, spread)


def served(chance: random.Random, count: int, rate: float) -> list[float]:
    """Objects that are served one after another, and then take their lead time."""
    return [
        moment + lead(chance)
        for moment in accumulate(chance.expovariate(rate) for _ in range(count))
    ]


@pytest.mark.parametrize("spread", [0.05, 0.2, 0.35])
@pytest.mark.parametrize("seed", range(5))
def test_objects_that_do_not_wait_for_one_another_are_bound_by_their_own_time(
    seed: int, spread: float
) -> None:
    chance = random.Random(seed)
    latencies = [lead(chance, spread) for _ in range(100)]

    assert bound_by(latencies, [20.0]) is BoundBy.ONE_OBJECT


@pytest.mark.parametrize("seed", range(5))
def test_a_queue_in_the_order_of_release_is_saturated(seed: int) -> None:
    assert bound_by(served(random.Random(seed), 2000, 9.0), []) is BoundBy.SATURATED


@pytest.mark.parametrize("seed", range(5))
def test_a_queue_in_any_order_is_saturated_by_what_a_lone_object_takes(seed: int) -> None:
    chance = random.Random(seed)
    latencies = served(chance, 2000, 9.0)
    chance.shuffle(latencies)

    assert bound_by(latencies, [20.0]) is BoundBy.SATURATED
    assert bound_by(latencies, []) is None


def test_half_saturated_is_neither() -> None:
    assert bound_by(served(random.Random(1), 200, 9.0), [20.0]) is None


def test_few_objects_tell_nothing() -> None:
    assert bound_by([1.0] * 19, [1.0]) is None


def test_without_a_lone_object_nothing_says_that_objects_did_not_wait() -> None:
    assert bound_by([20.0 + number % 3 for number in range(100)], []) is None


def test_waiting_is_a_share_of_the_ninetieth_percent() -> None:
    assert waiting_by_order([float(number) for number in range(1, 101)]) == pytest.approx(1.0)
    assert waiting_by_order([5.0] * 40) == 0.0
    assert waiting_by_order([0.0] * 40) == 0.0
    assert waiting_beyond([10.0] * 40, [5.0]) == pytest.approx(0.5)
    assert waiting_beyond([10.0] * 40, []) is None
