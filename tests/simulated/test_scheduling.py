"""Nodes fill up; what does not fit says so and goes on when there is room; orphans go."""

import asyncio
from typing import Any

import pytest

from support.hollow_clusters import NAMESPACE, Hollow, vm, vmi
from virtslo.hollow.client_go.conditions import find_condition
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType


async def _shrink(hollow: Hollow, **room: str) -> None:
    """Let every node hold less."""
    wanted = {key.replace("_", "/").replace("0", "."): value for key, value in room.items()}
    for node in hollow.cluster.node_names:
        await hollow.api.patch(
            resources.NODES,
            node,
            {"status": {"allocatable": wanted}},
            patch_type=PatchType.MERGE,
            subresource="status",
        )
    await asyncio.sleep(0.1)


async def _only_pod(hollow: Hollow, name: str) -> Object:
    for pod in await hollow.list_objects(resources.PODS):
        owners = pod["metadata"].get("ownerReferences") or [{"name": ""}]
        if owners[0]["name"] == name:
            return pod
    raise AssertionError(f"no pod of {name}")


@pytest.mark.parametrize(
    ("room", "words"),
    [
        ({"cpu": "150m"}, "2 Insufficient cpu"),
        ({"memory": "100Mi"}, "2 Insufficient memory"),
        ({"pods": "2"}, "2 Too many pods"),
        ({"devices0kubevirt0io_kvm": "1"}, "2 Insufficient devices.kubevirt.io/kvm"),
    ],
    ids=["cpu", "memory", "pods", "kvm"],
)
async def test_what_fits_nowhere_is_pending_says_why_and_goes_on_when_there_is_room(
    room: dict[str, str], words: str, hollow: Hollow
) -> None:
    if room == {"pods": "2"}:
        await _fill_with_components(hollow)
    await _shrink(hollow, **room)
    for name in ("a", "b"):
        await hollow.api.create(resources.VMS, vm(name), namespace=NAMESPACE)
        await hollow.until_status(resources.VMS, name, "ready", True)
    await hollow.api.create(resources.VMS, vm("c"), namespace=NAMESPACE)
    found = await hollow.until_status(resources.VMS, "c", "printableStatus", "ErrorUnschedulable")
    condition = find_condition(found["status"], "PodScheduled")
    pod = await _only_pod(hollow, "c")
    events = await hollow.list_objects(resources.EVENTS)

    assert condition is not None
    assert words in condition["message"]
    assert pod["status"]["phase"] == "Pending"
    assert any(event["reason"] == "FailedScheduling" for event in events)

    await hollow.api.delete(resources.VMS, "a", namespace=NAMESPACE)
    await hollow.until_status(resources.VMS, "c", "ready", True)
    vmi_now = await hollow.get(resources.VMIS, "c")
    assert vmi_now is not None
    assert find_condition(vmi_now["status"], "PodScheduled") is None


async def _fill_with_components(hollow: Hollow) -> None:
    """KubeVirt's own pods take places too: make them go, so that two are left for each node."""
    pods = await hollow.api.list_objects(resources.PODS)
    for pod in pods.items:
        metadata = pod["metadata"]
        if metadata["namespace"] == "kubevirt":
            await hollow.api.delete(
                resources.PODS,
                metadata["name"],
                namespace="kubevirt",
                grace_period_seconds=0,
            )
    for node in hollow.cluster.node_names:
        filler: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"filler-{node}", "namespace": NAMESPACE},
            "spec": {"nodeName": node, "containers": [{"name": "c", "image": "i"}]},
        }
        await hollow.api.create(resources.PODS, filler, namespace=NAMESPACE)


async def test_a_vmi_stays_where_its_node_selector_allows(hollow: Hollow) -> None:
    body = vmi("a")
    body["spec"]["nodeSelector"] = {"kubernetes.io/hostname": "node-00001"}
    await hollow.api.create(resources.VMIS, body, namespace=NAMESPACE)
    found = await hollow.until_status(resources.VMIS, "a", "phase", "Running")
    assert found["status"]["nodeName"] == "node-00001"


async def test_what_names_an_owner_that_never_was_is_collected(hollow: Hollow) -> None:
    owner = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "name": "never",
        "uid": "0000",
    }
    body = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {"name": "r", "namespace": NAMESPACE, "ownerReferences": [owner]},
        "revision": 1,
    }
    await hollow.api.create(resources.CONTROLLER_REVISIONS, body, namespace=NAMESPACE)
    await hollow.until_gone(resources.CONTROLLER_REVISIONS, "r")
    asked = [
        line["objectRef"]["resource"]
        for line in hollow.audit_log
        if line["userAgent"].startswith("kube-controller-manager") and line["verb"] == "get"
    ]
    assert "virtualmachines" in asked


async def test_what_has_waited_longest_gets_the_room_that_is_made(hollow: Hollow) -> None:
    await _shrink(hollow, cpu="150m")
    for name in ("a", "b"):
        await hollow.api.create(resources.VMIS, vmi(name), namespace=NAMESPACE)
        await hollow.until_status(resources.VMIS, name, "phase", "Running")
    await hollow.api.create(resources.VMIS, vmi("early"), namespace=NAMESPACE)
    await asyncio.sleep(60)
    pod = (await _only_pod(hollow, "a"))["metadata"]["name"]

    await hollow.api.delete(resources.VMIS, "a", namespace=NAMESPACE)
    await hollow.until_gone(resources.PODS, pod)
    await hollow.api.create(resources.VMIS, vmi("late"), namespace=NAMESPACE)
    await hollow.until_status(resources.VMIS, "early", "phase", "Running")
    await asyncio.sleep(5)
    late = await hollow.get(resources.VMIS, "late")

    assert late is not None
    assert late["status"]["phase"] == "Scheduling"


@pytest.mark.parametrize("change", ["room", "label", "uncordoned"])
async def test_a_node_that_changes_for_the_better_is_tried_again(
    change: str, hollow: Hollow
) -> None:
    body = vmi("a")
    if change == "room":
        await _shrink(hollow, cpu="50m")
    elif change == "label":
        body["spec"]["nodeSelector"] = {"rack": "seven"}
    else:
        await _patch_nodes(hollow, {"spec": {"unschedulable": True}})
    await hollow.api.create(resources.VMIS, body, namespace=NAMESPACE)
    pod = await _unschedulable_pod(hollow, "a")
    await asyncio.sleep(20)
    if change == "room":
        await _shrink(hollow, cpu="150m")
    elif change == "label":
        await _patch_nodes(hollow, {"metadata": {"labels": {"rack": "seven"}}})
    else:
        await _patch_nodes(hollow, {"spec": {"unschedulable": None}})

    before = hollow.clock.now_ns()
    await hollow.until_status(resources.VMIS, "a", "phase", "Running")
    seconds = (hollow.clock.now_ns() - before) / 1e9

    assert seconds < 20
    words = {
        "room": "2 Insufficient cpu",
        "label": "2 node(s) didn't match Pod's node affinity/selector",
        "uncordoned": "2 node(s) were unschedulable",
    }
    condition = find_condition(pod["status"], "PodScheduled")
    assert condition is not None
    assert words[change] in condition["message"]


async def _patch_nodes(hollow: Hollow, patch: Object) -> None:
    for node in hollow.cluster.node_names:
        await hollow.api.patch(resources.NODES, node, patch, patch_type=PatchType.MERGE)
    await asyncio.sleep(0.1)


async def _unschedulable_pod(hollow: Hollow, name: str) -> Object:
    await asyncio.sleep(2)
    return await _only_pod(hollow, name)
