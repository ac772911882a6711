"""A hollow KubeVirt on a real API server: put there by the command, measured, taken away."""

import asyncio
from typing import Any

import pytest

from control_plane.clusters import hollow, labelled
from control_plane.commands import assert_nothing_but_a_busy_machine, run, start, virtslo
from support.hollow_clusters import NAMESPACE, vm, vmi
from virtslo.base.errors import ClusterError, NotFound
from virtslo.hollow.vmi.vmi_status import VM_FINALIZER, VMI_FINALIZER
from virtslo.model.kubernetes.resources import (
    CUSTOM_RESOURCE_DEFINITIONS,
    KUBEVIRTS,
    NODES,
    VMIS,
    VMS,
)
from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.installing import apply
from virtslo.ports.kube_api import KubeApi

BURSTS = [
    ("vmi", "virtualmachineinstances", 20 + 1),
    ("vm", "virtualmachines", 20 + 1),
    ("vmpool", "virtualmachinepools", 1 + 1),
]
"""Kind, resource, and how many of it we create: the load's own and one to warm up."""
STEADY = ("--count", "10", "--churn", "2", "--cycles", "2", "--every", "10s")


def figure(document: Any, kind: str) -> Any:
    return document["tables"]["creation_rate"]["burst"][kind]


async def test_a_hollow_kubevirt_is_measured_and_leaves_nothing(plane: ControlPlane) -> None:
    async with plane.admin() as api:
        before = {item["metadata"]["name"] for item in (await api.list_objects(NODES)).items}
        async with hollow(plane) as kubeconfig:
            for kind, plural, created in BURSTS:
                shown = await run(kubeconfig, "burst", "--count", "20", "--kind", kind)
                assert_nothing_but_a_busy_machine(shown)
                assert figure(shown.document, kind)["samples"] == 20
                assert created_by_us(plane, plural) == created, kind
                assert await labelled(api) == []
        after = {item["metadata"]["name"] for item in (await api.list_objects(NODES)).items}
        assert after == before
        definitions = await api.list_objects(CUSTOM_RESOURCE_DEFINITIONS)
        assert definitions.items == ()


def recovered(document: Any) -> dict[str, int]:
    """How many replacements each cycle that recovered had."""
    return {
        each["statistic"]: each["samples"]
        for each in document["indicators"]
        if each["name"] == "cycle_recovery_seconds"
        and each["statistic"].startswith("cycle_")
        and each["value"] is not None
    }


async def test_every_kind_recovers_from_churn(plane: ControlPlane) -> None:
    async with hollow(plane) as kubeconfig, plane.admin() as api:
        for kind in ("vmi", "vm", "vmpool"):
            shown = await run(kubeconfig, "steady-state", "--kind", kind, *STEADY)
            assert_nothing_but_a_busy_machine(shown)
            assert recovered(shown.document) == {"cycle_1": 2, "cycle_2": 2}, kind
            cell = shown.document["tables"]["creation_rate"]["steady_state"][kind]
            assert cell["samples"] == 2 * 2, cell
            # Two that a pool makes may be received at once; there is no rate of them then.
            assert cell["value"] or "at one moment" in cell["reason"], cell
            assert await labelled(api) == []


async def test_a_vmi_keeps_the_finalizer_that_its_vm_gave_it(plane: ControlPlane) -> None:
    async with hollow(plane), plane.admin() as api:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        await apply(api, namespace)
        await api.create(VMIS, vmi("alone"), namespace=NAMESPACE)
        await api.create(VMS, vm("of-vm"), namespace=NAMESPACE)
        assert await finalizers(api, "alone") == [VMI_FINALIZER]
        assert await finalizers(api, "of-vm") == [VM_FINALIZER, VMI_FINALIZER]
        await api.delete(VMS, "of-vm", namespace=NAMESPACE)
        await api.delete(VMIS, "alone", namespace=NAMESPACE)
        for resource in (VMS, VMIS):
            while (await api.list_objects(resource)).items:  # noqa: ASYNC110  other processes
                await asyncio.sleep(0.2)


async def finalizers(api: KubeApi, name: str) -> Any:
    """A VMI's finalizers, as soon as there is one."""
    for _ in range(150):
        try:
            return (await api.get(VMIS, name, namespace=NAMESPACE))["metadata"].get("finalizers")
        except NotFound:
            await asyncio.sleep(0.2)
    raise AssertionError(f"there is no VMI {name}")


def created_by_us(plane: ControlPlane, plural: str) -> int:
    """How many objects our service account created, by the audit log."""
    return sum(
        event["user"]["username"] == "system:serviceaccount:virtslo:virtslo"
        and event["verb"] == "create"
        and event["objectRef"]["resource"] == plural
        and "dryRun=All" not in event["requestURI"]
        and event["responseStatus"]["code"] == 201
        for event in plane.audited()
        if event.get("objectRef")
    )


async def test_our_own_calls_in_the_record_are_those_of_the_audit_log(plane: ControlPlane) -> None:
    async with hollow(plane) as kubeconfig:
        known = sum(1 for _ in plane.audited())
        shown = await run(kubeconfig, "burst", "--count", "5", "--quiet")
        assert shown.code in {0, 4}, shown.err
        ours = [
            event
            for event in list(plane.audited())[known:]
            if event["user"]["username"] == "system:serviceaccount:virtslo:virtslo"
        ]
        assert {event["userAgent"].split("/")[0] for event in ours} == {"virtslo"}
        refused = [event for event in ours if event["responseStatus"]["code"] == 403]
        optional = ("/metrics", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices")
        others = [each["requestURI"] for each in refused]
        assert [uri for uri in others if uri.split("?")[0] not in optional] == []


async def test_a_real_kubevirt_is_refused_and_left_alone(plane: ControlPlane) -> None:
    admin = plane.kubeconfig("admin", "system:masters")
    async with hollow(plane), plane.admin() as api:
        played = (await api.list_objects(KUBEVIRTS)).items[0]
        again = await virtslo(admin, "hollow", "--yes")
        assert again.code == 3
        assert "--remove" in again.err
        real = {"name": "real", "namespace": "default"}
        body = {"apiVersion": played["apiVersion"], "kind": "KubeVirt", "metadata": real}
        await apply(api, {**body, "spec": {}})
        shown = await virtslo(admin, "hollow", "--yes", "--install-crds")
        assert shown.code == 3
        assert "KubeVirt default/real" in shown.err
        await api.delete(KUBEVIRTS, "real", namespace="default")


async def test_what_a_killed_one_left_can_be_removed(plane: ControlPlane) -> None:
    admin = plane.kubeconfig("admin", "system:masters")
    process = await start(admin, "hollow", "--nodes", "2", "--install-crds", "--yes")
    async with plane.admin() as api:
        while not (await api.list_objects(NODES)).items:  # noqa: ASYNC110  another process
            await asyncio.sleep(0.2)
        process.kill()
        await process.wait()
        shown = await virtslo(admin, "hollow", "--remove", "--yes")
        assert shown.code == 0, shown.err
        assert (await api.list_objects(NODES)).items == ()
        with pytest.raises(ClusterError):
            await api.list_objects(KUBEVIRTS)
