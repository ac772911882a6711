"""Sweeps: a table, effects and a page; interrupted and gone on with; the same on a Dask cluster."""

import csv
import importlib
import json
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support.cli import virtslo
from virtslo.base.errors import ClusterError
from virtslo.cli.progress.point_progress import PointProgress
from virtslo.cli.running.folder_lock import locked_folder
from virtslo.cli.whatif import executors
from virtslo.cli.whatif.executors import DaskExecutor, LocalExecutor
from virtslo.cli.whatif.point_run import PointOutcome, run_point
from virtslo.cli.whatif.sweep_run import carry_out_sweep
from virtslo.cli.wiring.whatif import read_sweep
from virtslo.model.whatif.sweep import Point, PointResult, PointStatus, SweepRecord

FAST = ("--simulate", "instant", "--count", "3", "--settle", "0")


class InThisProcess:
    """Runs points one after another, here; ends after a number of them."""

    description = "this process"

    def __init__(self, most: int = 1_000_000) -> None:
        self.most = most
        self.ran: list[int] = []

    def run(self, points: Sequence[Point], *, is_ended: Any, tell: Any) -> Iterator[PointOutcome]:
        for point in points[: self.most]:
            self.ran.append(point.index)
            yield run_point(point)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> InThisProcess:
    executor = InThisProcess()
    monkeypatch.setattr(executors, "LocalExecutor", lambda *_, **__: executor)
    return executor


def swept(tmp_path: Path, *arguments: str) -> Path:
    told = virtslo("sweep", *FAST, *arguments, "--sweeps", str(tmp_path), "--quiet")
    assert told.code == 0, told.err
    (directory,) = tmp_path.iterdir()
    return directory


def rows(directory: Path) -> list[dict[str, str]]:
    with (directory / "points.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_points_of_a_lost_process_are_run_again_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor = LocalExecutor((), workers=1)
    points: list[Any] = [SimpleNamespace(index=4), SimpleNamespace(index=7)]
    told: list[str] = []

    def broken_once(waiting: list[Any], lost: list[Any], is_ended: Any) -> Iterator[PointOutcome]:
        if not told:
            lost.append(waiting.pop(0))
        else:
            yield from waiting
            waiting.clear()

    monkeypatch.setattr(executor, "_until_broken", broken_once)

    assert list(executor.run(points, is_ended=lambda: False, tell=told.append)) == points
    assert told == ["a process ended; points that were under way are run again: 4"]


def test_a_sweep_has_a_table_a_page_and_a_record_a_run(
    tmp_path: Path, in_this_process: InThisProcess
) -> None:
    directory = swept(
        tmp_path, "--vary", "profile.delays.boot.value=1s,3s", "--vary", "kind=vmi,vm",
        "--seeds", "2", "--parquet",
    )  # fmt: skip
    table = rows(directory)

    assert len(table) == 8
    assert {row["status"] for row in table} == {"valid"}
    slow = [row for row in table if row["profile.delays.boot.value"] == "3s"]
    assert all(float(row["time_to_all_running_seconds.value"]) >= 3.0 for row in slow)
    for row in table:
        header = json.loads((directory / row["record"] / "run.json").read_text(encoding="utf-8"))
        given = header["environment"]["simulated"]["settings"]["profile.delays.boot.value"]
        assert f"{given:g}s" == row["profile.delays.boot.value"]
    page = (directory / "sweep.html").read_text(encoding="utf-8")
    assert "all Running after, by profile.delays.boot.value" in page
    assert "default-src &#39;none&#39;" in page
    assert "profile.delays.boot.value" in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    import pyarrow.parquet as pq

    assert pq.read_table(directory / "points.parquet").num_rows == 8


def test_an_interrupted_sweep_goes_on_and_runs_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, rest = InThisProcess(most=2), InThisProcess()
    monkeypatch.setattr(executors, "LocalExecutor", lambda *_, **__: short)
    directory = swept(tmp_path, "--vary", "kind=vmi,vm", "--seeds", "2")
    assert len(rows(directory)) == 2

    monkeypatch.setattr(executors, "LocalExecutor", lambda *_, **__: rest)
    told = virtslo("sweep", "--resume", str(directory), "--quiet")

    assert told.code == 0
    assert (short.ran, rest.ran) == ([0, 2], [1, 3]), "every setting with the first seed first"
    assert len(rows(directory)) == 4


def test_a_sweep_that_another_process_runs_is_not_resumed(
    tmp_path: Path, in_this_process: InThisProcess
) -> None:
    made = virtslo("sweep", "burst", *FAST, "--seeds", "1", "--sweeps", str(tmp_path), "--quiet")
    (directory,) = tmp_path.iterdir()
    with locked_folder(directory):
        refused = virtslo("sweep", "--resume", str(directory), "--quiet")

    assert (made.code, refused.code) == (0, 3), made.err
    assert "another virtslo is at work in" in refused.err
    assert in_this_process.ran == [0]


def test_other_options_beside_resume_are_refused(
    tmp_path: Path, in_this_process: InThisProcess
) -> None:
    directory = swept(tmp_path, "--vary", "kind=vmi", "--seeds", "1")
    told = virtslo("sweep", "--resume", str(directory), "--count", "5", "--vary", "kind=vm")

    assert told.code == 2
    assert "count" in told.err
    assert "vary" in told.err


def test_a_file_says_what_is_varied(tmp_path: Path, in_this_process: InThisProcess) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(
        "apiVersion: virtslo/v1\nname: n\nworkload: {kind: vmi, count: 2}\n"
        "load: {pattern: burst}\nsimulated: {profile: instant}\n"
        "sweep: {vary: {count: [1, 2], nodes: [1, 3]}, seeds: 1}\n",
        encoding="utf-8",
    )
    told = virtslo("sweep", str(path), "--sweeps", str(tmp_path / "out"), "--quiet")
    (directory,) = (tmp_path / "out").iterdir()

    assert told.code == 0, told.err
    assert [(row["count"], row["nodes"]) for row in rows(directory)] == [
        ("1", "1"), ("1", "3"), ("2", "1"), ("2", "3"),
    ]  # fmt: skip


def test_every_problem_of_a_sweep_is_reported_and_nothing_is_written(tmp_path: Path) -> None:
    told = virtslo(
        "sweep", "--vary", "cont=1", "--vary", "kind=vmi,vmi", "--count", "x", "--vary", "repeat=2",
        "--sweeps", str(tmp_path),
    )  # fmt: skip

    assert told.code == 2
    for words in ("did you mean count?", "each value once", "--count", "--vary repeat"):
        assert words in told.err
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_no_point_can_have_is_found_before_the_first_run(tmp_path: Path) -> None:
    told = virtslo(
        "sweep", "--vary", "count=1,x", "--vary", "nodes=0,2", "--vary", "simulate=ci,cii",
        "--sweeps", str(tmp_path),
    )  # fmt: skip

    assert told.code == 2
    for words in ("--count", "--vary nodes", "did you mean ci?"):
        assert words in told.err


def _sweep(directory: Path, varied: str = "kind=vmi,vm", *, seeds: int = 2) -> SweepRecord:
    told = virtslo(
        "sweep", *FAST, "--vary", varied, "--seeds", str(seeds), "--sweeps", str(directory),
        "--quiet",
    )  # fmt: skip
    assert told.code == 0, told.err
    (folder,) = directory.iterdir()
    return read_sweep(folder)


def _figures(results: Sequence[PointResult]) -> list[tuple[int, dict[str, float]]]:
    """Figures, but for those that depend on the processor that ran them."""
    return [(item.index, dict(item.figures)) for item in results]


def test_a_point_that_cannot_be_run_is_a_result_that_says_so(
    tmp_path: Path, in_this_process: InThisProcess
) -> None:
    (point,) = _sweep(tmp_path / "a", "kind=vmi", seeds=1).points
    broken = Point(
        point.index,
        point.values,
        point.seed,
        point.scenario,
        type(point.target)("no such profile", 1, 1),
    )

    result = run_point(broken).result

    assert result.status is PointStatus.FAILED
    assert result.error is not None


def test_a_lost_dask_worker_is_named_with_the_points_that_are_run_again() -> None:
    said: list[str] = []
    indices = {"point-3-a": 3, "point-12-b": 12, "point-4-c": 4}
    executors.note_lost(
        {
            "action": "remove-worker",
            "worker": "tcp://127.0.0.1:1",
            "processing-tasks": ["point-12-b", "another's task"],
            "lost-computed-tasks": ["point-3-a"],
        },
        indices,
        said.append,
    )
    executors.note_lost(
        {"action": "add-worker", "worker": "tcp://127.0.0.1:2"}, indices, said.append
    )
    idle = {"action": "remove-worker", "worker": "tcp://127.0.0.1:3", "processing-tasks": []}
    executors.note_lost(idle, indices, said.append)

    assert said == ["worker tcp://127.0.0.1:1 was lost; its points are run again: 3, 12"]


@contextmanager
def dask_cluster() -> Iterator[str]:
    """A Dask cluster on loopback, of processes."""
    distributed: Any = importlib.import_module("distributed")
    with (
        warnings.catch_warnings(),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
    ):
        warnings.simplefilter("ignore")
        yield cluster.scheduler_address


@pytest.mark.slow
def test_a_sweep_on_dask_says_what_a_lost_worker_had_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        here = InThisProcess()
        patched.setattr(executors, "LocalExecutor", lambda *_, **__: here)
        sweep = _sweep(tmp_path / "here")

    def run_or_end(point: Point, command: tuple[str, ...] = ()) -> PointOutcome:
        try:
            (tmp_path / "ended").touch(exist_ok=False)
        except FileExistsError:
            return run_point(point, command)
        os._exit(1)

    monkeypatch.setattr(executors, "run_point", run_or_end)
    said: list[str] = []
    with dask_cluster() as address:
        found = list(
            DaskExecutor(address, ()).run(sweep.points, is_ended=lambda: False, tell=said.append)
        )

    assert sorted(item.result.index for item in found) == [point.index for point in sweep.points]
    assert len(said) == 1
    assert "was lost; its points are run again: " in said[0]


@pytest.mark.slow
def test_processes_and_a_dask_cluster_give_the_same_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        here = InThisProcess()
        patched.setattr(executors, "LocalExecutor", lambda *_, **__: here)
        sweep = _sweep(tmp_path / "here")
    outcomes = []
    local = LocalExecutor((), workers=2)
    outcomes.append(carry_out_sweep(sweep, tmp_path / "a", local, PointProgress(quiet=True))[0])
    with dask_cluster() as address:
        remote = DaskExecutor(address, ())
        outcomes.append(
            carry_out_sweep(sweep, tmp_path / "b", remote, PointProgress(quiet=True))[0]
        )
        monkeypatch.setattr(executors, "version_of_worker", lambda: ("0.0", "3.0"))
        monkeypatch.setattr(executors, "__version__", "9.9")
        with pytest.raises(ClusterError, match="unlike"):
            executors.require_alike({"tcp://a": ("1.0", "3.11")})
    expected = [run_point(point).result for point in sweep.points]

    assert _figures(outcomes[0].results) == _figures(expected)
    assert _figures(outcomes[1].results) == _figures(expected)
