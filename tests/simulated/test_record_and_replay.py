"""What was recorded is played again: the same figures, the recorded times, every kind."""

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.cli import Outcome, only_run, virtslo
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord

SECOND = 10**9
HEADER = {"format": "virtslo/trace", "version": 1, "source": "watch"}
FIGURES = {
    "creation_rate", "phase_rate_running", "time_to_all_running_seconds",
    "vmi_intent_to_running_seconds", "vmi_creation_to_running_seconds",
    "vmi_deletion_to_gone_seconds", "rest_calls_create", "rest_calls_update", "rest_calls_patch",
}  # fmt: skip


def values_of(outcome: Outcome) -> dict[str, Any]:
    document = outcome.document
    return {
        f"{item['name']} {item['statistic']}": item["value"]
        for item in document["indicators"]
        if item["name"] in FIGURES
    }


def operations_of(folder: Path) -> list[OperationRecord]:
    text = gzip.decompress((folder / "operations.jsonl.gz").read_bytes())
    return [msgspec.json.decode(line, type=OperationRecord) for line in text.splitlines()]


def replayed(trace: Path, runs: Path, *more: str) -> Outcome:
    common = ("--runs", str(runs), "--format", "json", "--quiet")
    return virtslo("run", "replay", "--trace", str(trace), *common, *more)


@pytest.mark.parametrize(
    ("kind", "more"),
    [("vmi", ()), ("vm", ("--arrival", "poisson", "--rate", "2/s")), ("vmpool", ())],
)
def test_a_recorded_burst_gives_the_same_figures(
    tmp_path: Path, kind: str, more: tuple[str, ...]
) -> None:
    first = virtslo(
        "run", "burst", "--kind", kind, "--count", "10", "--repeat", "1", "--simulate", "ci",
        "--seed", "5", "--runs", str(tmp_path / "a"), "--format", "json", "--quiet", *more,
    )  # fmt: skip
    trace = tmp_path / "t.jsonl.gz"
    assert virtslo("record", str(only_run(tmp_path / "a")), "-o", str(trace)).code == 0

    again = replayed(trace, tmp_path / "b", "--simulate", "ci", "--seed", "5")

    assert again.code == first.code == 0
    assert values_of(again) == values_of(first)
    assert len(values_of(again)) > 10


def a_trace(path: Path) -> Path:
    lines: list[dict[str, Any]] = [HEADER]
    for number in range(1, 9):
        kind = ("vmi", "vm", "vmpool", "vmirs")[number % 4]
        line = {"at_ns": number * SECOND, "event": "arrival", "object": number, "kind": kind}
        lines.append(line | ({"members": 2} if kind in {"vmpool", "vmirs"} else {}))
    for number in range(1, 7):
        at_ns = (60 + 2 * number) * SECOND
        lines.append({"at_ns": at_ns, "event": "deletion", "object": number})
    lines.append({"at_ns": 100 * SECOND, "event": "end", "cut": False})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_every_kind_is_played_at_its_time_and_speed(tmp_path: Path) -> None:
    trace = a_trace(tmp_path / "t.jsonl")

    outcome = replayed(trace, tmp_path / "runs", "--simulate", "instant", "--speed", "2")

    assert outcome.code == 0, outcome.err
    operations = [
        item for item in operations_of(only_run(tmp_path / "runs")) if item.stage != "warm_up"
    ]
    created = [item for item in operations if item.verb == CREATE]
    deleted = [item for item in operations if item.verb == DELETE]
    t0 = created[0].intended_ns
    assert [item.intended_ns - t0 for item in created] == [n * SECOND // 2 for n in range(8)]
    assert [item.intended_ns - t0 for item in deleted[:6]] == [
        (59 + 2 * number) * SECOND // 2 for number in range(1, 7)
    ]
    assert {item.kind for item in created} == {
        "VirtualMachineInstance",
        "VirtualMachine",
        "VirtualMachinePool",
        "VirtualMachineInstanceReplicaSet",
    }
    assert outcome.document["runs"][0]["kind"] == "mixed"
    assert outcome.document["tables"]["creation_rate"]["replay"]["mixed"]["value"] is not None


def test_what_a_trace_deletes_before_it_can_run_is_left_out_and_said(tmp_path: Path) -> None:
    events = [
        {"at_ns": number * SECOND, "event": "arrival", "object": number, "kind": "vmi"}
        for number in range(1, 5)
    ]
    events.append({"at_ns": 5 * SECOND, "event": "deletion", "object": 4})
    lines = [HEADER, *events, {"at_ns": 100 * SECOND, "event": "end", "cut": False}]
    trace = tmp_path / "t.jsonl"
    trace.write_text("".join(json.dumps(line) + "\n" for line in lines))

    outcome = replayed(trace, tmp_path / "runs", "--simulate", "ci")

    assert outcome.code == 0, outcome.err
    said = {item["code"]: item["detail"] for item in outcome.document["data_quality"]}
    assert said["withdrawn"].startswith("1 of 4 arrivals were deleted by the trace sooner than")
    rate = outcome.document["tables"]["phase_transition_rate"]["vmi"]["replay"]["running"]
    assert rate["samples"] == 3


def test_churn_is_replayed_and_recorded_again_as_it_was(tmp_path: Path) -> None:
    virtslo(
        "run", "constant-churn", "--count", "8", "--rate", "1/s", "--duration", "20s",
        "--simulate", "ci", "--runs", str(tmp_path / "a"), "--quiet",
    )  # fmt: skip
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    virtslo("record", str(only_run(tmp_path / "a")), "-o", str(first))
    replayed(first, tmp_path / "b", "--simulate", "ci")
    virtslo("record", str(only_run(tmp_path / "b")), "-o", str(second))

    def lives(path: Path) -> list[tuple[int, int | None]]:
        lines = [json.loads(line) for line in path.read_text().splitlines()[1:-1]]
        ends = {line["object"]: line["at_ns"] for line in lines if line["event"] == "deletion"}
        return sorted(
            (line["at_ns"], ends.get(line["object"]))
            for line in lines
            if line["event"] == "arrival"
        )

    assert len(lives(first)) == 28
    assert lives(second) == lives(first)


def test_a_dry_run_says_what_would_be_played(tmp_path: Path) -> None:
    outcome = virtslo(
        "run", "replay", "--trace", str(a_trace(tmp_path / "t.jsonl")), "--dry-run",
    )  # fmt: skip

    assert outcome.code == 0
    assert (
        "arrivals: 2 vm, 2 vmi, 2 vmirs, 2 vmpool, over 7s; at most 1 in one second" in outcome.out
    )
    assert (
        "at most 12 VMIs at once; 6 deletions at recorded times, 2 objects outlive" in outcome.out
    )


def test_a_scenario_file_plays_a_trace_beside_it(tmp_path: Path) -> None:
    a_trace(tmp_path / "day.jsonl")
    scenario = tmp_path / "s.yaml"
    scenario.write_text(
        "apiVersion: virtslo/v1\nname: day\nload:\n  pattern: replay\n  trace: day.jsonl\n"
        "  speed: 10\n  sample: 0.5\n"
    )
    outcome = virtslo("run", str(scenario), "--dry-run")

    assert outcome.code == 0, outcome.err
    assert "played at speed 10, 0.5 of its objects" in outcome.out
    assert "not played: 4 are not in the sample" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("record",), "a cluster to watch, or a source"),
        (("record", "missing"), "No such file"),
        (("record", ".", "--duration", "soon"), "--duration"),
        (("run", "replay"), "a trace to replay"),
        (("run", "replay", "--count", "5", "--trace", "t"), "--count"),
        (("run", "replay", "--churn", "5%", "--trace", "t"), "a replay has no churn"),
    ],
)
def test_a_wrong_request_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = virtslo(*arguments)

    assert outcome.code == 2
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_a_source_that_no_file_system_can_name_is_refused(tmp_path: Path) -> None:
    outcome = virtslo("record", "a" * 5000, "-o", str(tmp_path / "t.jsonl"))

    assert outcome.code == 2
    assert "File name too long" in outcome.err
