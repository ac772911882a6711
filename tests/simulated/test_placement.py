"""Where a VMI asks to be: nodes by affinity, away from others, with GPUs and huge pages."""

import asyncio
from typing import Any

import pytest

from support.hollow_clusters import NAMESPACE, Hollow, vmi
from virtslo.hollow.client_go.conditions import find_condition
from virtslo.hollow.kubernetes.affinity import REQUIRED
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType


async def _pod_of(hollow: Hollow, name: str) -> Object:
    (pod,) = [
        each
        for each in await hollow.list_objects(resources.PODS)
        if (each["metadata"].get("labels") or {}).get("vm.kubevirt.io/name") == name
    ]
    return pod


async def _created(hollow: Hollow, name: str, spec: Object) -> None:
    body = vmi(name)
    body["metadata"]["labels"] = {"app": "one"}
    body["spec"] = {**body["spec"], **spec}
    await hollow.api.create(resources.VMIS, body, namespace=NAMESPACE)


async def _running_on(hollow: Hollow, name: str) -> str:
    found = await hollow.until_status(resources.VMIS, name, "phase", "Running")
    return str(found["status"]["nodeName"])


async def _why_not(hollow: Hollow, name: str) -> str:
    await asyncio.sleep(2)
    condition = find_condition((await _pod_of(hollow, name))["status"], "PodScheduled")
    assert condition is not None
    return str(condition["message"]).partition(". ")[0]


async def test_a_vmi_goes_to_the_node_that_its_affinity_names(hollow: Hollow) -> None:
    last = hollow.cluster.node_names[-1]
    rule = {"key": "kubernetes.io/hostname", "operator": "In", "values": [last]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}
    spec = {"affinity": {"nodeAffinity": {REQUIRED: terms}}}

    for name in ("a", "b"):
        await _created(hollow, name, spec)

    assert [await _running_on(hollow, name) for name in ("a", "b")] == [last, last]


async def test_vmis_that_keep_apart_share_no_node(hollow: Hollow) -> None:
    term = {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": {"app": "one"}},
    }
    spec = {"affinity": {"podAntiAffinity": {REQUIRED: [term]}}}
    nodes = hollow.cluster.node_names

    for index in range(len(nodes) + 1):
        await _created(hollow, f"v{index}", spec)
    await asyncio.sleep(5)

    found = await hollow.list_objects(resources.VMIS)
    placed = sorted(each["status"].get("nodeName") or "" for each in found)
    (waiting,) = [each for each in found if each["status"]["phase"] != "Running"]
    assert placed == ["", *sorted(nodes)]
    why = await _why_not(hollow, waiting["metadata"]["name"])
    assert why.endswith(f"{len(nodes)} node(s) didn't match pod anti-affinity rules")


async def test_a_vmi_that_tolerates_a_taint_goes_to_its_node(hollow: Hollow) -> None:
    taint = {"key": "rack", "value": "b", "effect": "NoSchedule"}
    for node in hollow.cluster.node_names:
        patch = {"spec": {"taints": [taint]}}
        await hollow.api.patch(resources.NODES, node, patch, patch_type=PatchType.MERGE)
    await _created(hollow, "a", {"tolerations": [{"key": "rack", "value": "b"}]})
    await _created(hollow, "b", {"tolerations": [{"key": "rack", "value": "c"}]})

    assert await _running_on(hollow, "a") in hollow.cluster.node_names
    assert "untolerated taint {rack: b}" in await _why_not(hollow, "b")


@pytest.mark.parametrize(
    ("domain", "wanted", "needed"),
    [
        (
            {"devices": {"gpus": [{"name": "g1", "deviceName": "nvidia.com/L40"}] * 2}},
            {"nvidia.com/L40": "2"},
            "nvidia.com/L40",
        ),
        (
            {"memory": {"guest": "64Mi", "hugepages": {"pageSize": "2Mi"}}, "resources": {}},
            {"hugepages-2Mi": str(64 * 1024**2), "memory": str(389 * 1024**2)},
            "hugepages-2Mi",
        ),
    ],
    ids=["gpus", "hugepages"],
)
async def test_what_no_node_has_is_waited_for(
    domain: dict[str, Any], wanted: dict[str, str], needed: str, hollow: Hollow
) -> None:
    base = vmi("x")["spec"]["domain"]
    await _created(hollow, "a", {"domain": {**base, **domain}})
    why = await _why_not(hollow, "a")
    pod = await _pod_of(hollow, "a")
    await hollow.api.patch(
        resources.NODES,
        hollow.cluster.node_names[0],
        {"status": {"allocatable": {needed: "1Gi"}}},
        patch_type=PatchType.MERGE,
        subresource="status",
    )

    node = await _running_on(hollow, "a")

    asked = pod["spec"]["containers"][0]["resources"]
    assert {name: asked["requests"][name] for name in wanted} == wanted
    assert needed in asked["limits"]
    assert why.endswith(f"{len(hollow.cluster.node_names)} Insufficient {needed}")
    assert node == hollow.cluster.node_names[0]


@pytest.mark.parametrize(
    "source", [{"dataVolume": {"name": "none"}}, {"persistentVolumeClaim": {"claimName": "none"}}]
)
async def test_disks_are_taken_to_be_there(source: Object, hollow: Hollow) -> None:
    base = vmi("x")["spec"]["domain"]
    disks = [{"name": "root", "disk": {"bus": "virtio"}}]
    domain = {**base, "devices": {**(base.get("devices") or {}), "disks": disks}}

    await _created(hollow, "a", {"domain": domain, "volumes": [{"name": "root", **source}]})

    assert await _running_on(hollow, "a") in hollow.cluster.node_names


@pytest.mark.parametrize(("count", "least", "most"), [(1, 4.0, 4.0), (30, 3.0, 4.0)])
async def test_where_nothing_waits_vmis_have_three_to_four_updates(
    hollow: Hollow, count: int, least: float, most: float
) -> None:
    for index in range(count):
        await _created(hollow, f"v{index}", {})
    for index in range(count):
        await _running_on(hollow, f"v{index}")
    await asyncio.sleep(5)

    updates = [
        event["user"]["username"].rpartition(":")[2]
        for event in hollow.audit_log
        if event["verb"] == "update"
        and event["objectRef"]["resource"] == "virtualmachineinstances"
        and event["responseStatus"]["code"] == 200
    ]
    assert least <= updates.count("kubevirt-controller") / count <= most
    assert updates.count("kubevirt-handler") / count == 2.0
