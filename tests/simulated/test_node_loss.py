"""A node that is lost: not ready, emptied, its VMIs failed, its VMs running elsewhere."""

import asyncio
from typing import Any

import pytest

from support.hollow_clusters import NAMESPACE, Hollow, vm
from virtslo.model.kubernetes import resources

COUNT = 6


async def _run_vms(hollow: Hollow) -> None:
    for index in range(COUNT):
        await hollow.api.create(resources.VMS, vm(f"a{index}"), namespace=NAMESPACE)
    for index in range(COUNT):
        await hollow.until_status(resources.VMS, f"a{index}", "ready", True)


async def _node(hollow: Hollow, name: str) -> tuple[str, list[str]]:
    """Whether a node is ready, and its taints."""
    found = await hollow.api.get(resources.NODES, name)
    conditions: list[Any] = found["status"]["conditions"]
    (ready,) = [item["status"] for item in conditions if item["type"] == "Ready"]
    return ready, sorted({taint["key"] for taint in found["spec"].get("taints") or ()})


async def _places(hollow: Hollow) -> dict[str, tuple[str, str]]:
    """Node and phase of each VMI."""
    return {
        item["metadata"]["name"]: (item["status"].get("nodeName", ""), item["status"]["phase"])
        for item in await hollow.list_objects(resources.VMIS)
    }


@pytest.mark.hollow(profile="ci", nodes=3, faults=["node-loss:at=70s,remedy=0s"])
async def test_without_a_remedy_a_lost_nodes_vmis_are_stuck(hollow: Hollow) -> None:
    await _run_vms(hollow)
    before = await _places(hollow)
    await asyncio.sleep(100)
    (lost,) = [name for name in hollow.cluster.node_names if await _is_lost(hollow, name)]
    assert await _node(hollow, lost) == ("Unknown", ["node.kubernetes.io/unreachable"])
    pods = await hollow.list_objects(resources.PODS)
    assert not any("deletionTimestamp" in pod["metadata"] for pod in pods)
    await asyncio.sleep(400)
    pods = await hollow.list_objects(resources.PODS)
    going = [pod for pod in pods if "deletionTimestamp" in pod["metadata"]]
    assert {pod["spec"]["nodeName"] for pod in going} == {lost}
    assert await _places(hollow) == before


async def _is_lost(hollow: Hollow, name: str) -> bool:
    return (await _node(hollow, name))[0] != "True"


@pytest.mark.hollow(profile="ci", nodes=3, faults=["node-loss:at=70s,for=250s,remedy=60s"])
async def test_once_out_of_service_its_vms_run_elsewhere_and_the_node_comes_back(
    hollow: Hollow,
) -> None:
    await _run_vms(hollow)
    before = await _places(hollow)
    await asyncio.sleep(200)
    (lost,) = [name for name in hollow.cluster.node_names if await _is_lost(hollow, name)]
    after = await _places(hollow)
    moved = {name for name, (node, _) in before.items() if node == lost}

    assert moved
    assert set(after) == set(before)
    assert {phase for _, phase in after.values()} == {"Running"}
    assert lost not in {node for node, _ in after.values()}
    stayed = {name: place for name, place in before.items() if name not in moved}
    assert {name: after[name] for name in stayed} == stayed

    await asyncio.sleep(200)
    assert await _node(hollow, lost) == ("True", [])
