"""Trying again what a cluster in trouble does not answer well, until a deadline.

Invariant: only what may go well the next time is tried again, and every retry is reported; a
deadline that is past raises what the last attempt raised.
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.errors import (
    ClusterError,
    ConnectionLost,
    Forbidden,
    ServerFailure,
    TooManyRequests,
)

T = TypeVar("T")

PAUSE_SECONDS: Final = 1.0
REFUSED_SECONDS: Final = 30.0
"""How long refusals may last: an API server that has just been started refuses everybody until it
has read its roles."""
_PASSING: Final = (ConnectionLost, ServerFailure, TooManyRequests, Forbidden)


class Patience:
    """How long, and before whom, a call is tried again."""

    def __init__(self, clock: Clock, deadline_ns: int, tell: Callable[[str], None]) -> None:
        self._clock = clock
        self._deadline_ns = deadline_ns
        self._tell = tell

    async def call(self, make: Callable[[], Awaitable[T]]) -> T:
        """Retry `make` until it returns. Raises ClusterError if it cannot, or at the deadline."""
        refused_until_ns = self._clock.now_ns() + to_nanoseconds(REFUSED_SECONDS)
        while True:
            try:
                return await make()
            except _PASSING as error:
                seconds = _pause_after(error)
                until_ns = self._clock.now_ns() + to_nanoseconds(seconds)
                is_refused = isinstance(error, Forbidden) and until_ns >= refused_until_ns
                if is_refused or until_ns >= self._deadline_ns:
                    raise
                self._tell(f"tried again in {seconds:g} s: {error.message}")
                await self._clock.sleep_until(until_ns)


def _pause_after(error: ClusterError) -> float:
    if isinstance(error, TooManyRequests) and error.retry_after_seconds:
        return max(PAUSE_SECONDS, error.retry_after_seconds)
    return PAUSE_SECONDS
