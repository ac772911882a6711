"""Suites and repetitions: one cluster, one record a part, tables that are filled, resumption."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import geometric_mean
from typing import Any

import pytest

from support.cli import Outcome, contents, only_run, virtslo
from virtslo.cli.running import parallel_runs
from virtslo.cli.running.folder_lock import locked_folder

PARTS = [
    "burst-vmi", "steady-state-vmi", "burst-vm", "steady-state-vm", "burst-vmpool",
    "steady-state-vmpool",
]  # fmt: skip
SMALL = ("--count", "12", "--churn", "2", "--cycles", "2", "--every", "40s")


def state_of(runs: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((only_run(runs) / "suite.json").read_text())
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def suite(runs: Path) -> Outcome:
    return virtslo(
        "run", "suite", "--repeat", "1", *SMALL, "--runs", str(runs), "--format", "json", "--quiet"
    )  # fmt: skip


def test_a_suite_fills_the_first_two_tables_of_every_kind(suite: Outcome) -> None:
    assert suite.code == 0, suite.out + suite.err
    tables = suite.document["tables"]

    for kind in ("vmi", "vm", "vmpool"):
        for test in ("burst", "steady_state"):
            running = tables["phase_transition_rate"][kind][test]["running"]
            assert running["value"] > 0, (kind, test, running)
            assert tables["creation_rate"][test][kind]["value"] > 0
    assert len(suite.document["runs"]) == 6


def test_a_suite_has_a_record_of_itself_and_one_a_part(suite: Outcome, runs: Path) -> None:
    assert suite.code == 0
    parts = state_of(runs)["parts"]

    assert [part["key"] for part in parts] == PARTS
    assert {part["status"] for part in parts} == {"complete"}
    labels = {part["run_label"] for part in parts}
    assert len(labels) == 6
    for part in parts:
        header = json.loads((only_run(runs) / part["record"] / "run.json").read_text())
        assert header["status"] == "complete"
        assert not header.get("left_behind")


def test_a_suite_is_reported_again_from_its_folder(suite: Outcome, runs: Path) -> None:
    again = virtslo("tables", str(only_run(runs)), "--format", "json")

    assert again.document == suite.document


def test_a_complete_suite_is_not_run_again(suite: Outcome, runs: Path) -> None:
    again = virtslo(
        "run", "suite", "--resume", str(only_run(runs)), "--format", "json", "--quiet"
    )  # fmt: skip

    assert again.code == 0
    assert again.document == suite.document
    assert "nothing was run again" in again.err


COLUMNS_OF_TABLES = (
    ("Creation rate,", ["Creation Rate (VMI)", "Creation Rate (VM)", "Creation Rate (VMPool)"]),
    *(
        (
            f"Phase transition rate, {kind},",
            ["Phase Transition Rate (Pending)", "(Scheduling)", "(Scheduled)", "(Running)"],
        )
        for kind in ("VMI", "VM", "VMPool")
    ),
    *(
        (f"REST calls, {kind},", ["K8s REST Verb (CREATE)", "(LIST)", "(PATCH)", "(UPDATE)"])
        for kind in ("VMI", "VM", "VMPool")
    ),
)


def test_what_a_suite_prints_is_read_at_a_glance(
    suite: Outcome, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert suite.code == 0
    monkeypatch.setenv("COLUMNS", "130")
    folder = only_run(runs)

    shown = virtslo("run", "suite", "--resume", str(folder), "--quiet").out

    lines = shown.splitlines()
    assert len(lines) < 150
    at = [next(n for n, line in enumerate(lines) if line.startswith(title)) for title, _ in
          COLUMNS_OF_TABLES]  # fmt: skip
    assert at == sorted(at)
    headlines = [line.split(",")[0] for line in lines[: at[0]] if "simulated cluster" in line]
    assert headlines == ["Return to capacity", "Time to Running"], "above the rates"
    for line, (_, columns) in zip(at, COLUMNS_OF_TABLES, strict=True):
        assert lines[line + 1].split("  ")[0] == "Test"
        assert [part.strip() for part in lines[line + 1].split("  ") if part][1:] == columns
        assert lines[line + 3].startswith("Burst")
        assert lines[line + 4].startswith("Steady State")
        assert "simulated cluster" in lines[line]
    for section in ("Definitions of the three tables", "Environment", "Runs", "Data quality",
                    "You promise, we promise: these figures hold where"):  # fmt: skip
        assert section in lines
    for part in state_of(runs)["parts"]:
        assert part["record"] in shown
    assert f"virtslo report {folder}/NAME" in shown
    assert lines[-1].startswith("valid")
    assert virtslo("tables", str(folder)).out == shown


@pytest.mark.parametrize("width", ["60", "80"])
def test_the_tables_of_a_suite_fit_narrow_terminals(
    suite: Outcome, runs: Path, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    assert suite.code == 0
    monkeypatch.setenv("COLUMNS", width)

    lines = virtslo("tables", str(only_run(runs))).out.splitlines()

    tables = lines[: lines.index("Definitions of the three tables")]
    assert max(map(len, tables)) <= int(width)
    assert len(lines) < 200


def test_the_report_of_a_suite_holds_what_the_summary_leaves_out(
    suite: Outcome, runs: Path
) -> None:
    assert suite.code == 0

    whole = virtslo("report", str(only_run(runs))).out

    assert whole.count("Latencies: ") == 6
    assert whole.count("Over time, ") == 6


def test_an_interrupted_suite_goes_on_where_it_was(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "virtslo",
        "run",
        "suite",
        "--repeat",
        "1",
        "--count",
        "120",
        "--kind",
        "vmi",
    ]
    process = subprocess.Popen(
        [*command, "--runs", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(6000):
        begun = [path for path in tmp_path.glob("*/*/operations.jsonl.gz") if path.stat().st_size]
        if len(begun) == 2 or process.poll() is not None:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "--resume" in err
    first, second = state_of(tmp_path)["parts"]
    assert (first["status"], second["status"]) == ("complete", "interrupted")

    resumed = virtslo(
        "run", "suite", "--resume", str(only_run(tmp_path)), "--format", "json", "--quiet"
    )  # fmt: skip

    assert resumed.code == 0, resumed.err
    after = state_of(tmp_path)["parts"]
    assert after[0] == first
    assert after[1]["status"] == "complete"
    assert after[1]["record"] != second["record"]


def test_a_churn_ladder_is_a_run_for_each_rung(tmp_path: Path) -> None:
    shown = virtslo(
        "run", "constant-churn", "--count", "30", "--churn-ladder", "2/s,20/s", "--duration", "20s",
        "--runs", str(tmp_path), "--dry-run",
    )  # fmt: skip

    assert [
        line.split(",")[0] for line in shown.out.splitlines() if line.startswith("churn: ")
    ] == [
        "churn: 40 replacements at 2/s",
        "churn: 400 replacements at 20/s",
    ]


def test_a_suite_with_parts_missing_is_no_pass(suite: Outcome, runs: Path, tmp_path: Path) -> None:
    assert suite.code == 0
    folder = tmp_path / "suite"
    shutil.copytree(only_run(runs), folder)
    state = json.loads((folder / "suite.json").read_text())
    for part in state["parts"][4:]:
        part.update(status="pending", record=None, run_label=None)
    (folder / "suite.json").write_text(json.dumps(state))

    told = virtslo("report", str(folder), "--format", "json")

    assert told.code == 4
    assert told.document["valid"] is False
    (finding,) = told.document["data_quality"]
    assert (finding["run"], finding["code"]) == (state["id"], "incomplete")
    assert "2 of the suite's 6 parts are not complete: burst-vmpool (pending)" in finding["detail"]
    cases = virtslo("report", str(folder), "--format", "junit")
    assert cases.code == 4
    assert 'errors="1"' in cases.out.splitlines()[1]
    assert "a suite is not complete" in virtslo("report", str(folder)).out


def test_a_repeated_scenario_gives_a_figure_over_runs_with_its_interval(tmp_path: Path) -> None:
    done = virtslo(
        "run", "burst", "--count", "12", "--repeat", "3",
        "--runs", str(tmp_path), "--format", "json", "--quiet",
    )  # fmt: skip

    assert done.code == 0, done.err
    cell = done.document["tables"]["phase_transition_rate"]["vmi"]["burst"]["running"]
    values = sorted(
        row["value"] for row in done.document["indicators"] if row["name"] == "phase_rate_running"
    )
    assert len(set(values)) == 3
    assert cell["value"] == pytest.approx(geometric_mean(values))
    assert cell["range"] == [values[0], values[2]]
    assert cell["runs"] == 3
    interval = cell["interval"]
    assert interval["scope"] == "over runs"
    assert interval["low"] < values[0] < values[2] < interval["high"]
    (group,) = done.document["repetitions"]
    assert group["id"] == "burst-vmi"
    assert len(group["runs"]) == 3
    assert [part["seed"] for part in state_of(tmp_path)["parts"]] == [1, 2, 3]
    seeds = [run["cluster"]["seed"] for run in done.document["runs"]]
    assert seeds == [1, 2, 3]
    assert [part["repetition"] for part in state_of(tmp_path)["parts"]] == [1, 2, 3]


@pytest.mark.parametrize("most", [12, 11], ids=["in this process", "in one of its own"])
def test_a_repetition_is_the_run_of_its_seed_to_the_bit(
    tmp_path: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel_runs, "core_count", lambda: 2)
    monkeypatch.setattr(parallel_runs, "SMALL", most)
    load = ("run", "burst", "--count", "12", "--quiet", "--format", "json")
    virtslo(*load, "--repeat", "2", "--seed", "5", "--runs", str(tmp_path / "two"))
    virtslo(*load, "--repeat", "1", "--seed", "6", "--runs", str(tmp_path / "one"))

    (_, second) = state_of(tmp_path / "two")["parts"]

    repetition = only_run(tmp_path / "two") / second["record"]
    assert contents(repetition) == contents(only_run(tmp_path / "one"))


def test_burst_and_suite_are_repeated_on_the_simulated_cluster_alone(tmp_path: Path) -> None:
    shown = virtslo("run", "burst", "--count", "3", "--dry-run", "--runs", str(tmp_path))
    once = virtslo("run", "steady-state", "--dry-run", "--runs", str(tmp_path))

    assert "repeat: 5" in shown.out
    assert "repeat: 1" in once.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--churn", "200", "--count", "10"), "at most workload.count (10)"),
        (("--keep",), "no --keep with several runs"),
        (("--kind", "nonsense"), "one of vmi, vm, vmpool, vmirs"),
        (("--cycles", "0"), "at least 1"),
        (("--template", "instancetype"), "template"),
    ],
)
def test_a_wrong_suite_is_refused_before_anything_is_run(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    refused = virtslo("run", "suite", *options, "--runs", str(tmp_path / "runs"))

    assert refused.code == 2, refused.out
    assert words in refused.err
    assert not (tmp_path / "runs").exists()


def test_a_suite_that_another_process_runs_is_not_resumed(suite: Outcome, runs: Path) -> None:
    assert suite.code == 0
    with locked_folder(only_run(runs)):
        refused = virtslo("run", "suite", "--resume", str(only_run(runs)), "--quiet")

    assert refused.code == 3
    assert "another virtslo is at work in" in refused.err


def test_a_suite_is_only_resumed_as_it_was_begun(suite: Outcome, runs: Path) -> None:
    assert suite.code == 0
    refused = virtslo("run", "suite", "--resume", str(only_run(runs)), "--count", "5")

    assert refused.code == 2
    assert "--count" in refused.err
    assert virtslo("run", "burst", "--repeat", "1", "--resume", str(only_run(runs))).code == 2
    assert virtslo("run", "suite", "--resume", str(runs / "none")).code == 3


@pytest.mark.slow
def test_two_processes_run_the_same_suite_to_the_bit(tmp_path: Path) -> None:
    def run(folder: str, hash_seed: str) -> list[bytes]:
        command = [
            sys.executable,
            "-m",
            "virtslo",
            "run",
            "suite",
            "--repeat",
            "1",
            *SMALL,
            "--quiet",
        ]
        subprocess.run(
            [*command, "--runs", str(tmp_path / folder)],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            timeout=120,
        )
        parts = state_of(tmp_path / folder)["parts"]
        folders = [only_run(tmp_path / folder) / part["record"] for part in parts]
        return [text for folder in folders for text in contents(folder).values()]

    assert run("a", "1") == run("b", "4242")
