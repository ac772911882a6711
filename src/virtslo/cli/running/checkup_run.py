"""A checkup from its ConfigMap to its status.

Invariant: whatever ends the run, the ConfigMap says so, and `status.succeeded` is `true` only where
the exit code is 0. Nothing outside the ConfigMap's namespace is created, watched or removed.
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from virtslo.app.build_report import build_report
from virtslo.app.cluster.checkup_map import CheckupMap
from virtslo.base.background import first_error
from virtslo.base.clock import Clock, SystemClock, sleep
from virtslo.base.errors import ScenarioError, VirtsloError
from virtslo.base.plain_text import report_text
from virtslo.base.units import format_duration
from virtslo.cli.options import SCENARIO_OPTIONS, parameter_of
from virtslo.cli.printing import say, show
from virtslo.cli.progress.live_progress import open_progress
from virtslo.cli.rendering import render, render_checkup
from virtslo.cli.running.run_once import Execution, OneRun, real_label
from virtslo.cli.scenarios import read_scenario
from virtslo.cli.signals import handled_signals
from virtslo.cli.wiring import RealTarget, describe_target, open_cluster, read_record
from virtslo.config.checkup import (
    COMPLETED,
    FAILURE_REASON,
    RESULT,
    STARTED,
    SUCCEEDED,
    Checkup,
    is_used,
    placed,
    read_checkup,
)
from virtslo.model.plan.scenario import Scenario
from virtslo.model.run.record import RunRecord, RunStatus
from virtslo.ports.kube_api import KubeApi

NOT_OF_A_CHECKUP: Final = frozenset({"--namespaces", "--repeat", "--churn-ladder"})
"""A checkup is one run in one namespace."""
OPTIONS: Final = tuple(
    option for option, _, _ in SCENARIO_OPTIONS if option not in NOT_OF_A_CHECKUP
)
INCONCLUSIVE: Final = 4


def carry_out(target: RealTarget, *, name: str, namespace: str, runs: Path) -> int:
    """Run the checkup of a ConfigMap; returns the exit code. Raises VirtsloError."""
    return asyncio.run(_carry_out(target, name, namespace, runs))


async def _carry_out(target: RealTarget, name: str, namespace: str, runs: Path) -> int:
    say(f"target: {describe_target(target)}, namespace {namespace}", err=True)
    clock = SystemClock()
    async with open_cluster(target, clock) as api:
        return await run_checkup(api, clock, CheckupMap(api, namespace, name), runs)


async def run_checkup(api: KubeApi, clock: Clock, checkup_map: CheckupMap, runs: Path) -> int:
    """Run the checkup of a ConfigMap on an open cluster; returns the exit code."""
    request, scenario = await _read(checkup_map)
    return await _CheckupRun(api, clock, checkup_map, request, scenario, runs).carry_out()


async def _read(checkup_map: CheckupMap) -> tuple[Checkup, Scenario]:
    """The request, and the scenario that it means. Raises ScenarioError, after writing it down."""
    data = await checkup_map.read()
    try:
        request = read_checkup(data, OPTIONS, source=str(checkup_map))
        return request, _scenario(request, checkup_map)
    except ScenarioError as error:
        if not is_used(data):
            await checkup_map.write({SUCCEEDED: "false", FAILURE_REASON: error.message})
        raise


def _scenario(request: Checkup, checkup_map: CheckupMap) -> Scenario:
    """One run in the ConfigMap's namespace. Counters are left alone: they are elsewhere."""
    options: dict[str, str | None] = {
        parameter_of(option): request.options.get(option) for option, _, _ in SCENARIO_OPTIONS
    }
    try:
        scenario: Scenario = read_scenario(request.test, options)
    except ScenarioError as error:
        problems = [placed(problem, OPTIONS) for problem in error.problems]
        raise ScenarioError(str(checkup_map), problems) from error
    return replace(
        scenario,
        workload=replace(scenario.workload, namespace=checkup_map.namespace, namespaces=1),
        observe=replace(scenario.observe, rest_calls="none"),
    )


@dataclass(slots=True)
class _CheckupRun:
    """The run of a checkup."""

    api: KubeApi
    clock: Clock
    checkup_map: CheckupMap
    request: Checkup
    scenario: Scenario
    runs: Path
    is_late: bool = False

    async def carry_out(self) -> int:
        """Run it and write the status; returns the exit code."""
        label = real_label()
        await self.checkup_map.write({STARTED: self._now(), f"{RESULT}runLabel": label})
        try:
            record = await self._run(label)
        except VirtsloError as error:
            await self._end({FAILURE_REASON: error.message})
            raise
        code, status = self._status(record)
        await self._end(status, is_good=code == 0)
        return code

    async def _run(self, label: str) -> RunRecord:
        progress = open_progress(quiet=False)
        execution = Execution(self.runs, tuple(sys.argv[1:]), progress)
        run = OneRun(self.scenario, execution, label, None)
        try:
            with handled_signals(run.interruption, run.last_words):
                async with asyncio.TaskGroup() as group:
                    timer = group.create_task(self._end_in_time(run))
                    await run.carry_out(self.api, self.clock)
                    timer.cancel()
        except* VirtsloError as failures:
            raise first_error(failures) from None
        finally:
            progress.close()
        return read_record(run.directory)

    async def _end_in_time(self, run: OneRun) -> None:
        await sleep(self.clock, self.request.timeout)
        self.is_late = not run.interruption.is_requested
        run.interruption.request(f"not finished within {self._timeout()}")

    def _status(self, record: RunRecord) -> tuple[int, dict[str, str]]:
        """The exit code, and what the ConfigMap says of the run."""
        report = build_report([record])
        show(render(report, "conclusion"))
        results, reason = render_checkup(report)
        status = {f"{RESULT}{name}": value for name, value in results.items()}
        if record.header.left_behind:
            status[f"{RESULT}leftBehind"] = "\n".join(map(report_text, record.header.left_behind))
        if record.header.status is RunStatus.COMPLETE:
            return report.exit_code, {**status, FAILURE_REASON: reason}
        words = f"not finished within {self._timeout()}" if self.is_late else reason
        return INCONCLUSIVE, {**status, FAILURE_REASON: words}

    async def _end(self, status: Mapping[str, str], *, is_good: bool = False) -> None:
        told = {COMPLETED: self._now(), SUCCEEDED: "true" if is_good else "false", **status}
        await self.checkup_map.write(told)

    def _timeout(self) -> str:
        return f"the checkup's timeout of {format_duration(self.request.timeout)}"

    def _now(self) -> str:
        return self.clock.stamp()
