"""Pods without room: back-off counts from the last attempt, and nobody is forgotten."""

import asyncio

from virtslo.base.clock import Clock
from virtslo.hollow.kubernetes.scheduling_queue import Unschedulable


async def test_what_is_left_of_a_back_off_counts_from_the_last_attempt(clock: Clock) -> None:
    stuck, left = Unschedulable(clock), []
    for pause in (0.0, 0.25, 0.5, 0.0, 0.0, 20.0):
        stuck.add(("w", "a"))
        await asyncio.sleep(pause)
        left += [round(seconds, 3) for _, seconds in stuck.take_all()]

    assert left == [1.0, 1.75, 3.5, 8.0, 10.0, 0.0]


async def test_what_waited_longest_is_told_first(clock: Clock) -> None:
    stuck = Unschedulable(clock)
    for name in ("b", "a", "b"):
        stuck.discard(("w", "b"))
        stuck.add(("w", name))
        await asyncio.sleep(1)

    assert [name for (_, name), _ in stuck.take_all()] == ["a", "b"]


async def test_what_waits_for_five_minutes_is_tried_without_a_reason(clock: Clock) -> None:
    stuck = Unschedulable(clock)
    stuck.add(("w", "a"))
    await asyncio.sleep(300)
    early = len(stuck.take_stale())
    await asyncio.sleep(1)

    assert (early, len(stuck.take_stale()), ("w", "a") in stuck) == (0, 1, True)
