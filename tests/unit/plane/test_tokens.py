"""Tokens that are renewed before they run out."""

import asyncio

from virtslo.base.clock import Clock, sleep
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.plane.tokens import LIFE_SECONDS, RENEWED_AFTER_SECONDS, FreshToken


def test_a_token_is_asked_for_once_until_it_is_old() -> None:
    asked: list[int] = []

    async def main(clock: VirtualClock) -> None:
        await use(clock)

    async def use(clock: Clock) -> None:
        async def ask() -> str:
            asked.append(clock.now_ns())
            await sleep(clock, 1)
            return f"token-{len(asked)}"

        token = FreshToken(ask, clock)
        async with asyncio.TaskGroup() as group:
            first = [group.create_task(token.header()) for _ in range(3)]
        assert {task.result() for task in first} == {"Bearer token-1"}
        await sleep(clock, RENEWED_AFTER_SECONDS - 1)
        assert await token.header() == "Bearer token-1"
        await sleep(clock, 2)
        assert await token.header() == "Bearer token-2"

    run_in_virtual_time(main)

    assert len(asked) == 2
    assert RENEWED_AFTER_SECONDS < LIFE_SECONDS
