"""Calls that are made beside each other, as a controller's goroutines are.

Invariant: every call is made, whatever becomes of the others; the first failure is raised when
all have been answered.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from virtslo.base.errors import ClusterError
from virtslo.hollow.client_go.bad_objects import UNREADABLE


async def all_of(calls: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Make calls together. Raises the first failure among them."""
    failures: list[Exception] = []

    async def one(call: Coroutine[Any, Any, None]) -> None:
        try:
            await call
        except (ClusterError, *UNREADABLE) as error:
            failures.append(error)

    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(one(call))
    if failures:
        raise failures[0]
