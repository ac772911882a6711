"""Every kind and form of churn runs, recovers, and names its form."""

import json
from pathlib import Path

import pytest

from support.cli import only_run, virtslo
from virtslo.cli.wiring import read_record
from virtslo.model.run.observations import ADDED
from virtslo.slo.record.measured import measure

CASES = [
    ("vm", (), "delete and create"),
    ("vm", ("--churn-mode", "restart"), "restart"),
    ("vm", ("--template", "instancetype"), "delete and create"),
    ("vmpool", (), "delete the pool's VMs"),
    ("vmpool", ("--churn-mode", "scale"), "scale in and out"),
    ("vmirs", (), "scale in and out"),
]


@pytest.mark.parametrize(("kind", "options", "form"), CASES)
def test_every_form_of_churn_recovers(
    tmp_path: Path, kind: str, options: tuple[str, ...], form: str
) -> None:
    done = virtslo(
        "run", "steady-state", "--kind", kind, "--count", "8", "--churn", "2", "--cycles", "2",
        "--every", "90s", *options, "--runs", str(tmp_path), "--format", "json", "--quiet",
    )  # fmt: skip

    assert done.code == 0, done.out + done.err
    churn = measure(read_record(only_run(tmp_path))).churn
    assert churn is not None
    assert [cycle.recovered_ns is not None for cycle in churn.cycles] == [True, True]
    assert churn.replaced == 4
    assert sum(len(cycle.created) for cycle in churn.cycles) == 4
    if kind != "vmirs":
        cell = done.document["tables"]["phase_transition_rate"][kind]["steady_state"]["running"]
        assert cell["churn"] == form


def test_every_object_of_a_pool_carries_the_runs_labels(tmp_path: Path) -> None:
    done = virtslo(
        "run", "burst", "--repeat", "1",
        "--kind", "vmpool", "--count", "6", "--simulate", "instant",
        "--runs", str(tmp_path), "--format", "json", "--quiet",
    )  # fmt: skip

    assert done.code == 0, done.err
    record = read_record(only_run(tmp_path))
    added = [seen for seen in record.observations if seen.fact == ADDED and seen.stage is None]
    kinds = [seen.kind for seen in added]
    assert kinds.count("VirtualMachinePool") == 1
    assert kinds.count("VirtualMachine") == 6
    assert kinds.count("VirtualMachineInstance") == 6
    assert {seen.index for seen in added} == {0}


def test_restarts_are_exported_with_their_latencies(tmp_path: Path) -> None:
    done = virtslo(
        "run", "steady-state", "--kind", "vm", "--count", "4", "--churn", "2", "--cycles", "2",
        "--every", "60s", "--churn-mode", "restart",
        "--runs", str(tmp_path), "--format", "json", "--quiet",
    )  # fmt: skip
    assert done.code == 0, done.out + done.err

    form = ("--format", "kube-burner", "--allow-simulated")
    documents = json.loads(virtslo("report", str(only_run(tmp_path)), *form).out)

    found = [item for item in documents if item["metricName"] == "vmiLatencyMeasurement"]
    assert len(found) == 4
    assert all(item["churnMetric"] for item in found)
    assert all(0 < item["vmiCreatedLatency"] < item["vmiRunningLatency"] for item in found)
    quantiles = {item["quantileName"]: item for item in documents if "quantileName" in item}
    assert quantiles["VMIRunning"]["max"] == max(item["vmiRunningLatency"] for item in found)
