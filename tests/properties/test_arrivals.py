"""Laws of arrival processes and units."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.units import format_duration, parse_duration
from virtslo.load.arrivals import offsets
from virtslo.model.plan.scenario import Arrival, ArrivalProcess

RATES = st.floats(min_value=1e-3, max_value=1e5)
ARRIVALS = st.builds(
    Arrival, st.sampled_from(ArrivalProcess), rate=RATES, start_rate=st.none() | RATES
)
COUNTS = st.integers(0, 300)
SEEDS = st.integers(0, 2**32)


@given(ARRIVALS, COUNTS, SEEDS)
def test_offsets_are_as_many_as_asked_for_and_never_decrease(
    arrival: Arrival, count: int, seed: int
) -> None:
    actual = offsets(arrival, count, Random(seed))

    assert len(actual) == count
    assert all(offset >= 0 for offset in actual)
    assert actual == sorted(actual)


@given(ARRIVALS, COUNTS, SEEDS)
def test_offsets_repeat_with_the_seed(arrival: Arrival, count: int, seed: int) -> None:
    assert offsets(arrival, count, Random(seed)) == offsets(arrival, count, Random(seed))


@given(RATES, RATES, st.integers(1, 300))
def test_a_ramp_is_never_faster_or_slower_than_its_ends(
    start: float, end: float, count: int
) -> None:
    actual = offsets(Arrival(ArrivalProcess.RAMP, end, start), count, Random(0))
    slow, fast = min(start, end), max(start, end)

    for number, offset_ns in enumerate(actual):
        assert number / fast * 1e9 - 2 <= offset_ns <= number / slow * 1e9 + 2


@given(st.integers(0, 10**9))
def test_durations_are_read_as_they_are_written(milliseconds: int) -> None:
    seconds = milliseconds / 1000

    assert parse_duration(format_duration(seconds)) == seconds
