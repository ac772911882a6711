"""A node's machine: a launcher does not end before its domain."""

import asyncio

from virtslo.base.clock import Clock
from virtslo.hollow.node.machine import Machine


async def test_a_domain_is_down_when_it_has_shut_down(clock: Clock) -> None:
    machine = Machine()

    async def shut_down() -> None:
        with machine.shutting_down("one"):
            await asyncio.sleep(3)

    async def down(uid: str) -> float:
        await machine.domain_down(uid, 60)
        return clock.now_ns() / 1e9

    task = asyncio.ensure_future(shut_down())
    await asyncio.sleep(1)
    found = await asyncio.gather(down("one"), down("other"))
    await task

    assert (found[0], found[1]) == (3.0, 1.0)


async def test_a_virt_handler_that_dies_meanwhile_holds_nobody_up(clock: Clock) -> None:
    machine = Machine()

    async def shut_down() -> None:
        with machine.shutting_down("one"):
            await asyncio.sleep(60)

    task = asyncio.ensure_future(shut_down())
    await asyncio.sleep(1)
    task.cancel()
    await machine.domain_down("one", 60)

    assert (clock.now_ns() / 1e9) == 1.0
