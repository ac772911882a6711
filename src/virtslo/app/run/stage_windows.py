"""The windows of a run's stages: opened and closed in one place, with reads at rest around them.

Invariant: every stage is opened and closed here. An observer of the cluster at rest is called
before a stage's first operation and after its last event; a stage that is broken off has no
`after`. Deadlines are absolute.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from virtslo.app.run.run_watch import RunWatch
from virtslo.base.clock import Clock, to_nanoseconds, to_seconds
from virtslo.model.plan.scenario import Load
from virtslo.model.run.rest_calls import Moment
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import StageName

AtRest = Callable[[StageName, Moment], Awaitable[None]]
"""Called with a stage's name and the moment, while nothing of the run is in flight."""


async def look_at_nothing(_stage: StageName, _moment: Moment) -> None:
    """No-op observer."""


class StageWindows:
    """Opens and closes stages, and keeps what is known of them."""

    def __init__(
        self,
        load: Load,
        *,
        watch: RunWatch,
        clock: Clock,
        origin_ns: int,
        on_stage: Callable[[], None],
        at_rest: AtRest = look_at_nothing,
    ) -> None:
        self._load = load
        self._watch = watch
        self._clock = clock
        self._origin_ns = origin_ns
        self._on_stage = on_stage
        self._at_rest = at_rest
        self.stages: tuple[Stage, ...] = ()
        self.quiet_until_ns: int | None = None
        """When waiting for quiet ends though the limit has not come, of the clock; a replay's."""

    @property
    def current(self) -> Stage | None:
        """The stage that is under way, or the last one."""
        return self.stages[-1] if self.stages else None

    @property
    def t0_ns(self) -> int:
        """The current stage's t0, of the clock."""
        return self._origin_ns + self.stages[-1].t0_ns

    @asynccontextmanager
    async def stage(self, name: StageName, *, deadline: float) -> AsyncIterator[None]:
        """A stage: what is inside is its work; quiet and the looks at rest are around it.

        `deadline` counts from its t0, seconds.
        """
        started_ns = self._now()
        self.stages = (*self.stages, Stage(name, started_ns=started_ns, t0_ns=started_ns))
        await self._at_rest(name, Moment.BEFORE)
        now_ns = self._now()
        deadline_ns = now_ns + to_nanoseconds(deadline)
        self.note(replace(self.stages[-1], t0_ns=now_ns, deadline_ns=deadline_ns))
        yield
        quiet_ns = await self._watch.quiet(settle=self._load.settle, limit=self._most_quiet())
        self.note(replace(self.stages[-1], quiet_ns=quiet_ns, ended_ns=self._now()))
        await self._at_rest(name, Moment.AFTER)

    def _most_quiet(self) -> float:
        """How long to wait for quiet, seconds, now."""
        limit, until_ns = self._load.settle_limit, self.quiet_until_ns
        self.quiet_until_ns = None
        if until_ns is None:
            return limit
        return min(limit, max(0.0, to_seconds(until_ns - self._clock.now_ns())))

    async def wait(self, is_as_wanted: Callable[[], bool], *, is_whole: bool = True) -> bool:
        """Wait for the population until the stage's deadline; notes when it was as wanted.

        `is_whole`: whether that is all the stage wants; if not, its `whole_ns` stays open.
        """
        deadline_ns = self.stages[-1].deadline_ns
        assert deadline_ns is not None
        reached = await self._watch.population.wait_for(is_as_wanted, self._origin_ns + deadline_ns)
        if reached and is_whole:
            self.note(replace(self.stages[-1], whole_ns=self._now()))
        return reached

    def move_deadline(self, seconds: float) -> None:
        """Wait so long from now."""
        deadline_ns = self._now() + to_nanoseconds(seconds)
        self.note(replace(self.stages[-1], deadline_ns=deadline_ns))

    def note(self, stage: Stage) -> None:
        """Replace what is known of the current stage."""
        self.stages = (*self.stages[:-1], stage)
        self._on_stage()

    def _now(self) -> int:
        return self._clock.now_ns() - self._origin_ns
