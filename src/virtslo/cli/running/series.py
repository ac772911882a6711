"""Several runs, one after another, on one cluster: a suite, or a scenario repeated.

Invariant: a part begins only when the cluster is verified to hold nothing of the parts before it
and has been left alone for a while. On a real cluster no rung of a churn ladder is run above one
that was not absorbed. What is complete is written down at once and never run again;
an interruption ends the part under way and starts no other. Repetitions with a seed of their own
have a simulated cluster each, and are run side by side where there are cores.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from virtslo.app.cluster.clean_up import find_leftovers
from virtslo.app.repetitions import LEAST, Width, is_enough, widths_of
from virtslo.app.run.interruption import Interruption
from virtslo.base.clock import Clock, SystemClock, sleep
from virtslo.base.errors import ClusterError, VirtsloError
from virtslo.base.stage_board import StageBoard
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.progress.series_progress import SeriesProgress
from virtslo.cli.running.run_once import Execution, OneRun, real_label, simulated_label
from virtslo.cli.signals import handled_signals
from virtslo.cli.wiring import (
    RealTarget,
    open_cluster,
    read_record,
    simulated_cluster,
    write_suite,
)
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.suite import PartStatus, SuitePart, SuiteRecord
from virtslo.model.run.record import RunRecord, RunStatus
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.ports.kube_api import KubeApi
from virtslo.ports.progress import Progress
from virtslo.slo.figures.churn_ladder import kept_up
from virtslo.slo.record.measured import measure

REST_SECONDS = 5.0
"""How long the cluster is left alone between two parts, at least: client token buckets fill."""
SIMULATED_STEP = 5
"""How many repetitions are added at once on simulated clusters, side by side."""
_STATUS = {
    RunStatus.COMPLETE: PartStatus.COMPLETE,
    RunStatus.INTERRUPTED: PartStatus.INTERRUPTED,
    RunStatus.FAILED: PartStatus.FAILED,
    RunStatus.RUNNING: PartStatus.FAILED,
}


def new_suite_id(name: str) -> str:
    """A name for a suite's folder."""
    return f"{SystemClock().wall():%Y%m%d-%H%M%S}-{name[:40]}-{secrets.token_hex(2)}"


class SeriesListener(Progress, Protocol):
    """Receives the progress of several runs."""

    def begin(self, part: SuitePart) -> None:
        """A part begins."""
        ...

    def end(self, part: SuitePart) -> None:
        """A part is over."""
        ...


class SideBySide(Protocol):
    """Runs batches in processes of their own, where that ends sooner."""

    def __call__(
        self,
        batches: Sequence[SuiteRecord],
        execution: Execution,
        *,
        changed: Callable[[SuitePart], None],
        progress: SeriesListener,
        interruption: Interruption,
    ) -> bool:
        """Whether it ran them; else they are to be run one after another."""
        ...


class RunSeries:
    """Runs the parts of a suite that are still to be run."""

    def __init__(
        self,
        suite: SuiteRecord,
        execution: Execution,
        *,
        directory: Path,
        where: RealTarget | None,
        side_by_side: SideBySide | None = None,
    ) -> None:
        self.suite = suite
        self.directory = directory
        self._where = where
        self._side_by_side = side_by_side
        self._part_changed: Callable[[SuitePart], None] = lambda _: self._save()
        self._interruption = Interruption()
        self._stages = StageBoard()
        self._whole = SeriesProgress(execution.progress, suite)
        self._progress: SeriesListener = self._whole
        self._execution = replace(execution, runs=directory, progress=self._progress)
        self._run: OneRun | None = None
        self.too_wide: list[Width] = []
        """Intervals that are wider than was asked for when repetitions ended."""

    def carry_out(self) -> list[RunRecord]:
        """Run what is left; returns the records of every part that has one, in order."""
        self._save()
        with handled_signals(self._interruption, self._last_words):
            self._carry_out_pending()
            while not self._interruption.is_requested and self._add_repetitions():
                self._carry_out_pending()
        return self.records()

    def _carry_out_pending(self) -> None:
        if not self.suite.pending():
            return
        if self._where is not None:
            asyncio.run(self._real(self._where))
        else:
            self._carry_out_simulated()

    def _add_repetitions(self) -> bool:
        """Add repetitions where the intervals that are asked for are still too wide."""
        until = self.suite.until
        if until is None or not self.suite.is_complete:
            return False
        widths = widths_of(self.records(), until)
        self.too_wide = [width for width in widths if not width.is_within(until.share)]
        for width in widths:
            self._progress.note(f"{width}, wanted ± {100 * until.share:g} %")
        done = self.suite.repetitions
        if done >= LEAST and is_enough(widths, until):
            return False
        step = 1 if self._where is not None else SIMULATED_STEP
        more = min(max(step, LEAST - done), until.most - done)
        if more <= 0:
            return False
        self.suite = self.suite.with_more(more)
        self._whole.follow(self.suite)
        self._save()
        return True

    def _carry_out_simulated(self) -> None:
        batches = self.suite.by_seed()
        if self._side_by_side is not None and self._side_by_side(
            batches,
            self._execution,
            changed=self._set,
            progress=self._progress,
            interruption=self._interruption,
        ):
            return
        for batch in batches:
            if not self._interruption.is_requested:
                self._run_batch(batch)

    def carry_out_as_child(
        self, progress: SeriesListener, changed: Callable[[SuitePart], None]
    ) -> None:
        """Run what is left on one simulated cluster, in a process that another one started: that
        one hears of every change, and writes `suite.json`."""
        self._progress = progress
        self._execution = replace(self._execution, progress=progress)
        self._part_changed = changed
        with handled_signals(self._interruption, self._last_words):
            self._run_batch(self.suite)

    def _run_batch(self, batch: SuiteRecord) -> None:
        """Run the parts of one seed on a simulated cluster of their own, in this process."""
        target = batch.simulated
        assert target is not None

        async def main(clock: VirtualClock) -> None:
            await self._on(simulated_cluster(target, clock, self._stages), clock, batch)

        run_in_virtual_time(main)

    def records(self) -> list[RunRecord]:
        """The records of the parts, in the order in which they were stated."""
        return [
            read_record(self.directory / part.record)
            for part in self.suite.as_stated()
            if part.record is not None
        ]

    @property
    def is_interrupted(self) -> bool:
        """Whether the user ended it."""
        return self._interruption.is_requested

    async def _real(self, where: RealTarget) -> None:
        clock = SystemClock()
        await self._on(open_cluster(where, clock), clock, self.suite)

    async def _on(
        self, opening: AbstractAsyncContextManager[KubeApi], clock: Clock, batch: SuiteRecord
    ) -> None:
        async with opening as api:
            keys = {part.key for part in batch.parts}
            for part in batch.pending():
                if self._interruption.is_requested:
                    return
                if part.key not in {each.key for each in self.suite.pending()}:
                    continue
                before = [item for item in self.suite.parts if item.key in keys]
                await self._rest(api, clock, before, part.scenario)
                await self._part(part, api, clock, batch.simulated)

    async def _rest(
        self, api: KubeApi, clock: Clock, parts: list[SuitePart], scenario: Scenario
    ) -> None:
        """Verify that nothing of the parts before is left, and leave the cluster alone."""
        for part in parts:
            if part.run_label is None:
                continue
            left = await find_leftovers(api, part.run_label)
            if not left.is_empty:
                raise ClusterError(
                    f"the cluster is not clean after {part.key}: {', '.join(left.describe())}",
                    hint=f"virtslo clean --run {part.run_label}, then --resume {self.directory}",
                )
        if any(part.status is PartStatus.COMPLETE for part in parts):
            await sleep(clock, max(REST_SECONDS, scenario.load.settle))

    async def _part(
        self, part: SuitePart, api: KubeApi, clock: Clock, simulated: SimulatedTarget | None
    ) -> None:
        repetition = part.repetition if part.seed is None else 1
        label = (
            real_label()
            if simulated is None
            else simulated_label(part.scenario, simulated, repetition)
        )
        self._run = OneRun(
            part.scenario,
            self._execution,
            label,
            simulated,
            self._interruption,
            self._stages,
            cluster_ends_with_run=simulated is not None,
        )
        folder = self._run.directory.name
        part = replace(part, status=PartStatus.RUNNING, record=folder, run_label=label)
        self._set(part)
        self._progress.begin(part)
        try:
            status = (await self._run.carry_out(api, clock)).status
        except VirtsloError:
            self._set(replace(part, status=PartStatus.FAILED))
            raise
        self._set(replace(part, status=_STATUS[status]))
        self._progress.end(part)
        if simulated is None and status is RunStatus.COMPLETE:
            self._skip_rungs_above(part, folder)

    def _skip_rungs_above(self, part: SuitePart, folder: str) -> None:
        """A rung that a real cluster did not absorb ends its ladder: the next would hurt more."""
        above = self.suite.rungs_above(part)
        if not above or kept_up(measure(read_record(self.directory / folder))) is not False:
            return
        names = ", ".join(other.key for other in above)
        self._progress.note(f"{part.key} was not absorbed; not run: {names}")
        for other in above:
            self._set(replace(other, status=PartStatus.SKIPPED))
        self._whole.follow(self.suite)

    def _set(self, part: SuitePart) -> None:
        self.suite = self.suite.with_part(part)
        self._part_changed(part)

    def _save(self) -> None:
        write_suite(self.directory, self.suite)

    def _last_words(self) -> str:
        words = self._run.last_words() if self._run is not None else "stopped at once"
        return f"{words}\n  go on later: {self.resume_command()}"

    def resume_command(self) -> str:
        """What runs the parts that are left."""
        return f"virtslo run suite --resume {self.directory}"
