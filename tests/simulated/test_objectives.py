"""Objectives from the command line to the exit code, on the simulated cluster."""

from pathlib import Path

import pytest

from support.cli import Outcome, only_run, virtslo

STRICT = """
apiVersion: virtslo/v1
kind: Objectives
name: strict
objectives:
  - {name: too fast, indicator: vmi_creation_to_running_seconds, statistic: p50, atMost: 1s}
  - {name: updates, indicator: rest_calls_update_virtualmachineinstances, statistic: count,
     atMost: {perObject: 7, plus: 20}}
"""

SOON = """
apiVersion: virtslo/v1
kind: Objectives
name: soon
objectives:
  - {indicator: vmi_creation_to_running_seconds, statistic: p95, atMost: 60s}
"""


def run(folder: Path, *arguments: str, form: str = "json") -> Outcome:
    return virtslo(
        "run", "burst", "--repeat", "1",
        "--count", "20", "--runs", str(folder), "--format", form, "--quiet",
        *arguments,
    )  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """A run with objectives, and its record."""
    runs = tmp_path_factory.mktemp("judged")
    return run(runs, "--objectives", "kubevirt-ci"), only_run(runs)


@pytest.fixture(scope="module")
def unjudged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a run with the objectives that it has where none are named."""
    runs = tmp_path_factory.mktemp("unjudged")
    run(runs)
    return only_run(runs)


def test_a_run_that_keeps_to_kubevirts_thresholds_passes(judged: tuple[Outcome, Path]) -> None:
    done, _ = judged

    assert done.code == 0, done.err
    assert {item["verdict"] for item in done.document["verdicts"]} == {"met"}
    assert len(done.document["verdicts"]) == 8
    assert {item["basis"] for item in done.document["verdicts"]} == {"one run"}


def test_a_violation_is_exit_code_1_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_text(STRICT)

    done = run(tmp_path / "runs", "--objectives", str(tmp_path / "strict.yaml"), form="table")

    assert done.code == 1
    assert "violated (one run): too fast: " in done.out
    assert "met (one run): updates: " in done.out


def test_a_hang_is_a_violation_and_more_than_fits_is_not(tmp_path: Path) -> None:
    (tmp_path / "soon.yaml").write_text(SOON)
    done = run(tmp_path / "runs", "--count", "115", "--nodes", "1", "--simulate", "instant",
               "--timeout", "90s", "--objectives", str(tmp_path / "soon.yaml"))  # fmt: skip

    (p95,) = done.document["verdicts"]
    (stuck,) = [item for item in done.document["data_quality"] if item["code"] == "stuck"]
    assert p95["verdict"] == "violated"
    assert p95["value"] is None
    assert done.code == 4, "the nodes cannot hold so many: the run proves nothing"
    assert "Too many pods" in stuck["detail"]


def test_every_problem_of_scenario_and_objectives_is_told_at_once(tmp_path: Path) -> None:
    done = run(tmp_path, "--objectives", "kubevirt", "--max-in-flight", "-1")

    assert done.code == 2
    assert "--objectives" in done.err
    assert "did you mean kubevirt-ci?" in done.err
    assert "--max-in-flight" in done.err


def files_of(record: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in record.iterdir()}


def test_a_record_is_judged_by_other_objectives_and_stays_as_it_is(
    judged: tuple[Outcome, Path], tmp_path: Path
) -> None:
    (tmp_path / "strict.yaml").write_text(STRICT)
    _, record = judged
    before = files_of(record)

    strict = virtslo(
        "report", str(record), "--objectives", str(tmp_path / "strict.yaml"), "--format", "json"
    )
    own = virtslo("report", str(record))
    text = virtslo("report", str(record), "--objectives", str(tmp_path / "strict.yaml"))

    assert strict.code == 1
    assert strict.document["runs"][0]["objectives"] == "strict"
    assert [item["verdict"] for item in strict.document["verdicts"]] == ["violated", "met"]
    assert "Objectives (strict)" in text.out
    assert own.code == 0
    assert "Objectives (kubevirt-ci)" in own.out
    assert files_of(record) == before


@pytest.mark.parametrize("form", ["table", "markdown", "html", "junit", "openmetrics"])
def test_every_format_says_whose_objectives_judged(unjudged: Path, form: str) -> None:
    shown = virtslo("report", str(unjudged), "--objectives", "kubernetes", "--format", form)

    assert shown.code == 0, shown.err
    assert "kubernetes" in shown.out.replace("Kubernetes", "")


def test_objectives_about_other_runs_pass_nothing(unjudged: Path, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SOON + "promisedFor: {tests: [steady-state]}\n")

    shown = virtslo("report", str(unjudged), "--objectives", str(tmp_path / "other.yaml"))

    assert shown.code == 4
    assert "not judged: no objective of soon is about Burst of VMI" in shown.out


def test_a_report_refuses_objectives_as_a_run_does(unjudged: Path, tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_text(STRICT.replace("p50", "p51"))

    unknown = virtslo("report", str(unjudged), "--objectives", "kubevirt")
    wrong = virtslo("report", str(unjudged), "--objectives", str(tmp_path / "strict.yaml"))

    assert unknown.code == 2
    assert "--objectives: expected one of kubevirt-ci, kubernetes" in unknown.err
    assert "did you mean kubevirt-ci?" in unknown.err
    assert wrong.code == 2
    assert "strict.yaml: objectives.0.statistic" in wrong.err
    assert "p50" in wrong.err


def test_a_report_of_the_record_judges_again(tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_text(STRICT)
    run(tmp_path / "runs", "--objectives", str(tmp_path / "strict.yaml"))
    (record,) = (tmp_path / "runs").iterdir()
    (tmp_path / "strict.yaml").unlink()

    assert virtslo("report", str(record), "--format", "markdown").code == 1
