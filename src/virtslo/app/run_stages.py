"""The stages of a run, one after another: warm-up, ramp-up, (churn), ramp-down.

Invariant: deadlines are absolute; a stage's window closes only when the population is as the
stage wants it and the cluster is quiet, or when waiting has ended, and the stage says which.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from virtslo.app.watching import RunWatch
from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.load.engine import Engine, PlannedOperation
from virtslo.load.plan import Plan, PlannedObject
from virtslo.model.operations import (
    CREATE,
    DELETE,
    RAMP_DOWN,
    RAMP_UP,
    WARM_UP,
    OperationRecord,
)
from virtslo.model.scenario import Process, Scenario
from virtslo.model.stages import Stage


class RunStages:
    """Carries out the stages and keeps what is known of them."""

    def __init__(
        self,
        scenario: Scenario,
        plan: Plan,
        *,
        engine: Engine,
        watch: RunWatch,
        clock: Clock,
        origin_ns: int,
        on_stage: Callable[[], None],
    ) -> None:
        self._scenario = scenario
        self._plan = plan
        self._engine = engine
        self._watch = watch
        self._clock = clock
        self._origin_ns = origin_ns
        self._on_stage = on_stage
        self.stages: tuple[Stage, ...] = ()
        self.created = 0
        self.failed = 0
        self._alive: dict[tuple[str, str], PlannedObject] = {}
        self._planned = {
            (planned.namespace, planned.name): planned for planned in (*plan.objects, *plan.warm_up)
        }

    @property
    def current(self) -> Stage | None:
        """The stage that is under way, or the last one."""
        return self.stages[-1] if self.stages else None

    @property
    def wanted_members(self) -> int:
        """How many VMIs the plan wants in all."""
        return sum(planned.members for planned in self._plan.objects)

    def count(self, operation: OperationRecord) -> None:
        """Take note of an operation's outcome."""
        key = (operation.namespace, operation.name)
        if operation.error is not None:
            self.failed += 1
        elif operation.verb == CREATE:
            if operation.stage != WARM_UP:
                self.created += 1
            self._alive[key] = self._planned[key]
        elif operation.verb == DELETE:
            self._alive.pop(key, None)

    async def carry_out(self, *, keep: bool) -> None:
        """Every stage of the scenario's pattern."""
        if self._plan.warm_up:
            await self._warm_up()
        await self._ramp_up()
        if not keep:
            await self._ramp_down()

    async def _warm_up(self) -> None:
        self._open(WARM_UP, deadline=self._plan.running_deadline)
        objects = self._plan.warm_up
        await self._do(CREATE, objects, WARM_UP, offsets_ns=(0,) * len(objects), closed_loop=True)
        await self._wait(self._watch.population.warm_up_is_running(len(objects)))
        self._move(deadline=self._plan.gone_deadline)
        await self._delete_alive(WARM_UP)
        await self._wait(self._watch.population.warm_up_is_gone())
        await self._close()

    async def _ramp_up(self) -> None:
        last_offset = self._plan.offsets_ns[-1] / 1e9 if self._plan.offsets_ns else 0.0
        self._open(RAMP_UP, deadline=last_offset + self._plan.running_deadline)
        await self._do(
            CREATE,
            self._plan.objects,
            RAMP_UP,
            offsets_ns=self._plan.offsets_ns,
            closed_loop=self._scenario.load.arrival.process is Process.BURST,
        )
        whole = self._watch.population.is_whole(self._wanted_indices(), self._wanted_members())
        await self._wait(whole)
        await self._close()

    async def _ramp_down(self) -> None:
        self._open(RAMP_DOWN, deadline=self._plan.gone_deadline)
        await self._delete_alive(RAMP_DOWN)
        await self._wait(self._watch.population.is_gone())
        await self._close()

    def _wanted_indices(self) -> frozenset[int]:
        return frozenset(planned.index for planned in self._alive.values())

    def _wanted_members(self) -> int:
        return sum(planned.members for planned in self._alive.values())

    async def _delete_alive(self, stage: str) -> None:
        objects = list(self._alive.values())
        await self._do(DELETE, objects, stage, offsets_ns=(0,) * len(objects), closed_loop=True)

    async def _do(
        self,
        verb: str,
        objects: Sequence[PlannedObject],
        stage: str,
        *,
        offsets_ns: Sequence[int],
        closed_loop: bool,
    ) -> None:
        operations = [
            PlannedOperation(verb, planned, offset_ns, stage)
            for planned, offset_ns in zip(objects, offsets_ns, strict=True)
        ]
        t0_ns = self._origin_ns + self.stages[-1].t0_ns
        if stage == WARM_UP and verb == DELETE:
            t0_ns = self._clock.now_ns()
        await self._engine.run(operations, t0_ns=t0_ns, closed_loop=closed_loop)

    async def _wait(self, is_as_wanted: Callable[[], bool]) -> None:
        stage = self.stages[-1]
        assert stage.deadline_ns is not None
        reached = await self._watch.population.wait_for(
            is_as_wanted, self._origin_ns + stage.deadline_ns
        )
        if reached:
            self._replace(replace(stage, whole_ns=self._now()))

    def _now(self) -> int:
        return self._clock.now_ns() - self._origin_ns

    def _open(self, name: str, *, deadline: float) -> None:
        now_ns = self._now()
        stage = Stage(name, started_ns=now_ns, t0_ns=now_ns)
        self.stages = (*self.stages, replace(stage, deadline_ns=now_ns + to_nanoseconds(deadline)))
        self._on_stage()

    def _move(self, *, deadline: float) -> None:
        self._replace(replace(self.stages[-1], deadline_ns=self._now() + to_nanoseconds(deadline)))

    async def _close(self) -> None:
        load = self._scenario.load
        quiet_ns = await self._watch.quiet(settle=load.settle, limit=load.settle_limit)
        self._replace(replace(self.stages[-1], quiet_ns=quiet_ns, ended_ns=self._now()))

    def _replace(self, stage: Stage) -> None:
        self.stages = (*self.stages[:-1], stage)
        self._on_stage()
