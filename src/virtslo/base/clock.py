"""One clock for everything that is measured.

Invariant: a duration is the difference of two `now_ns()` of the same clock. `wall()` exists to
write dates that people read, never to subtract.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol

NANOSECONDS_PER_SECOND = 1_000_000_000


def to_seconds(nanoseconds: float) -> float:
    """Nanoseconds as seconds."""
    return nanoseconds / NANOSECONDS_PER_SECOND


def to_nanoseconds(seconds: float) -> int:
    """Seconds as whole nanoseconds."""
    return round(seconds * NANOSECONDS_PER_SECOND)


def seconds_between(starts: Iterable[float | None], ends: Iterable[float | None]) -> list[float]:
    """Seconds from each start to its end, where both are known: whole nanoseconds, as those are.

    What rounding left in the difference of two moments is taken off it; to round that to nine
    decimals takes more than twice as long.
    """
    return [
        round((end - start) * NANOSECONDS_PER_SECOND) / NANOSECONDS_PER_SECOND
        for start, end in zip(starts, ends, strict=True)
        if start is not None and end is not None
    ]


def timestamp(moment: datetime) -> str:
    """A moment as the API server writes it: RFC 3339, whole seconds, UTC."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{in_utc.isoformat()[:19]}Z"


def micro_timestamp(moment: datetime) -> str:
    """A moment as leases want it (the API's MicroTime): always with microseconds, UTC."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{in_utc.isoformat(timespec='microseconds')[:26]}Z"


class Clock(Protocol):
    """A monotonic clock, and the date that goes with it."""

    @property
    def is_virtual(self) -> bool:
        """Whether time is simulated."""
        ...

    def now_ns(self) -> int:
        """Monotonic time, nanoseconds; its origin has no meaning."""
        ...

    def wall(self) -> datetime:
        """The date and time, for people; aware, UTC."""
        ...

    def stamp(self) -> str:
        """The date and time as the API server writes them: RFC 3339, whole seconds, UTC."""
        ...

    def micro_stamp(self) -> str:
        """The date and time as leases want them: RFC 3339, always with microseconds, UTC."""
        ...

    def sleep_until(self, when_ns: int) -> Awaitable[None]:
        """Await it, once, to go on at `when_ns` of this clock; at once if that is past."""
        ...

    def call_at(self, when_ns: int, callback: Callable[[], None]) -> None:
        """Call back at `when_ns` of this clock, outside of any task; it must not raise."""
        ...


def sleep(clock: Clock, seconds: float) -> Awaitable[None]:
    """Await it, once, to go on after a span of this clock."""
    return clock.sleep_until(clock.now_ns() + to_nanoseconds(seconds))


class SystemClock:
    """The machine's monotonic clock."""

    is_virtual = False

    def now_ns(self) -> int:
        """Monotonic time, nanoseconds."""
        return time.monotonic_ns()

    def wall(self) -> datetime:
        """The machine's date and time, UTC."""
        return datetime.now(UTC)

    def stamp(self) -> str:
        """The machine's date and time as the API server writes them."""
        return timestamp(self.wall())

    def micro_stamp(self) -> str:
        """The machine's date and time with microseconds, as leases want them."""
        return micro_timestamp(self.wall())

    async def sleep_until(self, when_ns: int) -> None:
        """Return at `when_ns`, at once if that is past."""
        await asyncio.sleep(max(0, when_ns - time.monotonic_ns()) / NANOSECONDS_PER_SECOND)

    def call_at(self, when_ns: int, callback: Callable[[], None]) -> None:
        """Call back at `when_ns`, outside of any task."""
        seconds = max(0, when_ns - time.monotonic_ns()) / NANOSECONDS_PER_SECOND
        asyncio.get_running_loop().call_later(seconds, callback)
