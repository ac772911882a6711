"""Pods without room: back-off counts from the last attempt, and nobody is forgotten."""

import asyncio

from virtslo.base.clock import Clock
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.hollow.kubernetes.scheduling_queue import Unschedulable


def test_what_is_left_of_a_back_off_counts_from_the_last_attempt() -> None:
    async def main(clock: Clock) -> list[float]:
        stuck, left = Unschedulable(clock), []
        for pause in (0.0, 0.25, 0.5, 0.0, 0.0, 20.0):
            stuck.add(("w", "a"))
            await asyncio.sleep(pause)
            left += [round(seconds, 3) for _, seconds in stuck.take_all()]
        return left

    assert run_in_virtual_time(main) == [1.0, 1.75, 3.5, 8.0, 10.0, 0.0]


def test_what_waited_longest_is_told_first() -> None:
    async def main(clock: Clock) -> list[str]:
        stuck = Unschedulable(clock)
        for name in ("b", "a", "b"):
            stuck.discard(("w", "b"))
            stuck.add(("w", name))
            await asyncio.sleep(1)
        return [name for (_, name), _ in stuck.take_all()]

    assert run_in_virtual_time(main) == ["a", "b"]


def test_what_waits_for_five_minutes_is_tried_without_a_reason() -> None:
    async def main(clock: Clock) -> tuple[int, int, bool]:
        stuck = Unschedulable(clock)
        stuck.add(("w", "a"))
        await asyncio.sleep(300)
        early = len(stuck.take_stale())
        await asyncio.sleep(1)
        return early, len(stuck.take_stale()), ("w", "a") in stuck

    assert run_in_virtual_time(main) == (0, 1, True)
