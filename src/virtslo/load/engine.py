"""The load engine: it does planned operations when they are intended.

Invariant: an intended time never depends on an outcome. At most `max_in_flight` operations are
unanswered at any moment. Every operation that was sent is recorded, whatever ends the run. There
is no task for an operation whose turn has not come.

`released` is when an operation could have been sent: its intended time, or the moment a place
became free where that is later. What passes between it and `sent` is our own delay.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.load.operations import Answer, perform
from virtslo.load.planned import PlannedOperation
from virtslo.model.plan.workload import TRAITS
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.ports.kube_api import KubeApi

__all__ = ["Engine", "PlannedOperation"]

INTERRUPTED: Final = Answer(None, "interrupted")
GRACE_SECONDS: Final = 5.0
"""How long an interrupted engine waits for answers before it gives the operations up."""

ObjectKey = tuple[str, str, str]
"""(kind, namespace, name)."""


class Engine:
    """Does operations on one API server and hands out a record of each."""

    def __init__(
        self,
        api: KubeApi,
        clock: Clock,
        *,
        origin_ns: int,
        max_in_flight: int,
        on_record: Callable[[OperationRecord], None],
    ) -> None:
        self._api = api
        self._clock = clock
        self._origin_ns = origin_ns
        self._max_in_flight = max_in_flight
        self._on_record = on_record

    async def run(
        self, operations: Sequence[PlannedOperation], *, t0_ns: int, closed_loop: bool
    ) -> None:
        """Do all of them; returns when every one has been answered.

        `t0_ns` is of the engine's clock. Closed loop: everything is intended at t0. When cancelled
        it releases nothing more, waits a little for what is in flight, and records it.
        """
        if not operations:
            return
        turns = iter(operations if closed_loop else _in_time(operations))
        run = _Run(self, turns, t0_ns, is_closed=closed_loop)
        async with asyncio.TaskGroup() as group:
            workers = [
                group.create_task(run.work())
                for _ in range(min(self._max_in_flight, len(operations)))
            ]
            try:
                await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
            except asyncio.CancelledError:
                await self._end(run, workers)
                raise

    async def _end(self, run: "_Run", workers: list[asyncio.Task[None]]) -> None:
        """Stop what waits for its turn; give what is in flight a little time."""
        run.is_ending = True
        for worker in workers:
            if worker not in run.in_flight:
                worker.cancel()
        pending = [worker for worker in workers if not worker.done()]
        deadline_ns = self._clock.now_ns() + to_nanoseconds(GRACE_SECONDS)
        async with asyncio.TaskGroup() as group:
            timer = group.create_task(self.sleep_until(deadline_ns))
            answers = group.create_task(_all_done(pending))
            await asyncio.wait([timer, answers], return_when=asyncio.FIRST_COMPLETED)
            timer.cancel()
            answers.cancel()

    def perform(self, operation: PlannedOperation) -> Awaitable[Answer]:
        """Do one operation."""
        return perform(self._api, operation)

    def now_ns(self) -> int:
        """The engine's clock."""
        return self._clock.now_ns()

    async def sleep_until(self, when_ns: int) -> None:
        """Wait for a time of the engine's clock."""
        await self._clock.sleep_until(when_ns)

    def record(
        self,
        operation: PlannedOperation,
        outcome: Answer,
        *,
        intended_ns: int,
        released_ns: int,
        sent_ns: int,
        finished_ns: int | None,
    ) -> None:
        """Hand out the record of one operation; the times are of the engine's clock."""
        planned, origin_ns = operation.planned, self._origin_ns
        self._on_record(
            OperationRecord(
                stage=operation.stage,
                verb=operation.verb,
                kind=TRAITS[planned.kind].resource.kind,
                namespace=planned.namespace,
                name=planned.name,
                index=planned.index,
                intended_ns=intended_ns - origin_ns,
                released_ns=released_ns - origin_ns,
                sent_ns=sent_ns - origin_ns,
                finished_ns=None if finished_ns is None else finished_ns - origin_ns,
                code=outcome.code,
                error=outcome.error,
                uid=outcome.uid,
                cycle=operation.cycle,
                message=outcome.message,
            )
        )


class _Run:
    """One call of `Engine.run`: the turns that are left, and who is in flight."""

    def __init__(
        self, engine: Engine, turns: Iterator[PlannedOperation], t0_ns: int, *, is_closed: bool
    ) -> None:
        self._engine = engine
        self._turns = turns
        self._t0_ns = t0_ns
        self._is_closed = is_closed
        self.is_ending = False
        self.in_flight: dict[asyncio.Task[None] | None, PlannedOperation] = {}
        self._creating: dict[ObjectKey, asyncio.Event] = {}
        """Objects whose create was taken and is not answered."""

    async def work(self) -> None:
        """Take turns until none is left."""
        engine, me = self._engine, asyncio.current_task()
        free_ns = self._t0_ns
        for operation in self._turns:
            intended_ns = self._t0_ns + (0 if self._is_closed else operation.offset_ns)
            key = _object(operation)
            answered: asyncio.Event | None = None
            if operation.verb == CREATE:
                answered = self._creating[key] = asyncio.Event()
            if intended_ns > engine.now_ns():
                await engine.sleep_until(intended_ns)
            if operation.verb == DELETE:
                free_ns = await self._when_created(key, free_ns)
            outcome, finished_ns = INTERRUPTED, None
            self.in_flight[me] = operation
            sent_ns = engine.now_ns()
            try:
                outcome = await engine.perform(operation)
                finished_ns = engine.now_ns()
            finally:
                del self.in_flight[me]
                if answered is not None:
                    answered.set()
                    if self._creating.get(key) is answered:
                        del self._creating[key]
                engine.record(
                    operation,
                    outcome,
                    intended_ns=intended_ns,
                    released_ns=max(intended_ns, free_ns),
                    sent_ns=sent_ns,
                    finished_ns=finished_ns,
                )
            free_ns = finished_ns
            if self.is_ending:
                return

    async def _when_created(self, key: ObjectKey, free_ns: int) -> int:
        """From when a deletion can be sent: not before its object's create was answered, or there
        is nothing to delete and the object stays."""
        create = self._creating.get(key)
        if create is None:
            return free_ns
        await create.wait()
        return self._engine.now_ns()


def _object(operation: PlannedOperation) -> ObjectKey:
    planned = operation.planned
    return planned.kind, planned.namespace, planned.name


def _in_time(operations: Sequence[PlannedOperation]) -> list[PlannedOperation]:
    """By intended time; those of one time in the order given."""
    return sorted(operations, key=lambda operation: operation.offset_ns)


async def _all_done(workers: list[asyncio.Task[None]]) -> None:
    if workers:
        await asyncio.wait(workers)
