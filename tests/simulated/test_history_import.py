"""Our own runs in a history, by the command line: stored, listed, shown, read from exports."""

import json
from pathlib import Path

import pytest

from support.cli import only_run, virtslo


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    done = virtslo(
        "run",
        "burst",
        "--repeat",
        "1",
        "--count",
        "10",
        "--repeat",
        "1",
        "--runs",
        str(runs),
        "--quiet",
    )
    assert done.code == 0, done.err
    return only_run(runs)


def test_a_record_is_stored_with_every_indicator(record: Path, tmp_path: Path) -> None:
    where = ("--history", str(tmp_path / "h.db"))

    first = virtslo("history", "import", str(record.parent), *where)
    again = virtslo("history", "import", str(record), *where)

    assert (first.code, first.err) == (0, "")
    assert "1 runs added, 0 rewritten, 0 there already" in first.out
    assert "0 runs added, 0 rewritten, 1 there already" in again.out
    report = virtslo("report", str(record), "--format", "json").document
    (shown,) = virtslo("history", "show", record.name, "--format", "json", *where).document
    stored = {
        (item["indicator"], item["statistic"]): (item["value"], item["samples"], item["reason"])
        for item in shown["figures"]
    }
    assert stored == {
        (item["name"], item["statistic"]): (item["value"], item["samples"], item["reason"])
        for item in report["indicators"]
    }
    assert shown["is_simulated"]
    assert shown["seed"] == 1


def test_the_list_names_the_scenario_and_its_runs(record: Path, tmp_path: Path) -> None:
    where = ("--history", str(tmp_path / "h.db"))
    virtslo("history", "import", str(record), *where)

    jobs = virtslo("history", "list", *where)
    runs = virtslo("history", "list", "--job", "burst", *where)

    assert "burst" in jobs.out
    assert record.name in runs.out


@pytest.mark.parametrize("form", ["kube-burner", "vep411", "perfscale"])
def test_exports_for_other_tools_can_be_read_back(record: Path, tmp_path: Path, form: str) -> None:
    path = tmp_path / "run-1" / f"{form}.json"
    text = virtslo("report", str(record), "--format", form, "--allow-simulated").out
    path.parent.mkdir()
    path.write_text(text)

    done = virtslo("history", "import", str(path), "--history", str(tmp_path / "h.db"))

    assert done.code == 0
    assert "1 runs added" in done.out
    assert json.loads(text)


def test_an_unknown_run_or_job_is_a_clear_message(tmp_path: Path) -> None:
    where = ("--history", str(tmp_path / "h.db"))

    run = virtslo("history", "show", "nothing", *where)
    job = virtslo("history", "list", "--job", "nothing", *where)

    assert (run.code, job.code) == (3, 2)
    assert "no run 'nothing' in the history" in run.err
    assert "no job in the history match 'nothing'" in job.err


def test_a_place_without_anything_that_is_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("{}")

    done = virtslo("history", "import", str(tmp_path), "--history", str(tmp_path / "h.db"))

    assert done.code == 0
    assert f"{tmp_path}: left out: no record, no published result" in done.out


def test_a_file_that_is_no_history_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough to be told from one\n" * 10)

    done = virtslo("history", "list", "--history", str(path))

    assert done.code == 3
    assert "file is not a database" in done.err
    assert path.read_text().startswith("not a database")


def test_a_run_is_stored_when_it_ends_and_an_import_of_it_adds_nothing(tmp_path: Path) -> None:
    runs, where = tmp_path / "runs", ("--history", str(tmp_path / "h.db"))

    done = virtslo("run", "burst", "--repeat", "2", "--count", "5", "--runs", str(runs), "--quiet",
                   *where)  # fmt: skip
    again = virtslo("history", "import", str(runs), *where)

    assert done.code == 0, done.err
    assert "2 runs added, 0 rewritten, 0 there already" in done.err
    assert "0 runs added, 0 rewritten, 2 there already" in again.out
    listed = virtslo("history", "list", "--job", "burst", *where)
    assert listed.out.count("yes") == 2


def test_a_history_that_cannot_be_used_stops_a_run_before_it_begins(tmp_path: Path) -> None:
    damaged = tmp_path / "h.db"
    damaged.write_bytes(b"no database at all" * 100)

    options = ("--count", "5", "--runs", str(tmp_path / "runs"), "--quiet")
    done = virtslo("run", "burst", "--repeat", "1", *options, "--history", str(damaged))

    assert done.code == 3
    assert "not a database" in done.err
    assert not (tmp_path / "runs").exists()
