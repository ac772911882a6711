"""Tokens of service accounts that are renewed before they run out.

Invariant: one token at a time is asked for, however many requests wait for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from virtslo.base.clock import Clock, to_nanoseconds

LIFE_SECONDS: Final = 7200
RENEWED_AFTER_SECONDS: Final = 3600


class FreshToken:
    """The Authorization header of a token that is asked for anew in time."""

    def __init__(self, ask: Callable[[], Awaitable[str]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._token = ""
        self._renewed_ns = 0
        self._lock = asyncio.Lock()

    async def header(self) -> str:
        """The header's value."""
        async with self._lock:
            if not self._token or self._clock.now_ns() >= self._renewed_ns:
                self._token = await self._ask()
                self._renewed_ns = self._clock.now_ns() + to_nanoseconds(RENEWED_AFTER_SECONDS)
            return f"Bearer {self._token}"
