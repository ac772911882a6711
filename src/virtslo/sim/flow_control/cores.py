"""A machine's cores, shared: everything that works at the same time works equally fast.

Delays on such a machine follow its progress: whatever has to pass through many hands before it
arrives takes the longer the busier they are.

Invariant: no more is done in a second than the cores can do, and one piece of work never takes more
than one core. What is small is done sooner, however much else there is: the wait grows with the
work itself, as under a scheduler that gives everyone a turn.
"""

import asyncio
import heapq
import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from virtslo.base.clock import NANOSECONDS_PER_SECOND, Clock

_ROUNDING_NS = 1.0


class Pace(Protocol):
    """Something by which delays are counted: a clock, or the progress of shared cores."""

    def now_ns(self) -> int:
        """Where it is."""
        ...

    def sleep_until(self, instant_ns: int) -> Awaitable[None]:
        """Await it, once, to go on when it has come there."""
        ...

    def call_at(self, instant_ns: int, callback: Callable[[], None]) -> None:
        """Call back when it has come there, outside of any task."""
        ...


class SharedCores:
    """A number of cores, and the pieces of work on them.

    Progress is counted as one number, the work that each piece has been given since the beginning;
    a piece is done when that number has grown by its own size. So a change costs one timer.
    """

    def __init__(self, clock: Clock, cores: int, *, served_at_once: int = 0) -> None:
        self._clock = clock
        self._cores = cores
        self._served_at_once = served_at_once
        """How many pieces those that are served count as, at most; 0: as many as there are."""
        self._given_ns = 0.0
        self._served_ns = 0.0
        self._served: list[tuple[float, int, asyncio.Future[None]]] = []
        self._since_ns = clock.now_ns()
        self._pieces: list[tuple[float, int, asyncio.Future[None] | None]] = []
        self._waits: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    async def work(self, size_ns: int, *, after_ns: int = 0) -> None:
        """Do so much work, nanoseconds of one core; `after_ns` more goes on after the return."""
        if size_ns > 0:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._add(size_ns, done)
            await done
        if after_ns > 0:
            self._add(after_ns, None)

    async def serve(self, size_ns: int) -> None:
        """Do work as one of those that share what `served_at_once` pieces have."""
        if size_ns <= 0:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._catch_up()
        self._count += 1
        heapq.heappush(self._served, (self._served_ns + size_ns, self._count, done))
        self._plan()
        await done

    def now_ns(self) -> int:
        """What a piece that has been there since the beginning would have been given."""
        self._catch_up()
        return round(self._given_ns)

    async def sleep_until(self, instant_ns: int) -> None:
        """Return when a piece would have been given so much; this takes nothing from others."""
        self._catch_up()
        if self._given_ns >= instant_ns:
            return
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wait(instant_ns, partial(_settle, reached))
        await reached

    def call_at(self, instant_ns: int, callback: Callable[[], None]) -> None:
        """Call back, in a turn of its own, when a piece would have been given so much."""
        self._catch_up()
        loop = asyncio.get_running_loop()
        self._wait(instant_ns, partial(loop.call_soon, callback))

    def _wait(self, instant_ns: int, reached: Callable[[], object]) -> None:
        self._count += 1
        heapq.heappush(self._waits, (instant_ns, self._count, reached))
        self._plan()

    def _add(self, size_ns: int, done: asyncio.Future[None] | None) -> None:
        self._catch_up()
        self._count += 1
        heapq.heappush(self._pieces, (self._given_ns + size_ns, self._count, done))
        self._plan()

    def _catch_up(self) -> None:
        now_ns = self._clock.now_ns()
        passed_ns = now_ns - self._since_ns
        if passed_ns:
            speed = self._speed()
            self._given_ns += passed_ns * speed
            if self._served:
                self._served_ns += passed_ns * speed * self._share()
            self._since_ns = now_ns

    def _speed(self) -> float:
        """How much of a core each piece has."""
        pieces = len(self._pieces) + self._serving()
        return 1.0 if pieces <= self._cores else self._cores / pieces

    def _serving(self) -> int:
        """How many pieces those that are served count as."""
        served = len(self._served)
        most = self._served_at_once
        return min(served, most) if most else served

    def _share(self) -> float:
        """The part of a piece's speed that each of those has that are served."""
        return self._serving() / len(self._served)

    def _plan(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pieces, waits = self._pieces, self._waits
        if pieces or waits or self._served:
            next_ns = pieces[0][0] if pieces else math.inf
            if waits and waits[0][0] < next_ns:
                next_ns = waits[0][0]
            left_ns = next_ns - self._given_ns
            if self._served:
                left_ns = min(left_ns, (self._served[0][0] - self._served_ns) / self._share())
            left_ns = max(0.0, left_ns / self._speed())
            seconds = (left_ns + _ROUNDING_NS) / NANOSECONDS_PER_SECOND
            self._timer = asyncio.get_running_loop().call_later(seconds, self._finish)

    def _finish(self) -> None:
        """Let go of every piece that is done."""
        self._timer = None
        self._catch_up()
        while self._pieces and self._pieces[0][0] <= self._given_ns + _ROUNDING_NS:
            _settle(heapq.heappop(self._pieces)[2])
        while self._served and self._served[0][0] <= self._served_ns + _ROUNDING_NS:
            _settle(heapq.heappop(self._served)[2])
        while self._waits and self._waits[0][0] <= self._given_ns + _ROUNDING_NS:
            heapq.heappop(self._waits)[2]()
        self._plan()


def _settle(done: asyncio.Future[None] | None) -> None:
    if done is not None and not done.done():
        done.set_result(None)
