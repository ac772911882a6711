"""Which stage of a run is under way, for those who wait for one.

Invariant: a stage that was entered is left before another is; waiters are woken in the order
of waiting.
"""

import asyncio
from typing import Final

MEASURED: Final = "measured"
"""Stands for the stage whose figures fill the tables, whichever a run has."""


class StageBoard:
    """Says when stages begin and end."""

    def __init__(self) -> None:
        self.measured = ""
        """The name of the run's measured stage; empty until a run says so."""
        self.has_begun = asyncio.Event()
        """Set from the first stage on."""
        self._current = ""
        self._left = asyncio.Event()
        self._waiters: list[tuple[str, asyncio.Future[asyncio.Event]]] = []

    def note(self, name: str, *, is_over: bool) -> None:
        """A stage is under way, or over; saying so again changes nothing."""
        if is_over or name != self._current:
            self._left.set()
            self._current = ""
        if is_over or self._current:
            return
        self._current = name
        self._left = asyncio.Event()
        self.has_begun.set()
        waiting = [waiter for wanted, waiter in self._waiters if self._is_meant(wanted)]
        self._waiters = [pair for pair in self._waiters if not self._is_meant(pair[0])]
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(self._left)

    async def begun(self, name: str) -> asyncio.Event:
        """Wait until a stage, or `MEASURED`, is under way; what is returned is set when it is
        over."""
        if self._is_meant(name):
            return self._left
        waiter: asyncio.Future[asyncio.Event] = asyncio.get_running_loop().create_future()
        self._waiters.append((name, waiter))
        return await waiter

    def _is_meant(self, wanted: str) -> bool:
        """Whether the stage under way is this one."""
        if not self._current:
            return False
        return self._current == (self.measured if wanted == MEASURED else wanted)
