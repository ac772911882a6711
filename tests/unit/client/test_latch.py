"""A latch: what waits is woken when it is set, in order."""

import asyncio
import weakref

from virtslo.base.clock import Clock
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.client.latch import Latch


def test_what_waits_is_woken_in_the_order_of_waiting() -> None:
    async def main(clock: Clock) -> list[str]:
        latch = Latch()
        woken: list[str] = []

        async def wait(name: str) -> None:
            await latch.wait()
            woken.append(name)

        async with asyncio.TaskGroup() as group:
            for name in "abc":
                group.create_task(wait(name))
            await asyncio.sleep(1)
            assert woken == []
            latch.set()
        return woken

    assert run_in_virtual_time(main) == ["a", "b", "c"]


def test_one_that_is_set_lets_pass_at_once_until_it_is_cleared() -> None:
    async def main(clock: Clock) -> bool:
        latch = Latch()
        latch.set()
        await latch.wait()
        latch.clear()
        try:
            async with asyncio.timeout(10):
                await latch.wait()
        except TimeoutError:
            return latch.is_set()
        return True

    assert run_in_virtual_time(main) is False


def test_a_wait_that_was_given_up_is_forgotten() -> None:
    async def main(clock: Clock) -> tuple[bool, bool]:
        latch = Latch()
        given_up, other = (asyncio.ensure_future(latch.wait()) for _ in range(2))
        await asyncio.sleep(1)
        waiter = weakref.ref(given_up._fut_waiter)  # type: ignore[attr-defined]
        given_up.cancel()
        await asyncio.sleep(1)
        is_cancelled = given_up.cancelled()
        del given_up
        is_held = waiter() is not None
        latch.set()
        await other
        return is_cancelled, is_held

    assert run_in_virtual_time(main) == (True, False)
