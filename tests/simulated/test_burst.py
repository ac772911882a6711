"""A burst of VMIs end to end, from the command line to the document, in virtual time."""

import json
from pathlib import Path

import pytest

from support.cli import Outcome, only_run, virtslo

COUNT = 30


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def burst(runs: Path) -> Outcome:
    return virtslo(
        "run",
        "burst",
        "--repeat",
        "1",
        "--count",
        str(COUNT),
        "--runs",
        str(runs),
        "--format",
        "json",
        "--quiet",
    )


def test_a_burst_ends_valid(burst: Outcome) -> None:
    assert burst.code == 0, burst.out + burst.err
    assert burst.document["valid"] is True


def test_standard_output_is_the_document_and_nothing_else(burst: Outcome) -> None:
    assert burst.out.startswith("{")
    assert burst.document["schema"] == "virtslo.report/v1"


def test_every_vmi_is_counted_once_in_every_phase(burst: Outcome) -> None:
    cells = burst.document["tables"]["phase_transition_rate"]["vmi"]["burst"]

    assert {phase: cell["samples"] for phase, cell in cells.items()} == dict.fromkeys(
        ("pending", "scheduling", "scheduled", "running"), COUNT
    )
    assert all(cell["value"] > 0 for cell in cells.values())


def test_the_creation_rate_is_filled(burst: Outcome) -> None:
    cell = burst.document["tables"]["creation_rate"]["burst"]["vmi"]

    assert cell["value"] > 0
    assert cell["samples"] == COUNT
    assert cell["unit"] == "objects/s"


def test_what_was_not_run_has_no_value_and_a_reason(burst: Outcome) -> None:
    tables = burst.document["tables"]

    for cell in (
        tables["creation_rate"]["burst"]["vm"],
        tables["creation_rate"]["steady_state"]["vmi"],
        tables["phase_transition_rate"]["vmpool"]["steady_state"]["running"],
    ):
        assert cell["value"] is None
        assert cell["reason"]


def test_latencies_come_with_samples_and_source(burst: Outcome) -> None:
    rows = {
        (row["name"], row["statistic"]): row
        for row in burst.document["indicators"]
        if row["name"] == "vmi_creation_to_running_seconds"
    }

    p50 = rows["vmi_creation_to_running_seconds", "p50"]
    p95 = rows["vmi_creation_to_running_seconds", "p95"]
    p99 = rows["vmi_creation_to_running_seconds", "p99"]
    assert 0 < p50["value"] <= p95["value"]
    assert p50["samples"] == COUNT
    assert p50["source"] == "watch"
    assert p99["value"] is None
    assert "100" in p99["reason"]


def test_nothing_is_left_behind(burst: Outcome, runs: Path) -> None:
    header = json.loads((only_run(runs) / "run.json").read_text())

    assert header["status"] == "complete"
    assert not header.get("left_behind")


def test_a_report_of_the_record_says_the_same(burst: Outcome, runs: Path) -> None:
    again = virtslo("report", str(only_run(runs)), "--format", "json")

    assert again.code == 0
    assert again.document == burst.document


def test_the_record_says_it_is_simulated(burst: Outcome) -> None:
    (run,) = burst.document["runs"]

    assert run["cluster"]["simulated"] is True
    assert run["cluster"]["profile"] == "ci"
    assert run["cluster"]["seed"] == 1


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_every_printed_table_says_it_is_simulated(burst: Outcome, runs: Path, form: str) -> None:
    shown = virtslo("tables", str(only_run(runs)), "--format", form)

    assert shown.code == 0
    assert shown.out.lower().count("simulated") >= 3


@pytest.mark.parametrize(
    "arrival",
    [
        ("--arrival", "constant", "--rate", "10/s"),
        ("--arrival", "poisson", "--rate", "10/s"),
        ("--arrival", "ramp", "--rate", "20/s"),
    ],
)
def test_every_arrival_process_runs(arrival: tuple[str, ...], tmp_path: Path) -> None:
    done = virtslo(
        "run", "burst", "--repeat", "1", "--count", "20", *arrival, "--simulate", "instant",
        "--runs", str(tmp_path), "--format", "json", "--quiet",
    )  # fmt: skip

    assert done.code == 0, done.out + done.err
    cell = done.document["tables"]["phase_transition_rate"]["vmi"]["burst"]["running"]
    assert cell["samples"] == 20


def test_more_than_the_nodes_hold_is_inconclusive_and_says_which(tmp_path: Path) -> None:
    done = virtslo(
        "run", "burst", "--repeat", "1", "--count", "150", "--nodes", "1", "--simulate", "instant",
        "--timeout", "60s", "--runs", str(tmp_path), "--format", "json", "--quiet",
    )  # fmt: skip

    assert done.code == 4, done.err
    assert done.document["valid"] is False
    (unfinished,) = [f for f in done.document["data_quality"] if f["code"] == "unfinished"]
    assert "Scheduling" in unfinished["detail"] or "Pending" in unfinished["detail"]


def test_a_vmi_that_runs_after_the_deadline_is_late_and_spoils_the_run(tmp_path: Path) -> None:
    done = virtslo(
        "run", "burst", "--count", "100", "--timeout", "27s", "--simulate", "ci", "--repeat", "1",
        "--runs", str(tmp_path), "--format", "json", "--quiet",
    )  # fmt: skip

    assert done.code == 4, done.err
    (late,) = [item for item in done.document["data_quality"] if item["code"] == "unfinished"]
    assert late["inconclusive"] is True
    rows = {(row["name"], row["statistic"]): row for row in done.document["indicators"]}
    assert rows["vmi_creation_to_running_seconds", "p99"]["value"] is None
    assert rows["vmi_creation_to_running_seconds", "p50"]["value"] < 27
    assert rows["time_to_all_running_seconds", "value"]["value"] is None
