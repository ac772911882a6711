"""A process of a component: it starts, may have to be elected first, and can die and start again.

Invariant: nothing of a process outlives it but what it wrote to the cluster: a new one begins with
counters at 0 and empty caches.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from virtslo.base.clock import sleep
from virtslo.client.latch import Latch
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.leader_election import LeaderElection, LeadershipLost

BACK_OFF_SECONDS: Final = 1.0
"""From the end of a process that lost its lease to its next start."""


class Startable(Protocol):
    """A controller that works as tasks of a group."""

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin."""
        ...


@dataclass(frozen=True, slots=True)
class Seat:
    """The lease that a process must hold to work."""

    name: str
    namespace: str


Parts = Callable[[Component], Sequence[Startable]]


class Process:
    """One process, over all its lives."""

    def __init__(
        self,
        name: str,
        new_component: Callable[[], Component],
        parts: Parts,
        *,
        seat: Seat | None = None,
    ) -> None:
        self.name = name
        self.component = new_component()
        self.working = Latch()
        """Set while it works: it leads, where it must, and its caches are filled."""
        self._new_component = new_component
        self._parts = parts
        self.seat = seat
        self._election: LeaderElection | None = None
        self._group: asyncio.TaskGroup | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_leading(self) -> bool:
        """Whether it holds its lease and works."""
        return self.seat is not None and self.working.is_set()

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin its first life."""
        self._group = group
        self._task = group.create_task(self._live())

    async def stop(self, *, release: bool = False) -> None:
        """End it at once; with `release` it gives its lease up first, as on SIGTERM."""
        if self._task is None:
            return
        election, leads = self._election, self.is_leading
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None
        if release and leads and election is not None:
            await election.release()

    def start_again(self) -> None:
        """Begin a new life."""
        assert self._group is not None, "it was never started"
        if self._task is None:
            self.component = self._new_component()
            self.start(self._group)

    async def _live(self) -> None:
        clock = self.component.clock
        while True:
            try:
                await self._one_life(self.component)
            except* LeadershipLost:
                self.working.clear()
            await sleep(clock, BACK_OFF_SECONDS)
            self.component = self._new_component()

    async def _one_life(self, component: Component) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                component.start(group)
                if self.seat is not None:
                    await self._be_elected(component, self.seat, group)
                for part in self._parts(component):
                    part.start(group)
                component.start(group)
                await component.synced()
                self.working.set()
        finally:
            self.working.clear()

    async def _be_elected(self, component: Component, seat: Seat, group: asyncio.TaskGroup) -> None:
        self._election = LeaderElection(
            component, name=seat.name, namespace=seat.namespace, identity=self.name
        )
        await self._election.acquire()
        group.create_task(self._election.renew())
