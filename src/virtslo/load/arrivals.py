"""Arrival processes: when operations are intended.

Invariant: pure; offsets are whole nanoseconds from t0, never decreasing, exactly `count` of them,
and the same for the same arguments and seed. They depend on nothing that happens in a run.
"""

from collections.abc import Iterator
from itertools import repeat
from math import sqrt
from random import Random

from virtslo.base.clock import NANOSECONDS_PER_SECOND
from virtslo.model.plan.scenario import Arrival, ArrivalProcess


def offsets(arrival: Arrival, count: int, rng: Random) -> list[int]:
    """The intended times of `count` arrivals, nanoseconds from t0."""
    return list(_never_decreasing(_times(arrival, count, rng)))


def _times(arrival: Arrival, count: int, rng: Random) -> Iterator[float]:
    if arrival.process is ArrivalProcess.BURST:
        return repeat(0.0, count)
    if arrival.rate is None or arrival.rate <= 0:
        raise ValueError(f"the process {arrival.process.value} needs a rate above 0")
    if arrival.process is ArrivalProcess.CONSTANT:
        return _constant(arrival.rate, count, arrival.at_once)
    if arrival.process is ArrivalProcess.POISSON:
        return _poisson(arrival.rate, count, rng)
    return _ramp(arrival.start_rate or 0.0, arrival.rate, count)


def _constant(rate: float, count: int, at_once: int) -> Iterator[float]:
    for number in range(count):
        yield max(0, number - at_once + 1) / rate


def _poisson(rate: float, count: int, rng: Random) -> Iterator[float]:
    now = 0.0
    for _ in range(count):
        now += rng.expovariate(rate)
        yield now


def _ramp(start: float, end: float, count: int) -> Iterator[float]:
    """The rate goes linearly from `start` to `end` while `count` objects arrive.

    Arrivals up to t are start·t + slope·t²/2; its inverse at k is written so that neither a slope
    nor a start of 0 divides by 0.
    """
    duration = 2 * count / (start + end)
    slope = (end - start) / duration if count else 0.0
    for number in range(count):
        root = sqrt(max(0.0, start * start + 2 * slope * number))
        yield 2 * number / (start + root) if number else 0.0


def _never_decreasing(times: Iterator[float]) -> Iterator[int]:
    last = 0
    for seconds in times:
        last = max(last, round(seconds * NANOSECONDS_PER_SECOND))
        yield last
