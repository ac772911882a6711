"""The use case of virtslo: one test on one cluster, recorded.

Invariant: whatever happens (the user ends it, an observer breaks, the cluster goes away), the
record says how far the run came and what is left on the cluster. An incomplete run is never
`complete`.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Final

from virtslo.app.cluster.clean_up import clean_up
from virtslo.app.cluster.namespaces import create_namespaces
from virtslo.app.run.call_counters import NO_SOURCES, CallSources, Counting, idle_seconds
from virtslo.app.run.interruption import Interruption
from virtslo.app.run.node_watch import Surroundings
from virtslo.app.run.progress import tell_progress
from virtslo.app.run.run_stages import RunStages
from virtslo.app.run.run_watch import RunObjects, RunWatch
from virtslo.app.run.stage_windows import StageWindows
from virtslo.app.run.stuck import find_stuck
from virtslo.base.background import first_error
from virtslo.base.clock import Clock, sleep
from virtslo.base.errors import VirtsloError
from virtslo.base.stage_board import StageBoard
from virtslo.client.accounting import CallAccount
from virtslo.client.answer_times import AnswerTimes
from virtslo.load.engine import Engine
from virtslo.load.plan import Plan
from virtslo.model.plan.scenario import Scenario
from virtslo.model.run.environment import Environment
from virtslo.model.run.findings import ALL_FIGURES, Finding
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.record import RunHeader, RunStatus
from virtslo.model.run.rest_calls import Moment, ReadStage
from virtslo.model.stage_names import CHURN, RAMP_UP
from virtslo.ports.kube_api import KubeApi
from virtslo.ports.progress import Progress, drops_snapshots
from virtslo.ports.run_recorder import RunRecorder

LOG = logging.getLogger(__name__)
CLEAN_UP_LIMIT = 600.0
"""How long clean-up waits for things to be gone, seconds, where the plan's own limit is less."""

FLUSH_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What is to be done: a scenario, planned, for a cluster that has been looked at."""

    scenario: Scenario
    plan: Plan
    environment: Environment
    keep: bool = False
    """Whether to leave the objects on the cluster when the run ends."""
    cluster_ends_with_run: bool = False
    """Whether nothing is left of the cluster after the run: an interrupted one removes nothing."""


class TestRun:
    """One run, from its first namespace to the last line of its record."""

    __test__ = False

    def __init__(
        self,
        order: RunOrder,
        *,
        api: KubeApi,
        account: CallAccount,
        clock: Clock,
        recorder: RunRecorder,
        progress: Progress,
        interruption: Interruption,
        stages: StageBoard | None = None,
        sources: CallSources = NO_SOURCES,
    ) -> None:
        self._order = order
        self._api = api
        self._account = account
        self._clock = clock
        self._recorder = recorder
        self._progress = progress
        self._interruption = interruption
        self._board = stages or StageBoard()
        self._board.measured = CHURN if order.scenario.load.pattern.has_churn else RAMP_UP
        self._origin_ns = clock.now_ns()
        self.header = RunHeader(
            scenario=order.scenario,
            environment=order.environment,
            run_label=order.plan.run_label,
            namespaces=order.plan.namespaces,
            least_seconds=order.plan.least_seconds,
        )
        self._watch = RunWatch(
            api,
            clock,
            RunObjects(order.scenario.kinds, order.plan.run_label, order.plan.only_namespace),
            origin_ns=self._origin_ns,
            on_observation=recorder.add_observation,
        )
        self._made_namespaces: tuple[str, ...] | None = None
        self._surroundings = Surroundings(api, clock)
        self._stuck: tuple[Finding, ...] = ()
        self._times = AnswerTimes()
        account.on_answer = self._times.answered
        self._counting = Counting(
            api,
            clock,
            origin_ns=self._origin_ns,
            idle_seconds=idle_seconds(order.scenario, order.plan),
            sources=sources,
            is_off=order.scenario.observe.rest_calls == "none",
        )
        self._stages = RunStages(
            order.scenario,
            order.plan,
            engine=Engine(
                api,
                clock,
                origin_ns=self._origin_ns,
                max_in_flight=order.scenario.load.max_in_flight,
                on_record=self._record,
            ),
            watch=self._watch,
            clock=clock,
            windows=StageWindows(
                order.scenario.load,
                watch=self._watch,
                clock=clock,
                origin_ns=self._origin_ns,
                on_stage=self._save_stages,
                at_rest=self._at_rest,
            ),
        )

    async def carry_out(self) -> RunHeader:
        """Do it all. Raises the VirtsloError that made it impossible, after saving what exists."""
        self._recorder.write_header(self.header)
        try:
            async with asyncio.TaskGroup() as group:
                observers = [
                    *self._watch.start(group),
                    group.create_task(self._keep_flushed()),
                ]
                if not drops_snapshots(self._progress):
                    observers.append(group.create_task(self._tell()))
                try:
                    await self._work(group)
                finally:
                    for observer in observers:
                        observer.cancel()
        except BaseExceptionGroup as failures:
            self._save(RunStatus.FAILED)
            await self._clean_up_after_failure()
            raise first_error(failures) from failures
        return self.header

    async def _work(self, group: asyncio.TaskGroup) -> None:
        work = group.create_task(self._load())
        self._interruption.when_requested(work.cancel)
        await asyncio.wait([work])
        if work.cancelled() and not self._interruption.is_requested:
            raise asyncio.CancelledError
        if not work.cancelled() and work.exception() is not None:
            return  # the group raises it
        if not (work.cancelled() and self._order.cluster_ends_with_run):
            if work.cancelled():
                words = "ending the run: clean-up, then the record (again to stop at once)"
                self._progress.note(words)
            await self._clean_up()
        interrupted = self._interruption.is_requested
        self._save(RunStatus.INTERRUPTED if interrupted else RunStatus.COMPLETE)

    async def _load(self) -> None:
        plan = self._order.plan
        await self._watch.synced(plan.running_deadline)
        await self._counting.begin()
        await self._surroundings.begin()
        self._made_namespaces = await create_namespaces(
            self._api,
            plan.namespaces,
            run_label=plan.run_label,
            must_be_new=plan.owned_namespaces,
        )
        await self._stages.carry_out(keep=self._order.keep)
        await self._surroundings.end()

    async def _clean_up(self) -> None:
        if self._order.keep:
            return
        limit = max(CLEAN_UP_LIMIT, self._order.plan.gone_deadline)
        try:
            left = await clean_up(
                self._api,
                self._clock,
                run_label=self._order.plan.run_label,
                limit=limit,
                tell=LOG.info,
                namespace=self._order.plan.only_namespace,
                made_none=self._made_namespaces == (),
            )
        except VirtsloError as error:
            left = (f"everything labelled {self._order.plan.run_label} ({error.message})",)
        self.header = replace(self.header, left_behind=left)

    async def _clean_up_after_failure(self) -> None:
        if self._order.keep:
            return
        await self._clean_up()
        self._save(RunStatus.FAILED)

    async def _at_rest(self, stage: ReadStage, moment: Moment) -> None:
        self._surroundings.at_rest()
        if moment is Moment.AFTER and stage in {RAMP_UP, CHURN} and self._is_waiting_over():
            plan = self._order.plan
            stuck = await find_stuck(
                self._api, run_label=plan.run_label, stage=stage, namespace=plan.only_namespace
            )
            self._stuck = (*self._stuck, *([stuck] if stuck is not None else []))
        before = self._counting.reads
        await self._counting.at_rest(stage, moment)
        if not before or self._counting.reads is not before:
            self._write_calls()

    def _is_waiting_over(self) -> bool:
        """Whether the stage that just ended never was as it wanted to be."""
        stage = self._stages.current
        return stage is not None and stage.whole_ns is None

    def _write_calls(self) -> None:
        calls = replace(self._counting.result, own=self._times.result())
        self._recorder.write_rest_calls(calls)

    def _record(self, operation: OperationRecord) -> None:
        self._recorder.add_operation(operation)
        self._stages.count(operation)

    def _save_stages(self) -> None:
        self.header = replace(self.header, stages=self._stages.stages)
        self._recorder.write_header(self.header)
        current = self._stages.current
        if current is not None:
            self._board.note(current.name, is_over=current.ended_ns is not None)

    def _save(self, status: RunStatus) -> None:
        findings = [*self._watch.findings(), *self._surroundings.findings, *self._stuck]
        if self._interruption.reason is not None:
            findings.append(
                Finding(
                    code="interrupted",
                    detail=self._interruption.reason,
                    touches=ALL_FIGURES,
                    inconclusive=True,
                )
            )
        self.header = replace(
            self.header,
            status=status,
            stages=self._stages.stages,
            findings=tuple(findings),
            own_calls=self._account.calls_by_verb_and_resource(),
        )
        self._write_calls()
        self._recorder.write_header(self.header)

    async def _keep_flushed(self) -> None:
        """Let nothing that was recorded wait in this process while the run is idle."""
        while True:
            await sleep(self._clock, FLUSH_SECONDS)
            self._recorder.flush_old()

    async def _tell(self) -> None:
        await tell_progress(
            self._progress,
            clock=self._clock,
            origin_ns=self._origin_ns,
            stages=self._stages,
            population=self._watch.population,
            account=self._account,
            is_virtual=self._order.environment.virtual_time,
        )
