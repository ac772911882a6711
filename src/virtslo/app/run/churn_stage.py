"""The churn stage, carried out: replacements on a schedule that outcomes do not move.

Invariant: every operation of every cycle is handed to the engine before the first is done; the
stage lasts to the last start + max(every, its recovery), and no longer than its deadline.
"""

from collections.abc import Callable
from dataclasses import replace

from virtslo.app.run.stage_tools import StageTools
from virtslo.base.clock import to_nanoseconds, to_seconds
from virtslo.load.plan import Plan, PlannedCycle
from virtslo.model.plan.scenario import Churn, ChurnMode, Pattern, Scenario
from virtslo.model.plan.workload import TRAITS
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.stage_names import CHURN


class ChurnStage:
    """Carries out the cycles of a plan and waits for the last one."""

    def __init__(
        self,
        scenario: Scenario,
        plan: Plan,
        tools: StageTools,
    ) -> None:
        assert scenario.load.churn is not None
        self._churn: Churn = scenario.load.churn
        self._scenario = scenario
        self._plan = plan
        self._engine = tools.engine
        self._windows = tools.windows
        self._population = tools.watch.population
        self._clock = tools.clock
        self._last = plan.cycles[-1].number
        self._victims: dict[str, None] = {}
        self._refused: dict[tuple[str, str], tuple[str, str, str] | None] = {}
        """What never comes; with the key under which it may be found if that is in doubt."""

    def count(self, operation: OperationRecord) -> None:
        """Take note of an operation of the stage."""
        if operation.cycle != self._last:
            return
        if operation.verb == DELETE and operation.error is None and operation.uid is not None:
            self._victims[operation.uid] = None
        elif operation.error is not None:
            key = (operation.kind, operation.namespace, operation.name)
            self._refused[key[1:]] = key if operation.is_in_doubt else None

    async def carry_out(self) -> None:
        """Every cycle, to the stage's end."""
        plan, windows = self._plan, self._windows
        last_ns = max(
            operation.offset_ns for cycle in plan.cycles for operation in cycle.operations
        )
        schedule_ns = self._schedule_ns()
        deadline = to_seconds(max(last_ns, schedule_ns)) + plan.running_deadline
        async with windows.stage(CHURN, deadline=deadline):
            t0_ns, stage = windows.t0_ns, windows.stages[-1]
            starts_ns = tuple(stage.t0_ns + cycle.start_ns for cycle in plan.cycles)
            windows.note(replace(stage, cycle_starts_ns=starts_ns))
            operations = [operation for cycle in plan.cycles for operation in cycle.operations]
            await self._engine.run(operations, t0_ns=t0_ns, closed_loop=False)
            await windows.wait(self._is_over(plan.cycles[-1]))
            await self._clock.sleep_until(t0_ns + schedule_ns)

    def _schedule_ns(self) -> int:
        """When the schedule itself is over, from t0."""
        if self._scenario.load.pattern is Pattern.CONSTANT_CHURN:
            return to_nanoseconds(self._churn.duration or 0.0)
        return self._plan.cycles[-1].start_ns + to_nanoseconds(self._churn.every)

    def _is_over(self, last: PlannedCycle) -> Callable[[], bool]:
        """Whether the last cycle has recovered, as far as it can: what was refused never comes."""
        if TRAITS[self._scenario.workload.kind].is_group:
            return self._population.is_replaced(
                gone=self._victims, running=(), members=self._scenario.workload.count
            )
        wanted = last.victims if self._churn.mode is ChurnMode.RESTART else last.replacements
        running = dict.fromkeys((planned.namespace, planned.name) for planned in wanted)
        if self._scenario.load.pattern is Pattern.CONSTANT_CHURN:
            running = self._still_wanted(last)

        def replaced() -> bool:
            to_come = [place for place in running if self._is_to_come(place)]
            return self._population.is_replaced(gone=self._victims, running=to_come)()

        return replaced

    def _is_to_come(self, place: tuple[str, str]) -> bool:
        """Whether a replacement was accepted, or was found though its answer was lost."""
        if place not in self._refused:
            return True
        key = self._refused[place]
        return key is not None and self._population.uid_of(key) is not None

    def _still_wanted(self, last: PlannedCycle) -> dict[tuple[str, str], None]:
        """Of one long cycle: replacements that are not victims again later in it."""
        wanted: dict[tuple[str, str], None] = {}
        for operation in last.operations:
            key = (operation.planned.namespace, operation.planned.name)
            if operation.verb == CREATE or self._churn.mode is ChurnMode.RESTART:
                wanted[key] = None
            else:
                wanted.pop(key, None)
        return wanted
