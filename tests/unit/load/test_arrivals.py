"""Offsets of every arrival process, by hand."""

from itertools import pairwise
from random import Random
from statistics import mean

import pytest

from virtslo.load.arrivals import offsets
from virtslo.model.plan.scenario import Arrival, ArrivalProcess

SECOND = 1_000_000_000


def test_a_burst_intends_everything_at_once() -> None:
    assert offsets(Arrival(), 3, Random(1)) == [0, 0, 0]


def test_constant_arrivals_are_evenly_spaced_from_zero() -> None:
    actual = offsets(Arrival(ArrivalProcess.CONSTANT, 4.0), 4, Random(1))

    assert actual == [0, SECOND // 4, SECOND // 2, 3 * SECOND // 4]


def test_poisson_arrivals_have_the_rate_on_average() -> None:
    actual = offsets(Arrival(ArrivalProcess.POISSON, 50.0), 5000, Random(1))
    gaps = [later - earlier for earlier, later in pairwise(actual)]

    assert mean(gaps) == pytest.approx(SECOND / 50, rel=0.05)


def test_a_ramp_is_the_exact_inverse_of_its_cumulative_arrivals() -> None:
    start, end, count = 2.0, 10.0, 60
    duration = 2 * count / (start + end)
    slope = (end - start) / duration

    actual = offsets(Arrival(ArrivalProcess.RAMP, end, start), count, Random(1))

    for number, offset_ns in enumerate(actual):
        time = offset_ns / SECOND
        assert start * time + slope * time * time / 2 == pytest.approx(number, abs=1e-6)


def test_a_ramp_from_nothing_and_a_falling_ramp_are_ramps_too() -> None:
    rising = offsets(Arrival(ArrivalProcess.RAMP, 10.0), 5, Random(1))
    falling = offsets(Arrival(ArrivalProcess.RAMP, 1.0, 10.0), 5, Random(1))

    assert rising[0] == falling[0] == 0
    assert rising[1] - rising[0] > rising[2] - rising[1]
    assert falling[1] - falling[0] < falling[2] - falling[1]


def test_an_open_loop_process_without_a_rate_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="constant needs a rate"):
        offsets(Arrival(ArrivalProcess.CONSTANT), 1, Random(1))


@pytest.mark.parametrize("process", list(ArrivalProcess))
def test_no_arrivals_are_no_offsets(process: ArrivalProcess) -> None:
    assert offsets(Arrival(process, 5.0), 0, Random(1)) == []
