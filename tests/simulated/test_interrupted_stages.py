"""A run that is ended in any of its stages cleans up, and says so in its record."""

from pathlib import Path

import pytest

from support.scenarios import scenario
from virtslo.app.build_report import build_report, exit_code
from virtslo.app.cluster.clean_up import find_leftovers
from virtslo.app.run.interruption import Interruption
from virtslo.base.virtual_time import VirtualClock
from virtslo.cli.running.run_once import Execution, OneRun
from virtslo.cli.wiring import read_record, simulated_cluster
from virtslo.model.run.record import RunStatus
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.ports.progress import Silent, Snapshot

TARGET = SimulatedTarget("ci", seed=3, nodes=2)


class EndsIn(Silent):
    """Asks for the end when a stage is seen."""

    def __init__(self, stage: str, interruption: Interruption) -> None:
        self._stage = stage
        self._interruption = interruption

    def update(self, snapshot: Snapshot) -> None:
        if snapshot.stage == self._stage:
            self._interruption.request("ended by the test")


@pytest.mark.parametrize("kind", ["vmi", "vm", "vmpool"])
@pytest.mark.parametrize("stage", ["warm_up", "ramp_up", "churn", "ramp_down"])
async def test_a_run_ended_in_a_stage_leaves_nothing_and_is_never_valid(
    tmp_path: Path, kind: str, stage: str, clock: VirtualClock
) -> None:
    given = scenario(kind, 8, "steady-state", load={"churn": {"objects": 2, "cycles": 3}})
    interruption = Interruption()
    execution = Execution(tmp_path, (), EndsIn(stage, interruption))
    run = OneRun(given, execution, "s1", TARGET, interruption)

    async with simulated_cluster(TARGET, clock) as api:
        await run.carry_out(api, clock)

        assert (await find_leftovers(api, "s1")).is_empty
    record = read_record(run.directory)
    assert record.header.status is RunStatus.INTERRUPTED
    assert record.header.stages[-1].name == stage
    assert record.header.stages[-1].ended_ns is None
    report = build_report([record])
    assert not report.valid
    assert exit_code(report) == 4
