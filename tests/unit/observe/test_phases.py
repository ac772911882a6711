"""What is read from an object: kinds differ in where their phase and readiness stand."""

from typing import Any

import pytest

from virtslo.model.identifiers import INDEX_LABEL, RUN_LABEL, STAGE_LABEL
from virtslo.model.kubernetes.resources import PODS, VM_POOLS, VMI_REPLICA_SETS, VMIS, VMS, Resource
from virtslo.model.run.observations import Fact
from virtslo.observe.phases import facts_of, server_timestamp

READY = {"type": "Ready", "status": "True"}


def target(status: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"metadata": {"uid": "u", "name": "one", "namespace": "ns", **metadata}}
    if status is not None:
        found["status"] = status
    return found


@pytest.mark.parametrize(
    ("resource", "status", "phase", "is_ready"),
    [
        (VMIS, {"phase": "Running", "conditions": [READY]}, "Running", True),
        (VMIS, {"phase": "Running", "ready": True}, "Running", False),
        (VMIS, {"phase": "", "conditions": [{**READY, "status": "False"}]}, None, False),
        (PODS, {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]},
         "Pending", False),
        (VMS, {"printableStatus": "Starting", "phase": "no", "ready": True}, "Starting", True),
        (VMS, {"printableStatus": "Running", "conditions": [READY]}, "Running", False),
        (VM_POOLS, {"phase": "x", "ready": True, "conditions": [READY]}, None, False),
        (VMI_REPLICA_SETS, {"phase": "x", "conditions": [READY]}, None, False),
        (VMIS, None, None, False),
    ],
)  # fmt: skip
def test_phase_and_readiness_are_read_where_the_kind_has_them(
    resource: Resource, status: dict[str, Any] | None, phase: str | None, is_ready: bool
) -> None:
    facts = facts_of(resource, target(status))

    assert (facts.phase, facts.is_ready) == (phase, is_ready)


def test_whose_an_object_is_stands_in_its_labels() -> None:
    labels = {RUN_LABEL: "r", STAGE_LABEL: "warm-up", INDEX_LABEL: "12"}

    facts = facts_of(VMIS, target(labels=labels))

    assert (facts.run, facts.stage, facts.index) == ("r", "warm-up", 12)
    assert facts_of(VMIS, target(labels={INDEX_LABEL: "x"})).index is None
    assert facts_of(VMIS, target()).run is None


def test_the_owner_is_the_controller_alone() -> None:
    owners = [{"uid": "a"}, {"uid": "b", "controller": True}]

    assert facts_of(VMIS, target(ownerReferences=owners)).owner_uid == "b"
    assert facts_of(VMIS, target(ownerReferences=owners[:1])).owner_uid is None


def test_the_node_of_a_pod_stands_in_its_spec() -> None:
    pod = {**target(), "spec": {"nodeName": "node-1"}}

    assert facts_of(PODS, pod).node == "node-1"
    assert facts_of(VMIS, target({"nodeName": "node-2"})).node == "node-2"


def test_an_object_marked_for_deletion_says_so() -> None:
    assert facts_of(VMIS, target(deletionTimestamp="2026-01-01T00:00:00Z")).is_deleting
    assert not facts_of(VMIS, target()).is_deleting


@pytest.mark.parametrize(
    ("fact", "phase", "expected"),
    [
        ("added", None, "01"),
        ("deleting", None, "02"),
        ("phase", "Running", "03"),
        ("phase", "Failed", None),
        ("ready", None, None),
    ],
)
def test_the_servers_stamp_of_a_fact(fact: Fact, phase: str | None, expected: str | None) -> None:
    stamps = [{"phase": "Running", "phaseTransitionTimestamp": "03"}]
    found = target(
        {"phaseTransitionTimestamps": stamps}, creationTimestamp="01", deletionTimestamp="02"
    )

    assert server_timestamp(found, fact, phase) == expected
