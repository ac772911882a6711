"""One run from a valid scenario to its record, on either kind of cluster.

Invariant: the record's folder exists before the first object does; whatever ends the run, the
recorder is closed and the host's facts are complete.
"""

import asyncio
import hashlib
import platform
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from virtslo import __version__
from virtslo.app.cluster.environment import describe_environment, require_kubevirt
from virtslo.app.run.interruption import Interruption
from virtslo.app.run.prepare import prepare_plan
from virtslo.app.run.run_test import RunOrder, TestRun
from virtslo.base.clock import Clock, SystemClock, timestamp
from virtslo.base.stage_board import StageBoard
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.running.run_log import log_to_file, stop_logging_to
from virtslo.cli.signals import handled_signals
from virtslo.cli.sources import open_sources
from virtslo.cli.wiring import (
    RealTarget,
    open_cluster,
    open_recorder,
    read_record,
    simulated_cluster,
)
from virtslo.client.accounting import AccountedTransport, CallAccount
from virtslo.load.plan import Plan
from virtslo.model.plan.scenario import Scenario
from virtslo.model.run.record import HostFacts, RunHeader, RunRecord
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.ports.kube_api import KubeApi
from virtslo.ports.progress import Progress


@dataclass(frozen=True, slots=True)
class Execution:
    """How a run is executed, whatever its target."""

    runs: Path
    command: tuple[str, ...]
    progress: Progress
    keep: bool = False


ADDED_LATER: Final = (
    ("load", "hold"),
    ("load", "replay"),
    ("load", "actions"),
    ("workload", "templates"),
)
"""Fields of a scenario that a run's label leaves out while they are not used. A field that is added
goes here: without it every simulated run of an old scenario draws other times."""


def simulated_label(scenario: Scenario, target: SimulatedTarget, repetition: int = 1) -> str:
    """The run label of a simulated run: a function of scenario, cluster and repetition alone.

    Settings over a profile are left out: objects are named alike and so draw the same times, and
    two runs differ by the setting and by nothing else. A replay of a simulated run has that run's.
    """
    replay = scenario.load.replay
    if replay is not None and replay.label:
        return replay.label
    scenario_facts: dict[str, object] = msgspec.to_builtins(replace(scenario, source=""))
    target_facts: dict[str, object] = msgspec.to_builtins(target)
    del scenario_facts["simulated"]
    for field in ("settings", "document"):
        del target_facts[field]
    given: tuple[object, ...] = (scenario_facts, target_facts)
    if repetition > 1:
        given = (*given, repetition)
    facts = msgspec.json.encode(_without_unset(given), order="sorted")
    return f"s{hashlib.sha256(facts).hexdigest()[:8]}"


def _without_unset(given: tuple[object, ...]) -> Any:
    """Without fields that were added later and are not used: labels of old scenarios stay."""
    facts = msgspec.to_builtins(given)
    for part, name in ADDED_LATER:
        if not facts[0][part][name]:
            del facts[0][part][name]
    return facts


def run_simulated(scenario: Scenario, target: SimulatedTarget, execution: Execution) -> RunRecord:
    """Run a scenario on the simulated cluster, in process, in virtual time."""
    run = OneRun(
        scenario, execution, simulated_label(scenario, target), target, cluster_ends_with_run=True
    )

    async def main(clock: VirtualClock) -> None:
        async with simulated_cluster(target, clock, run.stages) as api:
            await run.carry_out(api, clock)

    with handled_signals(run.interruption, run.last_words):
        run_in_virtual_time(main)
    return read_record(run.directory)


def run_on_cluster(scenario: Scenario, where: RealTarget, execution: Execution) -> RunRecord:
    """Run a scenario on a real cluster, in real time."""
    run = OneRun(scenario, execution, real_label(), None)
    clock = SystemClock()

    async def main() -> None:
        async with open_cluster(where, clock) as api:
            await run.carry_out(api, clock)

    with handled_signals(run.interruption, run.last_words):
        asyncio.run(main())
    return read_record(run.directory)


def real_label() -> str:
    """A run label for a real cluster: no two are the same."""
    return f"r{secrets.token_hex(4)}"


class OneRun:
    """What one run needs beside its cluster."""

    def __init__(
        self,
        scenario: Scenario,
        execution: Execution,
        label: str,
        simulated: SimulatedTarget | None,
        interruption: Interruption | None = None,
        stages: StageBoard | None = None,
        *,
        cluster_ends_with_run: bool = False,
    ) -> None:
        self._cluster_ends_with_run = cluster_ends_with_run
        self.interruption = interruption or Interruption()
        self.stages = stages or StageBoard()
        self._scenario = scenario
        self._execution = execution
        self._label = label
        self._simulated = simulated
        self._host = _host_facts(scenario, execution)
        self.directory = execution.runs / self._host.run_id
        self.plan: Plan | None = None
        """What it does; None until it has looked at the cluster."""

    def last_words(self) -> str:
        """What a second Ctrl-C leaves the user with."""
        words = f"stopped at once; the record so far is in {self.directory}"
        if self._simulated is not None:
            return words
        return f"{words}\n  what it made is still there: virtslo clean --run {self._label}"

    async def carry_out(self, api: KubeApi, clock: Clock) -> RunHeader:
        """Look at the cluster, plan, run, record; returns what the record says of the run."""
        account = CallAccount()
        ours = KubeApi(AccountedTransport(api.transport, clock, account))
        environment = await describe_environment(
            ours, simulated=self._simulated, virtual_time=clock.is_virtual
        )
        require_kubevirt(environment)
        self.plan = plan = prepare_plan(
            self._scenario,
            run_label=self._label,
            seed=self._seed(),
            environment=environment,
        )
        order = RunOrder(
            self._scenario,
            plan,
            environment,
            keep=self._execution.keep,
            cluster_ends_with_run=self._cluster_ends_with_run,
        )
        return await self._record(order, ours, account, clock, cluster=api)

    async def _record(
        self,
        order: RunOrder,
        api: KubeApi,
        account: CallAccount,
        clock: Clock,
        *,
        cluster: KubeApi,
    ) -> RunHeader:
        recorder = open_recorder(self.directory)
        log = log_to_file(self.directory / "log.txt")
        recorder.write_host(self._host)
        try:
            async with open_sources(self._scenario.observe, cluster, clock) as sources:
                return await TestRun(
                    order,
                    api=api,
                    account=account,
                    clock=clock,
                    recorder=recorder,
                    progress=self._execution.progress,
                    interruption=self.interruption,
                    stages=self.stages,
                    sources=sources,
                ).carry_out()
        finally:
            finished = timestamp(SystemClock().wall())
            recorder.write_host(replace(self._host, finished_at=finished))
            recorder.close()
            stop_logging_to(log)

    def _seed(self) -> int:
        if self._simulated is not None:
            return self._simulated.seed
        return int.from_bytes(self._label.encode(), "big")


def _host_facts(scenario: Scenario, execution: Execution) -> HostFacts:
    started = SystemClock().wall()
    run_id = f"{started:%Y%m%d-%H%M%S}-{scenario.name[:40]}-{secrets.token_hex(2)}"
    return HostFacts(
        run_id=run_id,
        tool_version=__version__,
        started_at=timestamp(started),
        host=platform.node(),
        python=platform.python_version(),
        directory=str(execution.runs / run_id),
        command=execution.command,
    )
