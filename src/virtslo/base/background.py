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


def first_error(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of a group, looking inside groups; ours before any other."""
    flat: list[BaseException] = []
    pending: list[BaseException] = [failures]
    while pending:
        error = pending.pop(0)
        if isinstance(error, BaseExceptionGroup):
            pending = [*error.exceptions, *pending]
        else:
            flat.append(error)
    return next((error for error in flat if isinstance(error, VirtsloError)), flat[0])
