"""When faults happen: each plays at its times, whether or not a request comes.

Invariant: times are absolute of one clock, so that a play that takes long moves no later one; a
fault of a stage plays in every such stage, and no play of it begins after the stage's end; without
a stage it is of the measured one, and where nothing has stages of the cluster's whole life.
"""

import asyncio
from collections.abc import Mapping, Sequence

from virtslo.base.clock import Clock, to_nanoseconds, to_seconds
from virtslo.base.stage_board import MEASURED, StageBoard
from virtslo.model.simulated.faults import WHOLE_RUN, Fault
from virtslo.ports.fault_play import Play


class FaultTimer:
    """Plays faults, each in a task of its own."""

    def __init__(
        self,
        faults: Sequence[Fault],
        *,
        clock: Clock,
        plays: Mapping[str, Play],
        stages: StageBoard | None = None,
    ) -> None:
        self._faults = tuple(faults)
        self._clock = clock
        self._plays = plays
        self._stages = stages

    async def run(self) -> None:
        """Play every fault until cancelled."""
        async with asyncio.TaskGroup() as group:
            for fault in self._faults:
                group.create_task(self._keep(fault))

    async def _keep(self, fault: Fault) -> None:
        if self._stages is None or fault.stage == WHOLE_RUN:
            if self._stages is not None:
                await self._stages.has_begun.wait()
            await self._series(fault, asyncio.Event())
            return
        while True:
            over = await self._stages.begun(fault.stage or MEASURED)
            await self._series(fault, over)
            await over.wait()

    async def _series(self, fault: Fault, over: asyncio.Event) -> None:
        due_ns = self._clock.now_ns() + to_nanoseconds(fault.at)
        every_ns = to_nanoseconds(fault.every)
        while not await self._is_over_at(due_ns, over):
            await self._once(fault, over)
            if not every_ns:
                return
            while due_ns <= self._clock.now_ns():
                due_ns += every_ns

    async def _once(self, fault: Fault, over: asyncio.Event) -> None:
        start_ns = self._clock.now_ns()

        async def span() -> None:
            if fault.lasts:
                await self._is_over_at(start_ns + to_nanoseconds(fault.lasts), over)
            else:
                await over.wait()

        await self._plays[fault.name](fault, span)

    async def _is_over_at(self, when_ns: int, over: asyncio.Event) -> bool:
        """Wait until then, or until it is all over; whether it is."""
        seconds = to_seconds(when_ns - self._clock.now_ns())
        if seconds <= 0:
            return over.is_set()  # at once, so that the first request of a stage is struck too
        try:
            async with asyncio.timeout(seconds):
                await over.wait()
        except TimeoutError:
            return over.is_set()
        return True
