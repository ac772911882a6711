"""Tests that are coroutines: `async def test_x(cluster)` runs on an event loop of its own.

The loop is one in virtual time, unless the test is marked `sockets` or one of its fixtures needs
real time. Invariant: what can only be opened on the test's loop is a fixture's `OnLoop`; it is
opened there before the body, in the order of the arguments, and closed after it in reverse.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pytest

from virtslo.base.clock import Clock, SystemClock
from virtslo.base.virtual_time import run_in_virtual_time

T = TypeVar("T")


@dataclass(slots=True)
class TestLoop:
    """The loop that a test runs on: its clock, and what is open on it."""

    __test__ = False

    clock: Clock
    stack: AsyncExitStack
    opened: dict[int, Any] = field(default_factory=dict)

    async def open(self, wanted: "OnLoop[T]") -> T:
        """The value of a fixture; the same one each time."""
        if id(wanted) not in self.opened:
            value = await self.stack.enter_async_context(wanted.opener(self))
            self.opened[id(wanted)] = value
        found: T = self.opened[id(wanted)]
        return found


@dataclass(frozen=True, slots=True)
class OnLoop(Generic[T]):
    """A fixture's value that is opened on the loop of the test."""

    opener: Callable[[TestLoop], AbstractAsyncContextManager[T]]
    needs_sockets: bool = False
    """Whether the loop must be in real time: virtual time does not see what a socket holds."""


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work that goes on beside a test and is cancelled after it; a sole failure is raised bare."""
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            yield
            task.cancel()
    except BaseExceptionGroup as failures:
        if len(failures.exceptions) > 1:
            raise
        raise failures.exceptions[0] from None


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine; leave every other to pytest."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    values = {name: pyfuncitem.funcargs[name] for name in names}

    async def main(clock: Clock) -> None:
        async with AsyncExitStack() as stack:
            loop = TestLoop(clock, stack)
            arguments = {
                name: await loop.open(value) if isinstance(value, OnLoop) else value
                for name, value in values.items()
            }
            await pyfuncitem.obj(**arguments)

    wanted = [value for value in pyfuncitem.funcargs.values() if isinstance(value, OnLoop)]
    if pyfuncitem.get_closest_marker("sockets") or any(one.needs_sockets for one in wanted):
        asyncio.run(main(SystemClock()))
    else:
        run_in_virtual_time(main)
    return True
