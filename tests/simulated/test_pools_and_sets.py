"""Pools and replica sets on a hollow cluster: scaling, naming, replacement, updates, deletion."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from support.hollow_clusters import NAMESPACE, Hollow, pool, replica_set
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import PatchType


async def _patch(hollow: Hollow, resource: Resource, name: str, patch: Any) -> None:
    await hollow.api.patch(resource, name, patch, patch_type=PatchType.MERGE, namespace=NAMESPACE)


async def _whole(hollow: Hollow, resource: Resource, name: str, count: int) -> Object:
    await hollow.until_status(resource, name, "readyReplicas", count)
    return await hollow.until_status(resource, name, "replicas", count)


def _settled(hollow: Hollow, resource: Resource, count: int) -> Callable[[], Awaitable[bool]]:
    async def is_settled() -> bool:
        return len(await hollow.list_objects(resource)) == count

    return is_settled


async def _names(hollow: Hollow, resource: Resource) -> list[str]:
    return sorted(item["metadata"]["name"] for item in await hollow.list_objects(resource))


async def _create(hollow: Hollow, resource: Resource, body: Object) -> None:
    await hollow.api.create(resource, body, namespace=NAMESPACE)


async def test_a_pool_makes_numbered_vms_a_second_after_it_was_created(hollow: Hollow) -> None:
    await _create(hollow, resources.VM_POOLS, pool("p", 3))
    start_ns = hollow.clock.now_ns()
    await hollow.until(_settled(hollow, resources.VMS, 3))
    assert 1e9 <= hollow.clock.now_ns() - start_ns < 1.3e9
    found = await _whole(hollow, resources.VM_POOLS, "p", 3)

    assert await _names(hollow, resources.VMS) == ["p-0", "p-1", "p-2"]
    assert found["status"]["labelSelector"] == "app=load"
    vmi = await hollow.get(resources.VMIS, "p-0")
    assert vmi is not None
    assert vmi["metadata"]["labels"]["kubevirt.io/vm-pool-revision-name"] == "p-1"


async def test_a_pool_grows_by_at_most_250_at_a_time(hollow: Hollow) -> None:
    halted = pool("p", 260)
    halted["spec"]["virtualMachineTemplate"]["spec"]["runStrategy"] = "Halted"
    await _create(hollow, resources.VM_POOLS, halted)
    await hollow.until(_settled(hollow, resources.VMS, 250))
    await hollow.until(_settled(hollow, resources.VMS, 260))


async def test_a_pool_scales_in_and_fills_the_gaps_again(hollow: Hollow) -> None:
    policy = {"proactive": {"selectionPolicy": {"sortPolicy": "AscendingOrder"}}}
    await _create(hollow, resources.VM_POOLS, pool("p", 4, scaleInStrategy=policy))
    await _whole(hollow, resources.VM_POOLS, "p", 4)
    await _patch(hollow, resources.VM_POOLS, "p", {"spec": {"replicas": 2}})
    await hollow.until(_settled(hollow, resources.VMS, 2))
    assert await _names(hollow, resources.VMS) == ["p-2", "p-3"]

    await _patch(hollow, resources.VM_POOLS, "p", {"spec": {"replicas": 3}})
    await _whole(hollow, resources.VM_POOLS, "p", 3)
    assert await _names(hollow, resources.VMS) == ["p-0", "p-2", "p-3"]


async def test_a_vm_deleted_from_a_pool_is_replaced(hollow: Hollow) -> None:
    await _create(hollow, resources.VM_POOLS, pool("p", 2))
    await _whole(hollow, resources.VM_POOLS, "p", 2)
    before = await hollow.get(resources.VMS, "p-1")
    await hollow.api.delete(resources.VMS, "p-1", namespace=NAMESPACE)

    async def is_replaced() -> bool:
        found = await hollow.get(resources.VMS, "p-1")
        return (
            found is not None
            and before is not None
            and found["metadata"]["uid"] != before["metadata"]["uid"]
        )

    await hollow.until(is_replaced)
    await _whole(hollow, resources.VM_POOLS, "p", 2)


async def test_a_changed_template_reaches_vms_and_their_vmis(hollow: Hollow) -> None:
    await _create(hollow, resources.VM_POOLS, pool("p", 2))
    await _whole(hollow, resources.VM_POOLS, "p", 2)
    grace = {"template": {"spec": {"terminationGracePeriodSeconds": 7}}}
    await _patch(
        hollow, resources.VM_POOLS, "p", {"spec": {"virtualMachineTemplate": {"spec": grace}}}
    )

    async def are_changed() -> bool:
        vmis = await hollow.list_objects(resources.VMIS)
        spans = [vmi["spec"].get("terminationGracePeriodSeconds") for vmi in vmis]
        phases = [vmi["status"].get("phase") for vmi in vmis]
        return spans == [7, 7] and phases == ["Running", "Running"]

    await hollow.until(are_changed)
    await _whole(hollow, resources.VM_POOLS, "p", 2)

    async def is_pruned() -> bool:
        names = await _names(hollow, resources.CONTROLLER_REVISIONS)
        return "p-1" not in names and "p-2" in names

    await hollow.until(is_pruned)


@pytest.mark.parametrize(
    ("resource", "make"),
    [(resources.VM_POOLS, pool), (resources.VMI_REPLICA_SETS, replica_set)],
    ids=["pool", "replica set"],
)
async def test_what_is_deleted_takes_everything_along(
    resource: Resource, make: Callable[[str, int], Object], hollow: Hollow
) -> None:
    await _create(hollow, resource, make("p", 3))
    await _whole(hollow, resource, "p", 3)
    await hollow.api.delete(resource, "p", namespace=NAMESPACE)
    kinds = (resources.VMS, resources.VMIS, resources.PODS, resources.CONTROLLER_REVISIONS)
    for kind in (resource, *kinds):
        await hollow.until(_settled(hollow, kind, 0))


async def test_a_replica_set_scales_out_and_in(hollow: Hollow) -> None:
    await _create(hollow, resources.VMI_REPLICA_SETS, replica_set("s", 2))
    await _whole(hollow, resources.VMI_REPLICA_SETS, "s", 2)
    for count in (4, 1):
        patch = {"spec": {"replicas": count}}
        await _patch(hollow, resources.VMI_REPLICA_SETS, "s", patch)
        await _whole(hollow, resources.VMI_REPLICA_SETS, "s", count)
        await hollow.until(_settled(hollow, resources.VMIS, count))


async def test_a_vmi_of_a_replica_set_that_ends_is_replaced(hollow: Hollow) -> None:
    await _create(hollow, resources.VMI_REPLICA_SETS, replica_set("s", 2))
    await _whole(hollow, resources.VMI_REPLICA_SETS, "s", 2)
    (name, _) = await _names(hollow, resources.VMIS)
    await _patch(hollow, resources.VMIS, name, {"status": {"phase": "Failed"}})
    await hollow.until_gone(resources.VMIS, name)
    await _whole(hollow, resources.VMI_REPLICA_SETS, "s", 2)


async def test_what_is_paused_does_not_scale(hollow: Hollow) -> None:
    await _create(hollow, resources.VM_POOLS, pool("p", 2, paused=True))

    async def says_so() -> bool:
        found = await hollow.get(resources.VM_POOLS, "p")
        conditions = ((found or {}).get("status") or {}).get("conditions") or ()
        return [item["type"] for item in conditions] == ["ReplicaPaused"]

    await hollow.until(says_so)
    assert not await hollow.list_objects(resources.VMS)


@pytest.mark.hollow(profile="ci")
async def test_dependents_of_what_was_deleted_go_as_fast_as_the_garbage_collectors_client_may(
    hollow: Hollow,
) -> None:
    await _create(hollow, resources.VMI_REPLICA_SETS, replica_set("r", 60))
    await hollow.until(_settled(hollow, resources.VMIS, 60))
    hollow.audit_log.clear()
    await hollow.api.delete(resources.VMI_REPLICA_SETS, "r", namespace=NAMESPACE)
    await hollow.until(_settled(hollow, resources.VMIS, 0), seconds=300)
    deleted = sorted(
        [
            datetime.fromisoformat(line["requestReceivedTimestamp"]).timestamp()
            for line in hollow.audit_log
            if line["verb"] == "delete"
            and line["objectRef"]["resource"] == "virtualmachineinstances"
            and line["userAgent"].startswith("kube-controller-manager")
        ]
    )

    assert len(deleted) == 60
    assert deleted[12] - deleted[0] < 0.5, "a burst of 30 calls, a GET and a DELETE each"
    assert (59 - 15) / (deleted[59] - deleted[15]) == pytest.approx(20, abs=2)
