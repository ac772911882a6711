"""Work beside other work, until that ends.

Invariant: what is beside has ended when the context has; an error of ours that ends the context is
raised as it is, not as one of a group.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from virtslo.base.errors import VirtsloError


@asynccontextmanager
async def in_background(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Work beside what is inside, until that ends."""

    async def run() -> None:
        await work()

    failure: VirtsloError | None = None
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run())
        try:
            yield
        except VirtsloError as error:
            failure = error
        finally:
            task.cancel()
    if failure is not None:
        raise failure
