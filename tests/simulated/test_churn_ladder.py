"""Churn ladders from a file and from a suite, run to the end; on a real cluster they stop early."""

import json
from pathlib import Path

import pytest

from support.cli import only_run, virtslo
from support.scenarios import scenario
from virtslo.app.build_report import build_report
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.progress.live_progress import open_progress
from virtslo.cli.running.run_once import Execution
from virtslo.cli.running.series import RunSeries
from virtslo.cli.wiring import simulated_cluster
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.suite import PartStatus, SuiteRecord, repeated
from virtslo.model.simulated.target import SimulatedTarget

LADDER = """
  churn:
    ladder: [2/s, 8/s]
    duration: 20s
"""
FILE = f"""apiVersion: virtslo/v1
name: ladder
workload: {{kind: VirtualMachineInstance, count: 15, template: cirros}}
load:
  pattern: constant-churn{LADDER}"""
SUITE = f"""apiVersion: virtslo/v1
name: ladders
suite: {{tests: [burst, constant-churn], kinds: [vmi]}}
workload: {{count: 15, template: cirros}}
load:{LADDER}"""


@pytest.mark.parametrize(
    ("text", "runs"), [(FILE, 2), pytest.param(SUITE, 3, marks=pytest.mark.slow)]
)
def test_a_ladder_in_a_file_is_run_rung_by_rung(text: str, runs: int, tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(text)

    done = virtslo(
        "run", str(file), "--simulate", "two-core", "--quiet", "--format", "json",
        "--runs", str(tmp_path / "runs"),
    )  # fmt: skip

    (ladder,) = done.document["churn_ladders"]
    assert [rung["rate"] for rung in ladder["rungs"]] == [2, 8]
    assert (ladder["highest_absorbed"], ladder["first_not_absorbed"]) == (2, 8)
    assert len(done.document["runs"]) == runs
    parts = json.loads((only_run(tmp_path / "runs") / "suite.json").read_text())["parts"]
    assert {part["status"] for part in parts} == {"complete"}


def rung(rate: int) -> tuple[str, Scenario]:
    load = {"churn": {"rate": f"{rate}/s", "duration": "20s"}}
    return f"constant-churn-vmi-{rate}", scenario("vmi", 15, "constant-churn", load=load)


def test_a_real_cluster_is_spared_the_rungs_above_one_it_did_not_absorb(tmp_path: Path) -> None:
    """Carried out as on a real cluster: by a suite that knows of no simulated one."""
    suite = SuiteRecord("id", "ladder", 1, repeated([rung(2), rung(8), rung(40)], 1))
    execution = Execution(tmp_path, ("run",), open_progress(quiet=True, is_virtual=True))
    series = RunSeries(suite, execution, directory=tmp_path, where=None)

    async def main(clock: VirtualClock) -> None:
        await series._on(simulated_cluster(SimulatedTarget("two-core", 1, 2), clock), clock, suite)

    run_in_virtual_time(main)

    statuses = [part.status for part in series.suite.parts]
    assert statuses == [PartStatus.COMPLETE, PartStatus.COMPLETE, PartStatus.SKIPPED]
    assert series.suite.is_complete
    report = build_report(series.records(), suites=[series.suite])
    assert [ladder.first_not_absorbed for ladder in report.ladders] == [8]
    told = [item.finding.detail for item in report.findings if item.finding.code == "rungs_skipped"]
    assert told == ["not run, since a lower rung was not absorbed: constant-churn-vmi-40"]
