"""An event loop in which time is a number: when nothing is ready it jumps to the next timer.

Invariant: timers fire in the order (when, sequence) in integer nanoseconds, so a run in virtual
time repeats exactly; nothing here reads a clock or opens a socket. A loop with nothing ready and
no timer can never go on: that is a deadlock, and it is raised as one.
"""

import asyncio
import gc
import heapq
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from virtslo.base.clock import NANOSECONDS_PER_SECOND

T = TypeVar("T")

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The date at which every run in virtual time begins."""

COLLECTOR_THRESHOLDS: Final = (50_000, 20, 20)
"""How seldom cycles are looked for: a run keeps most of what it makes, and little of it in cycles.
With Python's own thresholds the search takes a sixth of a run's CPU time."""


class Deadlock(RuntimeError):
    """Every task waits and no timer is set."""


class _Turn(asyncio.Handle):
    """A handle as asyncio's own, made in a third of the time."""

    __slots__ = ()

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = None


class VirtualTimeLoop(asyncio.BaseEventLoop):
    """An asyncio event loop on virtual time. It has no selector: there is nothing to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed_ns = 0
        """Virtual nanoseconds since the loop was made; only the loop itself moves it."""
        self._sequence = 0
        self._timers: list[
            tuple[int, int, asyncio.TimerHandle | asyncio.Future[None] | Callable[[], None]]
        ] = []

    def now_ns(self) -> int:
        """Virtual nanoseconds since the loop was made."""
        return self.elapsed_ns

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self.elapsed_ns / NANOSECONDS_PER_SECOND

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Call back in the next turn.

        Without the checks of asyncio's own loop, which are of use in its debug mode alone: this is
        called a hundred times and more for each object of a run.
        """
        handle = _Turn(callback, args, self, context)
        self._ready.append(handle)  # type: ignore[attr-defined]
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back at `when` (virtual seconds); timers of one instant fire in order of setting."""
        return self.call_at_ns(
            round(when * NANOSECONDS_PER_SECOND), callback, *args, context=context
        )

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back after `delay` virtual seconds."""
        when_ns = self.elapsed_ns + round(delay * NANOSECONDS_PER_SECOND)
        return self.call_at_ns(when_ns, callback, *args, context=context)

    def call_at_ns(
        self, when_ns: int, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back at `when_ns`, in whole virtual nanoseconds."""
        handle = asyncio.TimerHandle(
            when_ns / NANOSECONDS_PER_SECOND, callback, args, self, context
        )
        self._sequence += 1
        heapq.heappush(self._timers, (when_ns, self._sequence, handle))
        return handle

    def wake_at_ns(self, when_ns: int) -> asyncio.Future[None]:
        """A future that is done at `when_ns`: a timer at half the price of a callback's."""
        waiter: asyncio.Future[None] = self.create_future()
        self._sequence += 1
        heapq.heappush(self._timers, (when_ns, self._sequence, waiter))
        return waiter

    def run_at_ns(self, when_ns: int, callback: Callable[[], None]) -> None:
        """Call back at `when_ns`, outside of any task: the cheapest timer, never cancelled."""
        self._sequence += 1
        heapq.heappush(self._timers, (when_ns, self._sequence, callback))

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers stay in the heap and are skipped when their time comes."""

    def _run_once(self) -> None:
        ready = self._ready  # type: ignore[attr-defined]
        while True:
            if not ready and not self._stopping:  # type: ignore[attr-defined]
                self._jump()
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle._cancelled:
                    handle._run()
            if self._stopping:  # type: ignore[attr-defined]
                return

    def _jump(self) -> None:
        timers = self._timers
        while timers:
            when_ns, _, timer = heapq.heappop(timers)
            if isinstance(timer, asyncio.Future):
                if timer.done():
                    continue
                self.elapsed_ns = max(self.elapsed_ns, when_ns)
                timer.set_result(None)
            elif isinstance(timer, asyncio.TimerHandle):
                if timer.cancelled():
                    continue
                self.elapsed_ns = max(self.elapsed_ns, when_ns)
                self._ready.append(timer)  # type: ignore[attr-defined]
            else:
                self.elapsed_ns = max(self.elapsed_ns, when_ns)
                timer()
                if not self._ready:  # type: ignore[attr-defined]
                    continue
            return
        raise Deadlock("every task waits, and no timer is set")

    def _process_events(self, event_list: Any) -> None:
        """There are no events from outside."""

    def _write_to_self(self) -> None:
        """A signal handler runs in the thread of this loop, which never sleeps."""


class VirtualClock:
    """The clock of a `VirtualTimeLoop`."""

    is_virtual = True

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop
        self._wall_ns = 0
        self._wall = EPOCH

    def now_ns(self) -> int:
        """Virtual nanoseconds since the loop was made."""
        return self._loop.elapsed_ns

    def wall(self) -> datetime:
        """The virtual date: `EPOCH` plus the loop's time."""
        now_ns = self._loop.elapsed_ns
        if now_ns != self._wall_ns:
            self._wall_ns = now_ns
            self._wall = EPOCH + timedelta(microseconds=now_ns // 1000)
        return self._wall

    async def sleep_until(self, when_ns: int) -> None:
        """Return at `when_ns`, at once if that is past."""
        if when_ns <= self._loop.elapsed_ns:
            await asyncio.sleep(0)
            return
        await self._loop.wake_at_ns(when_ns)

    def call_at(self, when_ns: int, callback: Callable[[], None]) -> None:
        """Call back at `when_ns`, outside of any task."""
        self._loop.run_at_ns(when_ns, callback)


def run_in_virtual_time(main: Callable[[VirtualClock], Coroutine[Any, Any, T]]) -> T:
    """Run `main(clock)` to its end on a fresh loop in virtual time."""
    with _seldom_collecting(), asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualTimeLoop)
        return runner.run(main(VirtualClock(loop)))


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Have the garbage collector look for cycles seldom, and as before afterwards."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
