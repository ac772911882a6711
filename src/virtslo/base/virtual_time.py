"""An event loop in which time is a number: when nothing is ready it jumps to the next timer.

Invariant: timers fire in the order of their moments, in integer nanoseconds; of one moment, first
asyncio's own and what tasks wait for, then what is called back outside of tasks, each in the order
of setting. What is set for the present or the past comes after all that is due by now. So a run in
virtual time repeats exactly. Nothing here reads a clock or opens a socket. A loop with nothing
ready and no timer can never go on: that is a deadlock, and it is raised as one.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from virtslo.base.clock import NANOSECONDS_PER_SECOND, timestamp
from virtslo.base.collector import COLLECTING

T = TypeVar("T")
SPAN_BITS: Final = 24
"""Timers are put in order by spans of 2^24 ns, about 17 ms: most are due within one or the next."""
_LAST: Final = 1 << 48
"""Added to the sequence of timers that come after the others of their moment."""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The date at which every run in virtual time begins."""


class Deadlock(RuntimeError):
    """Every task waits and no timer is set."""


class _Turn(msgspec.Struct, gc=False):
    """What asyncio keeps of a callback that is due, made in a fifth of the time of its Handle."""

    _callback: Callable[..., object]
    _args: tuple[Any, ...]
    _context: Context
    _cancelled: bool = False

    def cancel(self) -> None:
        """Do not call back."""
        self._cancelled = True

    def cancelled(self) -> bool:
        """Whether it is not to be called back."""
        return self._cancelled


_Callback = Callable[[], None]
_Timer = asyncio.TimerHandle | asyncio.Future[None] | Iterator[_Callback]
_CALLS: Final = type(iter(list[_Callback]()))


class VirtualTimeLoop(asyncio.BaseEventLoop):
    """An asyncio event loop on virtual time. It has no selector: there is nothing to wait for.

    Only the timers of the present span of time are a heap: one of all the thousands that a large
    run has set would be as deep for those that are due next.
    """

    def __init__(self) -> None:
        super().__init__()
        self.elapsed_ns = 0
        """Virtual nanoseconds since the loop was made; only the loop itself moves it."""
        self._sequence = 0
        self._span = 0
        self._timers: list[tuple[int, int, _Timer]] = []
        """A heap of those that are due within the present span, or were before."""
        self._later: dict[int, list[tuple[int, int, _Timer]]] = {}
        """Every other, by the span in which it is due."""
        self._later_spans: list[int] = []
        """A heap of these spans."""
        self._calls: dict[int, list[_Callback]] = {}
        """By moment, what is called back then outside of tasks, by one timer."""

    get_debug = staticmethod(bool)
    """False, as a call that runs no Python code: each future and task that is made asks."""

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
        turn = _Turn(callback, args, copy_context() if context is None else context)
        self._ready.append(turn)  # type: ignore[attr-defined]
        return turn  # type: ignore[return-value]

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return asyncio.Future(loop=self)

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
        is_late = when_ns <= self.elapsed_ns
        if is_late:
            when_ns = self.elapsed_ns
            self._calls.pop(when_ns, None)  # what is called back from now on comes after this
        handle = asyncio.TimerHandle(
            when_ns / NANOSECONDS_PER_SECOND, callback, args, self, context
        )
        self._set(when_ns, handle, after=_LAST if is_late else 0)
        return handle

    def sleep_until_ns(self, when_ns: int) -> Awaitable[None]:
        """Await it to go on at `when_ns`, at once if that is past.

        A future that is done then: a timer at half the price of a callback's.
        """
        if when_ns <= self.elapsed_ns:
            return asyncio.sleep(0)
        waiter: asyncio.Future[None] = asyncio.Future(loop=self)
        self._set(when_ns, waiter)
        return waiter

    def run_at_ns(self, when_ns: int, callback: _Callback) -> None:
        """Call back at `when_ns`, outside of any task: the cheapest timer, never cancelled.

        Those of one moment are one timer: three of four that a large run sets.
        """
        calls = self._calls.get(when_ns)
        if calls is not None:
            calls.append(callback)
            return
        when_ns = max(when_ns, self.elapsed_ns)
        calls = [callback]
        self._calls[when_ns] = calls
        self._set(when_ns, iter(calls), after=_LAST)

    def _set(self, when_ns: int, timer: _Timer, after: int = 0) -> None:
        self._sequence += 1
        sequence = after + self._sequence
        span = when_ns >> SPAN_BITS
        if span <= self._span:
            heapq.heappush(self._timers, (when_ns, sequence, timer))
            return
        later = self._later.get(span)
        if later is None:
            self._later[span] = later = []
            heapq.heappush(self._later_spans, span)
        later.append((when_ns, sequence, timer))

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers stay where they are and are skipped when their time comes."""

    def _run_once(self) -> None:
        ready = self._ready  # type: ignore[attr-defined]
        next_ready = ready.popleft
        while True:
            if not ready and not self._stopping:  # type: ignore[attr-defined]
                self._jump()
            for _ in range(len(ready)):
                turn = next_ready()
                if turn._cancelled:
                    continue
                try:
                    turn._context.run(turn._callback, *turn._args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:  # noqa: BLE001  as asyncio's own handles do
                    self._report(turn, error)
            if self._stopping:  # type: ignore[attr-defined]
                return

    def _report(self, turn: _Turn, error: BaseException) -> None:
        """Have a callback that raised dealt with as asyncio's own loop does."""
        words = f"Exception in callback {turn._callback!r}"
        self.call_exception_handler({"message": words, "exception": error, "handle": turn})

    def _jump(self) -> None:
        """Go to the next timer; one that calls back outside of any task may make nothing ready.

        If it does, that is run before what it calls next: as if each callback had its own timer.
        """
        timers, ready = self._timers, self._ready  # type: ignore[attr-defined]
        while True:
            if not timers:
                timers = self._next_span()
            when_ns, _, timer = timers[0]
            if type(timer) is _CALLS:
                self.elapsed_ns = when_ns
                for callback in timer:
                    callback()
                    if ready:
                        return
                self._calls.pop(when_ns, None)
            elif isinstance(timer, asyncio.Future) and not timer.done():
                heapq.heappop(timers)
                self.elapsed_ns = when_ns
                timer.set_result(None)
                return
            elif isinstance(timer, asyncio.TimerHandle) and not timer.cancelled():
                heapq.heappop(timers)
                self.elapsed_ns = when_ns
                ready.append(timer)
                return
            heapq.heappop(timers)

    def _next_span(self) -> list[tuple[int, int, _Timer]]:
        """Go to the next span in which a timer is due; its timers. Raises Deadlock for none."""
        if not self._later_spans:
            raise Deadlock("every task waits, and no timer is set")
        self._span = heapq.heappop(self._later_spans)
        self._timers = timers = self._later.pop(self._span)
        heapq.heapify(timers)
        return timers

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
        self._stamp_second = -1
        self._stamp = ""
        self.call_at = loop.run_at_ns
        """Call back at a moment (virtual nanoseconds), outside of any task."""
        self.sleep_until = loop.sleep_until_ns
        """Await it to go on at a moment (virtual nanoseconds), at once if that is past."""

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

    def stamp(self) -> str:
        """The virtual date as the API server writes it; made once a second."""
        second = self._loop.elapsed_ns // NANOSECONDS_PER_SECOND
        if second != self._stamp_second:
            self._stamp_second = second
            self._stamp = timestamp(EPOCH + timedelta(seconds=second))
        return self._stamp

    def micro_stamp(self) -> str:
        """The virtual date with microseconds, as leases want it; the whole seconds as `stamp`."""
        micros = self._loop.elapsed_ns % NANOSECONDS_PER_SECOND // 1000
        return f"{self.stamp()[:-1]}.{micros:06d}Z"


def run_in_virtual_time(main: Callable[[VirtualClock], Coroutine[Any, Any, T]]) -> T:
    """Run `main(clock)` to its end on a fresh loop in virtual time."""
    with COLLECTING.for_a_simulation(), asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualTimeLoop)
        return runner.run(main(VirtualClock(loop)))
