"""Objects that are left alone: what is called meanwhile, by the hour, and what a run costs."""

from dataclasses import replace
from pathlib import Path

from support.cli import only_run, virtslo
from virtslo.cli.wiring import read_record
from virtslo.model.cost.card import CostKey, CostPart
from virtslo.model.run.rest_calls import AUDIT_LOG
from virtslo.slo.figures.cost import cost_of

HEARTBEATS = 60
"""Patches of its node that a virt-handler makes in an hour: one a minute."""
SCENARIO = """
apiVersion: virtslo/v1
name: idle
workload: {{kind: vmi, count: 20}}
load: {{pattern: burst, hold: 10m}}
observe: {{auditLog: {log}}}
"""


def test_the_idle_bill_is_per_hour_per_node_and_per_object(tmp_path: Path) -> None:
    bills = {}
    for nodes in (5, 20):
        shown = virtslo(
            *("run", "idle", "--count", "20", "--nodes", str(nodes), "--duration", "30m"),
            *("--simulate", "instant", "--runs", str(tmp_path / str(nodes)), "--format", "json"),
        )
        assert shown.code == 0, shown.err
        bills[nodes] = {
            (each["name"], each["statistic"]): each["value"]
            for each in shown.document["indicators"]
            if each["name"].startswith("idle_")
        }

    for nodes, bill in bills.items():
        per_node = bill["idle_rest_calls_patch", "per_node_hour"]
        assert abs(per_node - HEARTBEATS) < 3, nodes
        per_hour = bill["idle_rest_calls_patch", "per_hour"]
        assert abs(per_hour - per_node * nodes) < 1e-6 * per_hour
        assert bill["idle_rest_calls_create", "per_hour"] == 0
    assert abs(bills[20]["idle_rest_calls_patch", "per_hour"] / 4
               - bills[5]["idle_rest_calls_patch", "per_hour"]) < 15  # fmt: skip


def test_no_stage_of_rest_no_idle_bill(tmp_path: Path) -> None:
    shown = virtslo("run", "burst", "--count", "5", "--repeat", "1", "--runs", str(tmp_path),
                    "--simulate", "instant", "--format", "json")  # fmt: skip

    assert "idle_rest_calls" not in shown.out


def test_the_duration_of_rest_is_refused_by_its_option() -> None:
    shown = virtslo("run", "idle", "--duration", "soon")

    assert shown.code == 2
    assert "--duration" in shown.err


def test_the_costs_of_a_run_are_counted_by_the_audit_log_with_the_counters_beside(
    tmp_path: Path,
) -> None:
    scenario = tmp_path / "idle.yaml"
    scenario.write_text(SCENARIO.format(log=tmp_path / "audit.log"))
    runs = tmp_path / "runs"
    shown = virtslo("run", str(scenario), "--runs", str(runs), "--simulate", "instant")
    assert shown.code == 0, shown.err

    record = read_record(only_run(runs))
    cost = cost_of(record, {}, is_plane=False)

    created = CostKey(CostPart.CREATED, "virt-controller", "CREATE pods 201", "calls per VMI")
    assert cost.source == AUDIT_LOG
    assert cost.values[created].rate == 1
    assert cost.values[created].is_per_object
    heartbeat = CostKey(CostPart.HELD, "virt-handler", "PATCH nodes", "calls per VMI and hour")
    assert cost.values[heartbeat].rate > 0
    assert not any("leases" in key.what for key in cost.values if key.part is CostPart.CREATED)
    assert {each.component: each.is_lost for each in cost.telemetry}["virt-controller"] is False
    (controller,) = [each for each in cost.telemetry if each.component == "virt-controller"]
    assert controller.counted == controller.audited
    assert controller.missed == {}
    assert all(each.is_count or each.resolution > 0 for each in cost.values.values())

    assert cost.unknown == frozenset()

    reads = tuple(
        read
        for read in record.rest_calls.reads
        if read.source != AUDIT_LOG and read.component != "virt-controller"
    )
    unread = replace(record, rest_calls=replace(record.rest_calls, reads=reads))
    partial = cost_of(unread, {}, is_plane=False)
    assert created not in partial.values
    assert (CostPart.CREATED, "virt-controller") in partial.unknown
    assert (CostPart.CREATED, "virt-handler") not in partial.unknown
