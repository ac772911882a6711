"""Migrations on a hollow cluster: the VMI moves, the phases are told, limits hold."""

import asyncio
from typing import Any

import pytest

from support.hollow_clusters import NAMESPACE, Hollow, vm, vmi
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources


def migration(name: str, of: str) -> dict[str, Any]:
    """A migration of a VMI."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"vmiName": of},
    }


async def _migrate(hollow: Hollow, name: str, of: str) -> None:
    body = migration(name, of)
    await hollow.api.create(resources.VMI_MIGRATIONS, body, namespace=NAMESPACE)


async def _vmi(hollow: Hollow, name: str) -> Object:
    found = await hollow.get(resources.VMIS, name)
    assert found is not None
    return found


async def test_a_migration_moves_a_vmi_to_another_node(hollow: Hollow) -> None:
    await hollow.api.create(resources.VMIS, vmi("a"), namespace=NAMESPACE)
    before = await hollow.until_status(resources.VMIS, "a", "phase", "Running")
    await _migrate(hollow, "m", "a")
    done = await hollow.until_status(resources.VMI_MIGRATIONS, "m", "phase", "Succeeded")
    await asyncio.sleep(1)
    after = await _vmi(hollow, "a")
    source, target = before["status"]["nodeName"], after["status"]["nodeName"]

    assert source != target
    assert after["status"]["phase"] == "Running"
    assert after["metadata"]["labels"]["kubevirt.io/nodeName"] == target
    state = done["status"]["migrationState"]
    assert (state["sourceNode"], state["targetNode"]) == (source, target)
    phases = [stamp["phase"] for stamp in done["status"]["phaseTransitionTimestamps"]]
    assert phases == [
        "Pending",
        "Scheduling",
        "Scheduled",
        "PreparingTarget",
        "TargetReady",
        "Running",
        "Succeeded",
    ]
    pods = {
        pod["spec"]["nodeName"]: pod["status"]["phase"]
        for pod in await hollow.list_objects(resources.PODS)
    }
    assert pods == {source: "Succeeded", target: "Running"}


@pytest.mark.hollow(profile="ci")
async def test_a_vm_says_that_it_migrates_and_runs_on(hollow: Hollow) -> None:
    await hollow.api.create(resources.VMS, vm("a"), namespace=NAMESPACE)
    await hollow.until_status(resources.VMS, "a", "ready", True)
    await _migrate(hollow, "m", "a")
    await hollow.until_status(resources.VMS, "a", "printableStatus", "Migrating")
    await hollow.until_status(resources.VMI_MIGRATIONS, "m", "phase", "Succeeded")
    found = await hollow.until_status(resources.VMS, "a", "printableStatus", "Running")
    assert found["status"]["ready"] is True


async def test_a_migrated_vmi_can_be_deleted(hollow: Hollow) -> None:
    await hollow.api.create(resources.VMIS, vmi("a"), namespace=NAMESPACE)
    await hollow.until_status(resources.VMIS, "a", "phase", "Running")
    await _migrate(hollow, "m", "a")
    await hollow.until_status(resources.VMI_MIGRATIONS, "m", "phase", "Succeeded")
    await hollow.api.delete(resources.VMIS, "a", namespace=NAMESPACE)
    await hollow.until_gone(resources.VMIS, "a")
    assert not await hollow.list_objects(resources.PODS)


@pytest.mark.hollow(nodes=1)
async def test_a_migration_with_no_other_node_waits_for_one(hollow: Hollow) -> None:
    await hollow.api.create(resources.VMIS, vmi("a"), namespace=NAMESPACE)
    await hollow.until_status(resources.VMIS, "a", "phase", "Running")
    await _migrate(hollow, "m", "a")
    await hollow.until_status(resources.VMI_MIGRATIONS, "m", "phase", "Scheduling")
    await asyncio.sleep(5)
    found = await hollow.get(resources.VMI_MIGRATIONS, "m")
    assert found is not None
    assert found["status"]["phase"] == "Scheduling"


@pytest.mark.parametrize("count", [8])
async def test_no_more_than_two_leave_a_node_at_once(count: int, hollow: Hollow) -> None:
    for index in range(count):
        body = vmi(f"a{index}")
        body["spec"]["nodeSelector"] = {"kubernetes.io/hostname": "node-00000"}
        await hollow.api.create(resources.VMIS, body, namespace=NAMESPACE)
        await hollow.until_status(resources.VMIS, f"a{index}", "phase", "Running")
    for index in range(count):
        await _migrate(hollow, f"m{index}", f"a{index}")
    await asyncio.sleep(3)
    phases = [
        item["status"]["phase"] for item in await hollow.list_objects(resources.VMI_MIGRATIONS)
    ]
    assert phases.count("Pending") == count - 2
