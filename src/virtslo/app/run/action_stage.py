"""The stage of actions: machines started, stopped, restarted, paused or migrated, step by step.

Invariant: a step's requests go out on their own schedule, whatever becomes of earlier ones; a step
is over when every machine that accepted its request is as the step wants it, or its time is up.
What was refused is not waited for.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from virtslo.app.run.stage_tools import StageTools
from virtslo.base.clock import sleep, to_nanoseconds, to_seconds
from virtslo.load.machine_actions import PlannedStep
from virtslo.load.plan import Plan, PlannedObject
from virtslo.model.kubernetes import resources
from virtslo.model.plan.actions import Action, ActionStep
from virtslo.model.run.operations import OperationRecord
from virtslo.model.stage_names import ACTIONS

VMI: Final = resources.VMIS.kind
Place = tuple[str, str]
"""(namespace, name) of a machine."""


class ActionStage:
    """Carries out the steps of a plan."""

    def __init__(
        self,
        plan: Plan,
        tools: StageTools,
    ) -> None:
        self._plan = plan
        self._engine = tools.engine
        self._windows = tools.windows
        self._population = tools.watch.population
        self._clock = tools.clock
        self._accepted: dict[Place, None] = {}
        """Machines that accepted the request of the step under way."""

    def count(self, operation: OperationRecord) -> None:
        """Take note of an operation of the stage."""
        if operation.error is None or operation.is_in_doubt:
            self._accepted[operation.namespace, operation.name] = None

    async def carry_out(self) -> None:
        """Every step, one after another."""
        windows, starts_ns = self._windows, []
        async with windows.stage(ACTIONS, deadline=self._longest()):
            origin_ns = windows.t0_ns - windows.stages[-1].t0_ns
            are_all_reached = True
            for step in self._plan.steps:
                starts_ns.append(self._clock.now_ns() - origin_ns)
                windows.note(replace(windows.stages[-1], cycle_starts_ns=tuple(starts_ns)))
                are_all_reached = await self._step(step) and are_all_reached
                await sleep(self._clock, step.step.delay)
            await windows.wait(lambda: True, is_whole=are_all_reached)

    def _longest(self) -> float:
        """How long the stage may take: every step its schedule, the deadline and its delay."""
        return sum(
            to_seconds(max((op.offset_ns for op in step.operations), default=0))
            + self._plan.running_deadline
            + step.step.delay
            for step in self._plan.steps
        )

    async def _step(self, planned: PlannedStep) -> bool:
        """One step; whether every machine came to be as it wants."""
        population, step = self._population, planned.step
        before = {
            place: (uid, population.migrations_of(uid))
            for operation in planned.operations
            if (uid := population.running_uid(place := _place(operation.planned))) is not None
        }
        self._accepted = {}
        t0_ns = self._clock.now_ns()
        closed = step.rate is None
        await self._engine.run(planned.operations, t0_ns=t0_ns, closed_loop=closed)
        if not step.wait:
            return True
        last_ns = max((operation.offset_ns for operation in planned.operations), default=0)
        deadline_ns = t0_ns + last_ns + to_nanoseconds(self._plan.running_deadline)
        waiting = dict(self._accepted)

        def is_over() -> bool:
            done = [place for place in waiting if self._has_effect(step, place, before)]
            for place in done:
                del waiting[place]
            return not waiting

        return await population.wait_for(is_over, deadline_ns)

    def _has_effect(
        self, step: ActionStep, place: Place, before: Mapping[Place, tuple[str, int]]
    ) -> bool:
        population = self._population
        uid = population.running_uid(place)
        if step.action is Action.STOP:
            return population.uid_of((VMI, *place)) is None
        if uid is None:
            return False
        old, migrations = before.get(place, (None, 0))
        if step.action is Action.START:
            return not step.paused or population.is_paused(uid)
        if step.action is Action.RESTART:
            return uid != old
        if step.action is Action.MIGRATE:
            return uid != old or population.migrations_of(uid) > migrations
        return population.is_paused(uid) is (step.action is Action.PAUSE)


def _place(planned: PlannedObject) -> Place:
    return planned.namespace, planned.name
