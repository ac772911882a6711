"""Pods have addresses of their nodes' ranges, VMIs those of their pods."""

import ipaddress
from typing import Any

from support.hollow_clusters import NAMESPACE, Hollow, in_hollow_cluster, vmi
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources


def _address(of: Object) -> str:
    address: str = of["status"]["interfaces"][0]["ipAddress"]
    return address


async def _ranges(hollow: Hollow) -> dict[str, ipaddress.IPv4Network]:
    nodes = (await hollow.api.list_objects(resources.NODES)).items
    return {
        node["metadata"]["name"]: ipaddress.IPv4Network(node["spec"]["podCIDR"]) for node in nodes
    }


async def test_every_pod_has_an_address_of_its_own_from_its_nodes_range(hollow: Hollow) -> None:
    for index in range(10):
        await hollow.api.create(resources.VMIS, vmi(f"vmi-{index}"), namespace=NAMESPACE)
    for index in range(10):
        await hollow.until_status(resources.VMIS, f"vmi-{index}", "phase", "Running")
    ranges = await _ranges(hollow)
    pods = (await hollow.api.list_objects(resources.PODS)).items
    vmis = await hollow.list_objects(resources.VMIS)

    addresses = [pod["status"]["podIP"] for pod in pods]
    assert len(set(addresses)) == len(pods) >= 10 + 7
    for pod in pods:
        address = ipaddress.IPv4Address(pod["status"]["podIP"])
        assert address in ranges[pod["spec"]["nodeName"]]
        assert pod["status"]["podIPs"] == [{"ip": str(address)}]
    owned: dict[str, Any] = {
        pod["metadata"]["ownerReferences"][0]["name"]: pod["status"]["podIP"]
        for pod in pods
        if pod["metadata"]["namespace"] == NAMESPACE
    }
    assert {each["metadata"]["name"]: _address(each) for each in vmis} == owned
    assert len({each["status"]["interfaces"][0]["mac"] for each in vmis}) == 10


def test_addresses_are_the_same_in_every_run() -> None:
    async def test(hollow: Hollow) -> list[str]:
        for index in range(5):
            await hollow.api.create(resources.VMIS, vmi(f"vmi-{index}"), namespace=NAMESPACE)
            await hollow.until_status(resources.VMIS, f"vmi-{index}", "phase", "Running")
        return [_address(each) for each in await hollow.list_objects(resources.VMIS)]

    assert in_hollow_cluster(test) == in_hollow_cluster(test)


async def test_a_kubelet_that_starts_again_gives_no_address_twice(hollow: Hollow) -> None:
    for index in range(6):
        await hollow.api.create(resources.VMIS, vmi(f"vmi-{index}"), namespace=NAMESPACE)
        await hollow.until_status(resources.VMIS, f"vmi-{index}", "phase", "Running")
        if index == 2:
            for node in hollow.cluster.node_names:
                await hollow.cluster.restart(f"kubelet-{node}")
    pods = (await hollow.api.list_objects(resources.PODS)).items
    addresses = [pod["status"]["podIP"] for pod in pods]

    assert len(set(addresses)) == len(addresses)


async def test_a_vmi_that_migrated_has_the_address_of_its_new_pod(hollow: Hollow) -> None:
    await hollow.api.create(resources.VMIS, vmi("a"), namespace=NAMESPACE)
    before = await hollow.until_status(resources.VMIS, "a", "phase", "Running")
    migration = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": "m", "namespace": NAMESPACE},
        "spec": {"vmiName": "a"},
    }
    await hollow.api.create(resources.VMI_MIGRATIONS, migration, namespace=NAMESPACE)
    await hollow.until_status(resources.VMI_MIGRATIONS, "m", "phase", "Succeeded")
    after = await hollow.get(resources.VMIS, "a")
    assert after is not None
    ranges = await _ranges(hollow)

    assert after["status"]["nodeName"] != before["status"]["nodeName"]
    assert ipaddress.IPv4Address(_address(after)) in ranges[after["status"]["nodeName"]]
