"""The work queue: one worker per key, nothing twice, back-off that doubles and is forgotten."""

import asyncio

import pytest

from virtslo.base.clock import Clock, to_seconds
from virtslo.client.work_queue import WorkQueue


async def _take(queue: WorkQueue[str], clock: Clock) -> tuple[str, float]:
    """The next key, done at once, and the second at which it was handed out."""
    key = await queue.get()
    queue.done(key)
    return key, round(to_seconds(clock.now_ns()), 6)


async def test_keys_come_in_the_order_in_which_they_were_added(clock: Clock) -> None:
    queue = WorkQueue[str](clock, "q")
    for key in ("a", "b", "c"):
        queue.add(key)

    assert [(await _take(queue, clock))[0] for _ in range(3)] == ["a", "b", "c"]


async def test_a_key_that_waits_is_not_added_again(clock: Clock) -> None:
    queue = WorkQueue[str](clock, "q")
    for _ in range(3):
        queue.add("a")

    assert (len(queue), queue.adds) == (1, 1)


async def test_a_key_in_work_is_not_handed_out_and_comes_once_more_after(clock: Clock) -> None:
    queue = WorkQueue[str](clock, "q")
    queue.add("a")
    key = await queue.get()
    queue.add("a")
    queue.add("a")

    assert len(queue) == 0

    queue.done(key)

    assert len(queue) == 1
    assert await _take(queue, clock) == ("a", 0)
    assert len(queue) == 0


async def test_a_waiting_worker_is_woken_by_an_addition(clock: Clock) -> None:
    queue = WorkQueue[str](clock, "q")
    waiting = asyncio.ensure_future(_take(queue, clock))
    await asyncio.sleep(3)
    queue.add("a")

    assert await waiting == ("a", 3)


async def test_a_worker_that_is_cancelled_takes_no_key_with_it(clock: Clock) -> None:
    queue = WorkQueue[str](clock, "q")
    first, second = (asyncio.ensure_future(queue.get()) for _ in range(2))
    await asyncio.sleep(0)
    queue.add("a")
    first.cancel()

    assert await second == "a"


async def test_a_delayed_key_comes_at_its_time_and_the_earlier_of_two_counts(clock: Clock) -> None:
    queue = WorkQueue[str](clock, "q")
    queue.add_after("a", 5)
    queue.add_after("a", 2)
    queue.add_after("a", 9)
    queue.add_after("b", 0)

    assert await _take(queue, clock) == ("b", 0)
    assert await _take(queue, clock) == ("a", 2)

    await asyncio.sleep(60)

    assert len(queue) == 0


async def test_what_fails_again_backs_off_twice_as_long_until_it_is_forgotten(
    clock: Clock,
) -> None:
    queue = WorkQueue[str](clock, "q")
    gaps = []
    for _ in range(5):
        began = to_seconds(clock.now_ns())
        queue.add_rate_limited("a")
        gaps.append(round((await _take(queue, clock))[1] - began, 6))

    assert gaps == [0.005, 0.01, 0.02, 0.04, 0.08]
    assert (queue.failures("a"), queue.retries) == (5, 5)

    queue.forget("a")
    began = to_seconds(clock.now_ns())
    queue.add_rate_limited("a")

    assert round((await _take(queue, clock))[1] - began, 6) == 0.005
    assert queue.failures("a") == 1


async def test_the_longest_back_off_is_a_thousand_seconds(clock: Clock) -> None:
    queue = WorkQueue[str](clock, "q")
    for _ in range(25):
        began = to_seconds(clock.now_ns())
        queue.add_rate_limited("a")
        _, at = await _take(queue, clock)

    assert at - began == pytest.approx(1000)


async def test_retries_of_all_keys_go_at_ten_a_second_after_a_burst_of_a_hundred(
    clock: Clock,
) -> None:
    queue = WorkQueue[str](clock, "q")
    for index in range(103):
        queue.add_rate_limited(f"key-{index}")

    moments = [(await _take(queue, clock))[1] for _ in range(103)]

    assert moments == [0.005] * 100 + [0.1, 0.2, 0.3]


async def test_times_in_the_queue_and_in_work_are_observed(clock: Clock) -> None:
    queue = WorkQueue[str](clock, "q")
    queue.add("a")
    await asyncio.sleep(2)
    await queue.get()
    await asyncio.sleep(3)

    assert queue.unfinished_seconds() == (3.0, 3.0)

    queue.done("a")

    assert (queue.queued.total, queue.worked.total) == (2.0, 3.0)
    assert queue.unfinished_seconds() == (0.0, 0.0)
