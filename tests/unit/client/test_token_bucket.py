"""The token bucket: a burst at once, then one call each interval, in the order of asking."""

import asyncio

from virtslo.base.clock import Clock, to_seconds
from virtslo.base.virtual_time import VirtualClock
from virtslo.client.token_bucket import LONGEST_NS, TokenBucket, TokenRate

SECOND = 1_000_000_000


async def _moments(bucket: TokenBucket, clock: Clock, count: int) -> list[float]:
    """The seconds at which `count` calls, all asked for at once, may go."""

    async def one() -> float:
        await bucket.acquire()
        return to_seconds(clock.now_ns())

    return list(await asyncio.gather(*(one() for _ in range(count))))


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate(clock: Clock) -> None:
    bucket = TokenBucket(clock, qps=2, burst=3)

    assert await _moments(bucket, clock, 6) == [0, 0, 0, 0.5, 1.0, 1.5]


async def test_the_time_spent_waiting_is_given(clock: Clock) -> None:
    bucket = TokenBucket(clock, qps=2, burst=1)

    waited = await asyncio.gather(*(bucket.acquire() for _ in range(3)))

    assert waited == [0, SECOND // 2, SECOND]


async def test_tokens_are_refilled_up_to_the_burst(clock: VirtualClock) -> None:
    bucket = TokenBucket(clock, qps=10, burst=2)
    await _moments(bucket, clock, 2)
    await asyncio.sleep(60)

    assert await _moments(bucket, clock, 4) == [60, 60, 60.1, 60.2]


def test_a_token_that_is_not_there_is_not_taken() -> None:
    rate, full_at_ns = TokenRate(qps=1, burst=2), 0.0
    taken = []
    for now_ns in (0, 0, 0, SECOND, SECOND):
        after_ns = rate.full_after(full_at_ns, now_ns)
        taken.append(after_ns is not None)
        full_at_ns = full_at_ns if after_ns is None else after_ns

    assert taken == [True, True, False, True, False]


async def test_a_reservation_tells_the_moment_at_once(clock: Clock) -> None:
    bucket = TokenBucket(clock, qps=4, burst=1)

    assert [bucket.reserve(clock.now_ns()) for _ in range(3)] == [0, SECOND // 4, SECOND // 2]


async def test_no_rate_is_no_limit(clock: Clock) -> None:
    bucket = TokenBucket(clock, qps=0, burst=1)

    assert await _moments(bucket, clock, 100) == [0] * 100
    assert TokenRate(qps=0, burst=1).full_after(0.0, 5) == 5
    assert bucket.reserve(clock.now_ns()) == 0


async def test_a_rate_of_next_to_nothing_is_a_number(clock: Clock) -> None:
    bucket = TokenBucket(clock, qps=1e-320, burst=1)

    assert bucket.reserve(clock.now_ns()) == clock.now_ns()
    assert bucket.reserve(clock.now_ns()) == clock.now_ns() + LONGEST_NS
