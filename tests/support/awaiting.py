"""Waiting for what may be done at once."""

from collections.abc import Awaitable


async def served(waiting: Awaitable[None] | None) -> None:
    """Wait for what a request queue says is to be awaited, if there is anything."""
    if waiting is not None:
        await waiting
