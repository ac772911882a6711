"""What a run tells of itself while it is under way."""

import gzip
from pathlib import Path

import pytest

from support.scenarios import scenario
from virtslo.cli.options import TargetOptions
from virtslo.cli.running.run_once import Execution, run_simulated
from virtslo.cli.targets import simulated_target
from virtslo.ports.progress import Silent, Snapshot
from virtslo.store.jsonl import OBSERVATIONS


class Kept:
    """Progress that keeps every snapshot."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []

    def update(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    def note(self, message: str) -> None:
        """Not kept."""


def told(tmp_path: Path, kind: str) -> list[Snapshot]:
    churn = {"churn": {"objects": 2, "cycles": 2, "every": "40s"}}
    target = simulated_target(TargetOptions(nodes=1), seed=1, count=6)
    kept = Kept()
    run_simulated(
        scenario(kind, 6, "steady-state", load=churn), target, Execution(tmp_path, (), kept)
    )
    return kept.snapshots


@pytest.mark.parametrize(("kind", "in_all"), [("vmi", 6 + 2 * 2), ("vmpool", 1)])
def test_what_is_created_is_told_of_what_is_planned(tmp_path: Path, kind: str, in_all: int) -> None:
    snapshots = told(tmp_path, kind)

    assert {snapshot.to_create for snapshot in snapshots} == {in_all}
    assert snapshots[-1].created == in_all
    assert max(snapshot.phases.get("Running", 0) for snapshot in snapshots) == 6


def test_in_virtual_time_nothing_is_said_of_lateness(tmp_path: Path) -> None:
    assert {snapshot.lateness for snapshot in told(tmp_path, "vmi")} == {None}


def test_a_run_that_is_not_looked_at_is_the_same_run(tmp_path: Path) -> None:
    target = simulated_target(TargetOptions(nodes=1), seed=1, count=6)
    texts = []
    for progress in (Kept(), Silent()):
        folder = tmp_path / type(progress).__name__
        run_simulated(scenario("vmi", 6, "burst"), target, Execution(folder, (), progress))
        (observations,) = folder.glob(f"*/{OBSERVATIONS}")
        texts.append(gzip.decompress(observations.read_bytes()))

    assert texts[0] == texts[1]
