"""The event loop in virtual time: order, jumps, deadlock, cancellation."""

import asyncio
import gc
from random import Random

import pytest

from virtslo.base.clock import micro_timestamp, timestamp
from virtslo.base.virtual_time import EPOCH, Deadlock, VirtualClock, run_in_virtual_time


def test_an_hour_passes_at_once() -> None:
    async def main(clock: VirtualClock) -> int:
        await asyncio.sleep(3600)
        return clock.now_ns()

    assert run_in_virtual_time(main) == 3600 * 10**9


def test_timers_of_one_instant_fire_in_the_order_they_were_set() -> None:
    async def main(clock: VirtualClock) -> list[int]:
        order: list[int] = []
        loop = asyncio.get_running_loop()
        for number in range(100):
            loop.call_at(1.0, order.append, number)
        await asyncio.sleep(2)
        return order

    assert run_in_virtual_time(main) == list(range(100))


def test_nanoseconds_are_exact() -> None:
    async def main(clock: VirtualClock) -> list[int]:
        moments: list[int] = []
        for when in (1, 2, 3_000_000_001):
            await clock.sleep_until(when)
            moments.append(clock.now_ns())
        return moments

    assert run_in_virtual_time(main) == [1, 2, 3_000_000_001]


def test_sleeping_until_the_past_lets_others_run_and_returns() -> None:
    async def main(clock: VirtualClock) -> int:
        await asyncio.sleep(5)
        await clock.sleep_until(1)
        return clock.now_ns()

    assert run_in_virtual_time(main) == 5 * 10**9


def test_waiting_for_nothing_is_a_deadlock() -> None:
    async def main(clock: VirtualClock) -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match="no timer is set"):
        run_in_virtual_time(main)


def test_a_cancelled_timer_does_not_hold_time_back() -> None:
    async def main(clock: VirtualClock) -> int:
        loop = asyncio.get_running_loop()
        loop.call_later(100, lambda: None).cancel()
        await asyncio.sleep(1)
        return clock.now_ns()

    assert run_in_virtual_time(main) == 10**9


def test_a_timeout_fires_at_its_virtual_moment() -> None:
    async def main(clock: VirtualClock) -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.sleep(60)
        return clock.now_ns()

    assert run_in_virtual_time(main) == 30 * 10**9


def test_the_date_follows_virtual_time() -> None:
    async def main(clock: VirtualClock) -> float:
        await asyncio.sleep(90)
        return (clock.wall() - EPOCH).total_seconds()

    assert run_in_virtual_time(main) == 90


def test_a_sleep_that_was_cancelled_does_not_hold_time_back() -> None:
    async def main(clock: VirtualClock) -> int:
        sleeper = asyncio.ensure_future(clock.sleep_until(100 * 10**9))
        await clock.sleep_until(10**9)
        sleeper.cancel()
        await asyncio.wait([sleeper])
        await clock.sleep_until(2 * 10**9)
        return clock.now_ns()

    assert run_in_virtual_time(main) == 2 * 10**9


def test_sleeps_and_timers_of_one_instant_keep_the_order_they_were_set_in() -> None:
    async def main(clock: VirtualClock) -> list[str]:
        order: list[str] = []

        async def sleep(name: str) -> None:
            await clock.sleep_until(10**9)
            order.append(name)

        async with asyncio.TaskGroup() as group:
            group.create_task(sleep("first sleep"))
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_at(1.0, order.append, "timer")
            group.create_task(sleep("second sleep"))
        return order

    assert run_in_virtual_time(main) == ["first sleep", "timer", "second sleep"]


def test_a_timer_for_a_moment_that_is_past_fires_now_after_those_set_before() -> None:
    async def main(clock: VirtualClock) -> list[tuple[str, int]]:
        fired: list[tuple[str, int]] = []
        await clock.sleep_until(10)

        def set_timer(name: str, when_ns: int) -> None:
            clock.call_at(when_ns, lambda: fired.append((name, clock.now_ns())))

        set_timer("now", 10)
        set_timer("past", 5)
        set_timer("later", 11)
        await clock.sleep_until(12)
        return fired

    assert run_in_virtual_time(main) == [("now", 10), ("past", 10), ("later", 11)]


def test_timers_near_and_far_fire_in_the_order_of_their_moments() -> None:
    async def main(clock: VirtualClock) -> list[tuple[int, int]]:
        fired: list[tuple[int, int]] = []
        chance = Random(1)
        left = 2000

        def set_another() -> None:
            nonlocal left
            left -= 1
            furthest_ns = 10 ** chance.randrange(4, 12)
            when_ns = clock.now_ns() + chance.randrange(furthest_ns) // 1000 * 1000
            clock.call_at(when_ns, lambda: fire(when_ns))

        def fire(when_ns: int) -> None:
            fired.append((when_ns, clock.now_ns()))
            if left > 0:
                set_another()

        for _ in range(300):
            set_another()
        await clock.sleep_until(10**13)
        return fired

    fired = run_in_virtual_time(main)
    moments = [when_ns for when_ns, _ in fired]

    assert len(fired) == 2000
    assert moments == sorted(moments) == [now_ns for _, now_ns in fired]


def test_timers_of_few_moments_fire_as_if_each_were_alone() -> None:
    """Callbacks of one moment share a timer, which comes after timers of other kinds.

    What each causes comes before the next, all the same. Half of them are set as others fire, some
    for a moment that is past.
    """

    async def main(clock: VirtualClock) -> tuple[list[int], list[int]]:
        loop = asyncio.get_running_loop()
        chance = Random(1)
        places: list[tuple[int, bool, int]] = []
        fired: list[int] = []

        def set_one() -> None:
            number = len(places)
            when_ns = chance.randrange(12) * 2**22
            kind = chance.randrange(6)
            is_late = when_ns <= clock.now_ns()
            places.append((max(when_ns, clock.now_ns()), is_late or kind > 1, number))
            if kind == 0:
                loop.call_at(when_ns / 1e9, fire, number)
            elif kind == 1 and not is_late:
                sleep = clock.sleep_until(when_ns)
                assert isinstance(sleep, asyncio.Future)
                sleep.add_done_callback(lambda _: fire(number))
            else:
                clock.call_at(when_ns, lambda: fire(number))

        def fire(number: int) -> None:
            fired.append(number)
            if number % 3:
                loop.call_soon(fired.append, -number)
            if len(places) < 2000:
                set_one()

        for _ in range(1000):
            set_one()
        await clock.sleep_until(10**9)
        expected = [
            each
            for _, _, number in sorted(places)
            for each in ((number, -number) if number % 3 else (number,))
        ]
        return fired, expected

    fired, expected = run_in_virtual_time(main)
    assert fired == expected


def test_the_garbage_collector_is_left_as_it_was_found() -> None:
    async def main(clock: VirtualClock) -> tuple[int, int, int]:
        return gc.get_threshold()

    before = gc.get_threshold()
    during = run_in_virtual_time(main)

    assert during[0] > before[0]
    assert gc.get_threshold() == before


def test_stamps_are_those_of_the_virtual_date() -> None:
    async def main(clock: VirtualClock) -> None:
        for step_ns in (0, 1, 999, 1_000, 999_999_999, 1, 60_000_000_000, 123_456_789_012_345):
            await clock.sleep_until(clock.now_ns() + step_ns)

            assert clock.stamp() == timestamp(clock.wall())
            assert clock.micro_stamp() == micro_timestamp(clock.wall())

    run_in_virtual_time(main)
