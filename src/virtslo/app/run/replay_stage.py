"""A replay, carried out: arrivals and deletions at the times of a trace.

Invariant: when an operation is intended depends on the trace alone. The ramp-up is open until
everything that arrived and was not deleted runs, and the trace rests long enough for the cluster
to become quiet; deletions that are intended later belong to the ramp-down.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from virtslo.app.run.stage_tools import StageTools
from virtslo.base.clock import to_seconds
from virtslo.load.engine import PlannedOperation
from virtslo.load.plan import Plan, PlannedObject
from virtslo.load.replaying import split_by_rest
from virtslo.model.run.operations import CREATE
from virtslo.model.stage_names import RAMP_UP


class ReplayStage:
    """Plays a trace: first what goes up to the last arrival, then what is left of deletions."""

    def __init__(
        self,
        plan: Plan,
        tools: StageTools,
        *,
        settle: float,
        is_whole: Callable[[], Callable[[], bool]],
        place_of: Callable[[PlannedObject], int],
    ) -> None:
        self._plan = plan
        self._settle = settle
        self._engine = tools.engine
        self._watch = tools.watch
        self._windows = tools.windows
        self._clock = tools.clock
        self._is_whole = is_whole
        """Makes the test whether everything that is there runs, anew for what is there."""
        self._place_of = place_of
        """In which place an object was accepted: what is to be deleted at one moment goes in that
        order, as in every ramp-down."""
        self._t0_ns = 0
        self._later: tuple[PlannedOperation, ...] = ()
        """Deletions that are intended after the ramp-up."""

    async def ramp_up(self) -> None:
        """Every arrival, and the deletions among them and soon after them."""
        plan, windows = self._plan, self._windows
        last_ns = plan.offsets_ns[-1]
        deadline = to_seconds(last_ns) + plan.running_deadline
        async with windows.stage(RAMP_UP, deadline=deadline):
            self._t0_ns = windows.t0_ns
            arrivals = [
                PlannedOperation(CREATE, planned, offset_ns, RAMP_UP)
                for planned, offset_ns in zip(plan.objects, plan.offsets_ns, strict=True)
            ]
            among = [item for item in plan.deletions if item.offset_ns <= last_ns]
            await self._play([*arrivals, *among])
            await self._play_on(plan.deletions[len(among) :])

    async def ramp_down(self) -> None:
        """The deletions that are left, at their times."""
        windows = self._windows
        if self._later:
            span = to_seconds(self._t0_ns + self._later[-1].offset_ns - self._clock.now_ns())
            windows.move_deadline(max(0.0, span) + self._plan.gone_deadline)
            later = self._ordered(self._later)
            await self._engine.run(later, t0_ns=self._t0_ns, closed_loop=False)

    def _ordered(self, deletions: Sequence[PlannedOperation]) -> list[PlannedOperation]:
        return sorted(deletions, key=lambda item: (item.offset_ns, self._place_of(item.planned)))

    async def _play_on(self, later: tuple[PlannedOperation, ...]) -> None:
        """Wait until all that is there runs; what is to be deleted meanwhile is."""
        windows = self._windows
        batches = list(split_by_rest(later, least=self._settle))
        while batches:
            due_ns = self._t0_ns + batches[0][0].offset_ns
            is_in_time = await self._watch.population.wait_for(
                self._is_whole(), min(due_ns, self._deadline_ns())
            )
            rest = to_seconds(due_ns - self._clock.now_ns())
            if is_in_time and rest >= self._settle:
                windows.note(replace(windows.stages[-1], whole_ns=self._now()))
                windows.quiet_until_ns = due_ns
                self._later = tuple(item for batch in batches for item in batch)
                return
            await self._play(self._ordered(batches.pop(0)))
        await windows.wait(self._is_whole())

    async def _play(self, operations: Sequence[PlannedOperation]) -> None:
        here = [replace(operation, stage=RAMP_UP) for operation in operations]
        await self._engine.run(here, t0_ns=self._t0_ns, closed_loop=False)

    def _deadline_ns(self) -> int:
        """The stage's deadline, of the clock."""
        stage = self._windows.stages[-1]
        assert stage.deadline_ns is not None
        return self._t0_ns - stage.t0_ns + stage.deadline_ns

    def _now(self) -> int:
        return self._clock.now_ns() - self._t0_ns + self._windows.stages[-1].t0_ns
