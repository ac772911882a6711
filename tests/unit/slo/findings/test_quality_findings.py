"""Findings from reads and the environment: what each touches, and whether it spoils the run."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from support.reads import burst_record, read, with_idle_pods
from virtslo.model.run.findings import Finding
from virtslo.model.run.record import RunRecord
from virtslo.model.run.rest_calls import API_SERVER, CounterRead, ReadStage, RestCallReads
from virtslo.slo.findings.quality_findings import quality_findings
from virtslo.slo.record.measured import measure

POD = ("CREATE", "pods", "201")


def idle(pod: str, **more: object) -> CounterRead:
    return read("idle", "after", pod, {POD: 1}, **more)  # type: ignore[arg-type]


def after(pod: str, **more: object) -> CounterRead:
    return read("ramp_up", "after", pod, {POD: 11}, **more)  # type: ignore[arg-type]


def findings(
    *reads: CounterRead, record: RunRecord | None = None, is_whole: bool = True
) -> dict[str, Finding]:
    base = record or burst_record([])
    read_all = with_idle_pods(reads) if is_whole else reads
    whole = replace(base, rest_calls=RestCallReads(read_all))
    return {finding.code: finding for finding in quality_findings(measure(whole))}


def server(stage: ReadStage, pods: int, vmis: int = 10) -> CounterRead:
    counts = {POD: pods, ("CREATE", "virtualmachineinstances", "201"): vmis,
              ("CREATE", "pods/binding", "201"): 500}  # fmt: skip
    made = read(stage, "after", "kube-apiserver", counts, source=API_SERVER)
    return replace(made, component="*")


def replace_at(record: RunRecord, number: int, **facts: Any) -> RunRecord:
    """The record with one operation changed."""
    operations = list(record.operations)
    operations[number] = msgspec.structs.replace(operations[number], **facts)
    return replace(record, operations=tuple(operations))


def test_a_quiet_run_has_none() -> None:
    assert findings(idle("virt-api-a"), after("virt-api-a")) == {}


def test_components_without_pods_are_named() -> None:
    found = findings(idle("virt-api-a"), after("virt-api-a"), is_whole=False)

    assert found.keys() == {"not_counted"}
    assert found["not_counted"].touches == ("rest_calls",)
    assert "virt-controller: no pods were found" in found["not_counted"].detail
    assert "virt-handler: no pods were found" in found["not_counted"].detail


def test_a_restart_spoils_the_run() -> None:
    found = findings(idle("virt-controller-a"), after("virt-controller-a", start=2.0))

    assert found.keys() == {"component_restart"}
    assert found["component_restart"].inconclusive
    assert found["component_restart"].touches == ("*",)
    assert "virt-controller virt-controller-a" in found["component_restart"].detail


def test_a_restart_of_what_is_not_counted_does_not() -> None:
    assert findings(idle("virt-operator-a"), after("virt-operator-a", start=2.0)) == {}


def test_a_new_leader_spoils_the_run() -> None:
    found = findings(
        idle("virt-controller-a", leading=True), idle("virt-controller-b", leading=False),
        after("virt-controller-a", leading=False), after("virt-controller-b", leading=True),
    )  # fmt: skip

    assert found["leader_change"].inconclusive
    assert "from virt-controller-a to virt-controller-b" in found["leader_change"].detail


def test_a_pod_that_went_spoils_the_run_and_one_that_came_does_not() -> None:
    found = findings(idle("virt-handler-a"), after("virt-handler-b"))

    assert found["component_gone"].inconclusive
    assert not found["component_came"].inconclusive


def test_a_failed_read_touches_the_counts_alone() -> None:
    found = findings(idle("virt-api-a"), after("virt-api-a", error="no permission for pods/proxy"))

    assert found["not_counted"].touches == ("rest_calls",)
    assert not found["not_counted"].inconclusive


def test_what_others_create_is_foreign_load() -> None:
    reads = (idle("virt-controller-a"), after("virt-controller-a"))

    few = findings(*reads, server("idle", 0, 0), server("ramp_up", 11))
    many = findings(*reads, server("idle", 0, 0), server("ramp_up", 13))

    assert few["foreign_load"].detail == "others created 1 pods in the window of ramp_up"
    assert not few["foreign_load"].inconclusive
    assert many["foreign_load"].inconclusive


def test_our_own_creates_are_not_foreign() -> None:
    reads = (idle("virt-controller-a"), after("virt-controller-a"))

    assert findings(*reads, server("idle", 0, 0), server("ramp_up", 10)) == {}


def test_a_create_whose_answer_was_lost_is_not_foreign() -> None:
    reads = (idle("virt-controller-a"), after("virt-controller-a"))
    base = burst_record([])
    lost = replace_at(base, 3, error="ConnectionLost: reset", code=None)
    refused = replace_at(base, 3, error="Invalid", code=422)
    counts = (server("idle", 0, 0), server("ramp_up", 10))

    assert findings(*reads, *counts, record=lost) == {}
    assert "foreign_load" in findings(*reads, *counts, record=refused)
    damaged = replace(refused, damage=("operations.jsonl.gz ends early",))
    assert findings(*reads, *counts, record=damaged) == {}


@pytest.mark.parametrize("pods", ["", "many", "²", "9" * 5000])
def test_a_size_of_nodes_that_is_no_number_bounds_nothing(pods: str) -> None:
    base = burst_record([])
    environment = replace(base.header.environment, schedulable_nodes=1, node_shape={"pods": pods})

    found = findings(record=replace(base, header=replace(base.header, environment=environment)))

    assert "no_room" not in found


def test_more_than_the_nodes_hold_is_told_before_anything_else() -> None:
    base = burst_record([])
    environment = replace(
        base.header.environment, schedulable_nodes=1, node_shape={"pods": "9", "cpu": "32"}
    )
    record = replace(base, header=replace(base.header, environment=environment))

    found = findings(record=record)

    assert found["no_room"].inconclusive
    assert found["no_room"].detail == "10 VMIs do not fit 1 schedulable nodes of 9 pods each"
