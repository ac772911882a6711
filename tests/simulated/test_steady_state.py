"""Steady State and constant churn end to end, in virtual time."""

from pathlib import Path
from typing import Any

import pytest

from support.cli import Outcome, only_run, virtslo
from virtslo.cli.wiring import read_record

COUNT, CHURN, CYCLES = 20, 3, 4


def run(tmp_path: Path, pattern: str, *options: str) -> Outcome:
    return virtslo(
        "run", pattern, "--count", str(COUNT), *options,
        "--runs", str(tmp_path), "--format", "json", "--quiet",
    )  # fmt: skip


def rows_of(outcome: Outcome) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["name"], row["statistic"]): row for row in outcome.document["indicators"]}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def steady(runs: Path) -> Outcome:
    return run(runs, "steady-state", "--churn", str(CHURN), "--cycles", str(CYCLES))


def test_a_steady_state_ends_valid_and_fills_its_row_alone(steady: Outcome) -> None:
    assert steady.code == 0, steady.out + steady.err
    tables = steady.document["tables"]
    row = tables["phase_transition_rate"]["vmi"]["steady_state"]

    assert row["running"]["value"] > 0
    assert row["running"]["samples"] == CHURN * CYCLES
    assert "range" not in row["running"], "a range is over runs"
    assert len(row["running"]["cycle_range"]) == 2
    assert row["running"]["no_interval"] == "one run: an interval over runs needs 3"
    assert row["running"]["churn"] == "delete and create"
    assert tables["phase_transition_rate"]["vmi"]["burst"]["running"]["value"] is None
    assert "constant_churn" not in tables["creation_rate"]


def test_every_cycle_has_a_recovery_and_starts_on_schedule(steady: Outcome, runs: Path) -> None:
    rows = rows_of(steady)
    record = read_record(only_run(runs))
    (stage,) = [stage for stage in record.header.stages if stage.name == "churn"]

    for number in range(1, CYCLES + 1):
        assert rows["cycle_recovery_seconds", f"cycle_{number}"]["value"] > 0
    offsets = [(start - stage.t0_ns) / 1e9 for start in stage.cycle_starts_ns]
    assert offsets == [0.0, 60.0, 120.0, 180.0]
    assert rows["churn_duration_seconds", "value"]["value"] == 240.0
    assert rows["overlapping_cycles", "value"]["value"] == 0
    assert 0 < rows["time_below_capacity_share", "value"]["value"] < 1


def test_the_population_is_whole_after_every_cycle(runs: Path, steady: Outcome) -> None:
    assert steady.code == 0
    record = read_record(only_run(runs))
    churned = [item for item in record.operations if item.stage == "churn"]

    assert len(churned) == 2 * CHURN * CYCLES
    assert not any(item.error for item in record.operations)
    assert record.header.left_behind == ()
    created = [item for item in record.operations if item.verb == "create"]
    deleted = [item for item in record.operations if item.verb == "delete"]
    assert {(item.name, item.uid) for item in created} == {
        (item.name, item.uid) for item in deleted
    }


def test_calls_of_the_ramp_down_are_divided_by_what_it_deletes(steady: Outcome) -> None:
    rows = rows_of(steady)
    count = rows["ramp_down_rest_calls_delete", "count"]
    each = rows["ramp_down_rest_calls_delete", "per_object"]

    assert count["value"] > 0
    assert each["samples"] == COUNT
    assert each["value"] == pytest.approx(count["value"] / COUNT)


def test_a_schedule_does_not_wait_for_what_is_late(tmp_path: Path) -> None:
    done = run(tmp_path, "steady-state", "--churn", "3", "--cycles", "3", "--every", "2s")

    assert done.code == 0, done.err
    record = read_record(only_run(tmp_path))
    (stage,) = [stage for stage in record.header.stages if stage.name == "churn"]
    intended = sorted({item.intended_ns for item in record.operations if item.stage == "churn"})
    assert [(moment - stage.t0_ns) // 10**9 for moment in intended] == [0, 2, 4]
    assert rows_of(done)["overlapping_cycles", "value"]["value"] == 2
    assert "withdrawn" in {f["code"] for f in done.document["data_quality"]}
    (overlap,) = [f for f in done.document["data_quality"] if f["code"] == "overlap"]
    assert overlap["inconclusive"] is False


def test_constant_churn_is_a_row_of_its_own(tmp_path: Path) -> None:
    done = run(tmp_path, "constant-churn", "--rate", "1/s", "--duration", "30s")

    assert done.code == 0, done.err
    tables = done.document["tables"]
    cell = tables["creation_rate"]["constant_churn"]["vmi"]
    # the first is accepted at once, the 27th of 30 after 26 s
    assert cell["value"] == pytest.approx(27 / 26, rel=0.01)
    assert cell["samples"] == 30
    assert tables["creation_rate"]["steady_state"]["vmi"]["value"] is None
    rows = rows_of(done)
    assert rows["replacement_seconds", "p50"]["value"] > 0
    assert ("cycle_recovery_seconds", "p50") not in rows


def test_a_population_that_never_was_whole_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "steady-state", "--cycles", "1", "--timeout", "5s")

    assert done.code == 4
    codes = {finding["code"] for finding in done.document["data_quality"]}
    assert "not_whole" in codes


def test_an_object_whose_create_had_no_answer_goes_in_the_ramp_down(tmp_path: Path) -> None:
    done = run(
        tmp_path, "steady-state", "--churn", "10", "--cycles", "2", "--simulate", "instant",
        "--every", "10s", "--timeout", "20s",
        "--fault", "connection-reset:stage=churn,rate=0.3,served=1",
    )  # fmt: skip

    # What the server had carried out is found by its name, so nothing failed; the finding says so.
    assert done.code == 0, done.err
    assert "found_by_name" in {finding["code"] for finding in done.document["data_quality"]}
    record = read_record(only_run(tmp_path))
    assert any(item.verb == "create" and item.code is None for item in record.operations)
    (last,) = [stage for stage in record.header.stages if stage.name == "ramp_down"]
    assert last.whole_ns is not None
    assert record.header.left_behind == ()
