"""The stages of a run, one after another: warm-up, ramp-up, churn, ramp-down.

Invariant: a stage's window closes only when the population is as the stage wants it and the cluster
is quiet, or when waiting has ended, and the stage says which.
"""

from collections.abc import Callable, Sequence

from virtslo.app.run.action_stage import ActionStage
from virtslo.app.run.churn_stage import ChurnStage
from virtslo.app.run.replay_stage import ReplayStage
from virtslo.app.run.run_watch import RunWatch
from virtslo.app.run.stage_tools import StageTools
from virtslo.app.run.stage_windows import StageWindows
from virtslo.base.clock import Clock, sleep, to_seconds
from virtslo.load.engine import Engine, PlannedOperation
from virtslo.load.plan import Plan, PlannedObject
from virtslo.model.plan.scenario import ArrivalProcess, Scenario
from virtslo.model.plan.workload import TRAITS
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import ACTIONS, CHURN, HOLD, RAMP_DOWN, RAMP_UP, WARM_UP, StageName

NOT_FOUND = 404
PAUSES = (3.0, 9.0, 27.0)
"""After how many seconds what could not be deleted is asked for again; each time as an operation of
its own. What is there after that is left to clean-up."""
ObjectKey = tuple[str, str, str]
"""(kind, namespace, name) of an object."""


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
        windows: StageWindows,
    ) -> None:
        self._scenario = scenario
        self._plan = plan
        self._engine = engine
        self._watch = watch
        self._clock = clock
        self._windows = windows
        self.created = 0
        self.failed = 0
        self.latest_ns: int | None = None
        """The most that an operation of the stage under way was sent too late."""
        self._latest_in: str | None = None
        self._alive: dict[ObjectKey, PlannedObject] = {}
        self._uids: dict[ObjectKey, str] = {}
        self._places: dict[ObjectKey, int] = {}
        self._unknown: dict[ObjectKey, PlannedObject] = {}
        """Creates without an answer: the server may have them, so the ramp-down deletes them."""
        refills = [planned for cycle in plan.cycles for planned in cycle.replacements]
        self._planned: dict[ObjectKey, PlannedObject] = {
            (TRAITS[planned.kind].resource.kind, planned.namespace, planned.name): planned
            for planned in (*plan.objects, *plan.warm_up, *refills)
        }
        self.to_create = len(plan.objects) + len(refills)
        """How many creates are planned in all, but for the warm-up's."""
        self.wanted_members = sum(planned.members for planned in plan.objects)
        """How many VMIs the plan wants in all."""
        tools = StageTools(engine, watch, windows, clock)
        self._actions = ActionStage(plan, tools) if plan.steps else None
        self._replay: ReplayStage | None = None
        if scenario.load.replay is not None:
            self._replay = ReplayStage(
                plan,
                tools,
                settle=scenario.load.settle,
                is_whole=self._is_whole,
                place_of=self._place_of,
            )
        self._churn = ChurnStage(scenario, plan, tools) if plan.cycles else None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages so far."""
        return self._windows.stages

    @property
    def current(self) -> Stage | None:
        """The stage that is under way, or the last one."""
        return self._windows.current

    def count(self, operation: OperationRecord) -> None:
        """Take note of an operation's outcome."""
        if self._churn is not None and operation.stage == CHURN:
            self._churn.count(operation)
        if self._actions is not None and operation.stage == ACTIONS:
            self._actions.count(operation)
        self._note_lateness(operation)
        key = (operation.kind, operation.namespace, operation.name)
        if operation.error is not None:
            self.failed += 1
            if operation.verb == DELETE and operation.code == NOT_FOUND:
                self._forget(key)
            elif operation.verb == CREATE and operation.is_in_doubt:
                self._unknown[key] = self._planned[key]
        elif operation.verb == CREATE:
            if operation.stage != WARM_UP:
                self.created += 1
            self._alive[key] = self._planned[key]
            self._places.setdefault(key, len(self._places))
            if operation.uid is not None:
                self._uids[key] = operation.uid
        elif operation.verb == DELETE:
            self._forget(key)

    def _note_lateness(self, operation: OperationRecord) -> None:
        if operation.sent_ns is None or operation.released_ns is None:
            return
        if operation.stage != self._latest_in:
            self._latest_in, self.latest_ns = operation.stage, 0
        late_ns = operation.sent_ns - operation.released_ns
        self.latest_ns = max(self.latest_ns or 0, late_ns)

    def _find_unknown(self) -> bool:
        """Take what was created in spite of a lost answer for what it is; whether there was any."""
        population = self._watch.population
        found = {key: uid for key in self._unknown if (uid := population.uid_of(key)) is not None}
        for key in found:
            self._alive[key] = self._unknown.pop(key)
            self.created += 1
            self.failed -= 1
        self._uids.update(found)
        return bool(found)

    def _is_whole(self) -> Callable[[], bool]:
        """Whether everything that was accepted, or was found since, runs."""
        population = self._watch.population
        is_whole = population.is_whole(self._wanted_indices(), self._wanted_members())

        def whole() -> bool:
            nonlocal is_whole
            if self._unknown and self._find_unknown():
                is_whole = population.is_whole(self._wanted_indices(), self._wanted_members())
            return is_whole()

        return whole

    def _place_of(self, planned: PlannedObject) -> int:
        """In which place an object was accepted; of one that never was, past all others."""
        key = (TRAITS[planned.kind].resource.kind, planned.namespace, planned.name)
        return self._places.get(key, len(self._planned))

    def _forget(self, key: ObjectKey) -> None:
        self._alive.pop(key, None)
        self._unknown.pop(key, None)

    async def carry_out(self, *, keep: bool) -> None:
        """Every stage of the scenario's pattern."""
        if self._plan.warm_up:
            await self._warm_up()
        await (self._ramp_up() if self._replay is None else self._replay.ramp_up())
        if self._churn is not None:
            await self._churn.carry_out()
        if self._actions is not None:
            await self._actions.carry_out()
        if self._scenario.load.hold:
            await self._hold(self._scenario.load.hold)
        if not keep:
            await self._ramp_down()

    async def _warm_up(self) -> None:
        objects = self._plan.warm_up
        population = self._watch.population
        async with self._windows.stage(WARM_UP, deadline=self._plan.running_deadline):
            await self._create(objects, WARM_UP, (0,) * len(objects), closed_loop=True)
            await self._windows.wait(population.warm_up_is_running(len(self._alive)))
            self._windows.move_deadline(self._plan.gone_deadline)
            await self._delete_alive(WARM_UP, t0_ns=self._clock.now_ns())
            await self._windows.wait(population.warm_up_is_gone())
            self._alive, self._unknown = {}, {}  # what is still there is left to clean-up

    async def _ramp_up(self) -> None:
        plan = self._plan
        last_offset = to_seconds(plan.offsets_ns[-1]) if plan.offsets_ns else 0.0
        is_burst = self._scenario.load.arrival.process is ArrivalProcess.BURST
        async with self._windows.stage(RAMP_UP, deadline=last_offset + plan.running_deadline):
            await self._create(plan.objects, RAMP_UP, plan.offsets_ns, closed_loop=is_burst)
            await self._windows.wait(self._is_whole())

    async def _hold(self, seconds: float) -> None:
        """Leave what is there alone: what is counted meanwhile are calls at rest."""
        async with self._windows.stage(HOLD, deadline=seconds):
            await sleep(self._clock, seconds)

    async def _ramp_down(self) -> None:
        async with self._windows.stage(RAMP_DOWN, deadline=self._plan.gone_deadline):
            if self._replay is not None:
                await self._replay.ramp_down()
            t0_ns = self._windows.t0_ns if self._replay is None else self._clock.now_ns()
            await self._delete_alive(RAMP_DOWN, t0_ns=t0_ns)
            kept = {self._uids[key] for key in self._alive if key in self._uids}
            is_gone = self._watch.population.is_gone(kept=kept)
            await self._windows.wait(is_gone, is_whole=not kept)

    def _wanted_indices(self) -> frozenset[int]:
        return frozenset(planned.index for planned in self._alive.values())

    def _wanted_members(self) -> int:
        return sum(planned.members for planned in self._alive.values())

    async def _create(
        self,
        objects: Sequence[PlannedObject],
        stage: StageName,
        offsets_ns: Sequence[int],
        *,
        closed_loop: bool,
    ) -> None:
        operations = [
            PlannedOperation(CREATE, planned, offset_ns, stage)
            for planned, offset_ns in zip(objects, offsets_ns, strict=True)
        ]
        await self._engine.run(operations, t0_ns=self._windows.t0_ns, closed_loop=closed_loop)

    async def _delete_alive(self, stage: StageName, *, t0_ns: int) -> None:
        """Delete what is there, and what may be; what had no good answer once more, and again."""
        there = {**self._alive, **self._unknown}
        for pause in (*PAUSES, None):
            operations = [PlannedOperation(DELETE, planned, 0, stage) for planned in there.values()]
            await self._engine.run(operations, t0_ns=t0_ns, closed_loop=True)
            there = {**self._alive, **self._unknown}
            if not there or pause is None:
                break
            await sleep(self._clock, pause)
            t0_ns = self._clock.now_ns()
