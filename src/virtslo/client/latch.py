"""An event that tasks wait for, as asyncio's, which keeps nothing until a task waits.

Invariant: what waits is woken in the order of waiting. An `asyncio.Event` holds 700 bytes from its
beginning on, and a simulated cluster has six for each node.
"""

import asyncio


class Latch:
    """Is set, and may be cleared; tasks wait until it is set."""

    __slots__ = ("_is_set", "_waiters")

    def __init__(self) -> None:
        self._is_set = False
        self._waiters: list[asyncio.Future[None]] | None = None

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._is_set

    def set(self) -> None:
        """Set it, and wake what waits."""
        self._is_set = True
        for waiter in self._waiters or ():
            if not waiter.done():
                waiter.set_result(None)

    def clear(self) -> None:
        """From now on it is not set."""
        self._is_set = False

    async def wait(self) -> None:
        """Return when it is set; at once if it is."""
        if self._is_set:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._waiters is None:
            self._waiters = []
        waiters = self._waiters
        waiters.append(waiter)
        try:
            await waiter
        finally:
            waiters.remove(waiter)
