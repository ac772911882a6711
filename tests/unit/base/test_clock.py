"""The machine's clock: monotonic, and apart from the date."""

import asyncio
from datetime import UTC, datetime
from random import Random

from virtslo.base.clock import (
    Clock,
    SystemClock,
    micro_timestamp,
    seconds_between,
    sleep,
    timestamp,
    to_nanoseconds,
    to_seconds,
)


def test_the_clock_does_not_go_back() -> None:
    clock = SystemClock()
    moments = [clock.now_ns() for _ in range(100)]

    assert moments == sorted(moments)


async def test_a_span_is_slept_on_the_clock_that_is_given(clock: Clock) -> None:
    begun_ns = clock.now_ns()
    await sleep(clock, 2.5)

    assert clock.now_ns() - begun_ns == 2_500_000_000


def test_sleeping_ends_at_the_moment_or_later() -> None:
    clock = SystemClock()
    when = clock.now_ns() + 2_000_000

    asyncio.run(clock.sleep_until(when))

    assert clock.now_ns() >= when


def test_seconds_and_nanoseconds_convert() -> None:
    assert to_nanoseconds(1.5) == 1_500_000_000
    assert to_seconds(250_000_000) == 0.25


def test_a_timestamp_is_what_the_api_server_writes() -> None:
    assert timestamp(datetime(2026, 1, 2, 3, 4, 5, 999, tzinfo=UTC)) == "2026-01-02T03:04:05Z"


def test_a_micro_timestamp_always_has_six_digits() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 0, tzinfo=UTC)

    assert micro_timestamp(moment) == "2026-01-02T03:04:05.000000Z"


def test_spans_are_the_decimals_that_their_moments_differ_by() -> None:
    random = Random(3)
    moments = [to_seconds(random.randrange(8 * 10**13)) for _ in range(2_000)]
    starts, ends = moments[::2], moments[1::2]

    found = seconds_between(starts, ends)

    assert found == [round(end - start, 9) for start, end in zip(starts, ends, strict=True)]


def test_a_span_needs_both_its_ends() -> None:
    assert seconds_between([None, 1.0, 0.1], [2.0, None, 0.3]) == [0.2]
