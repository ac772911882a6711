"""VMs on a hollow cluster: run strategies, requests, statuses, instance types, deletion."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.hollow_clusters import NAMESPACE, Hollow, vm, vmi
from virtslo.hollow.client_go.conditions import Condition, find_condition
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType, Selection, WatchEvent


async def _create(hollow: Hollow, body: Object) -> None:
    await hollow.api.create(resources.VMS, body, namespace=NAMESPACE)


async def _ask(hollow: Hollow, name: str, *requests: dict[str, Any]) -> None:
    """Ask for a change of state, as virt-api does for virtctl."""
    patch = {"status": {"stateChangeRequests": list(requests)}}
    await hollow.api.patch(
        resources.VMS,
        name,
        patch,
        patch_type=PatchType.MERGE,
        namespace=NAMESPACE,
        subresource="status",
    )


async def _finish(hollow: Hollow, name: str, phase: str) -> None:
    """Let a VMI end, as virt-handler reports it."""
    patch = {"status": {"phase": phase}}
    await hollow.api.patch(
        resources.VMIS, name, patch, patch_type=PatchType.MERGE, namespace=NAMESPACE
    )


async def _uid_of_running(hollow: Hollow, name: str) -> str:
    found = await hollow.until_status(resources.VMIS, name, "phase", "Running")
    uid: str = found["metadata"]["uid"]
    return uid


async def _replaced(hollow: Hollow, name: str, uid: str) -> Object:
    async def is_another() -> bool:
        found = await hollow.get(resources.VMIS, name)
        if found is None or found["metadata"]["uid"] == uid:
            return False
        return bool(found["status"].get("phase") == "Running")

    await hollow.until(is_another)
    found = await hollow.get(resources.VMIS, name)
    assert found is not None
    return found


@pytest.mark.parametrize("spec", [{"runStrategy": "Always"}, {"running": True}])
async def test_a_vm_that_is_to_run_runs(spec: dict[str, Any], hollow: Hollow) -> None:
    await _create(hollow, vm("a", **spec))
    found = await hollow.until_status(resources.VMS, "a", "ready", True)
    vmi = await hollow.get(resources.VMIS, "a")

    assert found["status"]["printableStatus"] == "Running"
    assert found["status"]["runStrategy"] == "Always"
    assert found["metadata"]["finalizers"] == ["kubevirt.io/virtualMachineControllerFinalize"]
    assert vmi is not None
    assert vmi["metadata"]["labels"]["app"] == "load"
    assert vmi["metadata"]["ownerReferences"][0]["uid"] == found["metadata"]["uid"]
    revision = vmi["status"]["virtualMachineRevisionName"]
    assert await hollow.get(resources.CONTROLLER_REVISIONS, revision) is not None


async def test_a_halted_vm_stays_stopped_and_starts_when_asked(hollow: Hollow) -> None:
    await _create(hollow, vm("a", runStrategy="Halted"))
    await hollow.until_status(resources.VMS, "a", "printableStatus", "Stopped")
    assert await hollow.get(resources.VMIS, "a") is None

    await _ask(hollow, "a", {"action": "Start"})
    found = await hollow.until_status(resources.VMS, "a", "ready", True)
    assert found["spec"]["runStrategy"] == "Always"
    assert "stateChangeRequests" not in found["status"]


async def test_a_manual_vm_starts_and_stops_only_when_asked(hollow: Hollow) -> None:
    await _create(hollow, vm("a", runStrategy="Manual"))
    await hollow.until_status(resources.VMS, "a", "printableStatus", "Stopped")
    await _ask(hollow, "a", {"action": "Start"})
    uid = await _uid_of_running(hollow, "a")
    await hollow.until_status(resources.VMS, "a", "ready", True)

    await _ask(hollow, "a", {"action": "Stop", "uid": uid})
    await hollow.until_gone(resources.VMIS, "a")
    found = await hollow.until_status(resources.VMS, "a", "printableStatus", "Stopped")
    assert "stateChangeRequests" not in found["status"]


async def test_a_restart_replaces_the_vmi(hollow: Hollow) -> None:
    await _create(hollow, vm("a"))
    uid = await _uid_of_running(hollow, "a")
    await _ask(hollow, "a", {"action": "Stop", "uid": uid}, {"action": "Start"})
    await _replaced(hollow, "a", uid)


async def _change(hollow: Hollow, name: str, spec: dict[str, Any]) -> None:
    patch = {"spec": {"template": {"spec": spec}}}
    await hollow.api.patch(
        resources.VMS, name, patch, patch_type=PatchType.MERGE, namespace=NAMESPACE
    )
    await asyncio.sleep(1)


async def _restart_required(hollow: Hollow, name: str) -> Condition | None:
    found = await hollow.get(resources.VMS, name)
    assert found is not None
    return find_condition(found["status"], "RestartRequired")


async def test_a_running_vm_that_is_changed_asks_for_a_restart_until_it_has_one(
    hollow: Hollow,
) -> None:
    await _create(hollow, vm("a"))
    uid = await _uid_of_running(hollow, "a")
    assert await _restart_required(hollow, "a") is None

    await _change(hollow, "a", {"domain": {"resources": {"requests": {"memory": "80Mi"}}}})
    told = await _restart_required(hollow, "a")
    version = (await hollow.get(resources.VMS, "a") or {})["metadata"]["resourceVersion"]
    await asyncio.sleep(60)
    after = await hollow.get(resources.VMS, "a")

    assert told is not None
    assert (told["status"], told["message"]) == (
        "True",
        "a non-live-updatable field was changed in the template spec",
    )
    assert after is not None
    assert after["metadata"]["resourceVersion"] == version, "it is told once"

    await _ask(hollow, "a", {"action": "Stop", "uid": uid}, {"action": "Start"})
    again = await _replaced(hollow, "a", uid)
    assert again["spec"]["domain"]["resources"]["requests"]["memory"] == "80Mi"
    await hollow.until_status(resources.VMS, "a", "ready", True)
    assert await _restart_required(hollow, "a") is None


async def test_a_change_that_is_made_live_or_while_nothing_runs_asks_for_no_restart(
    hollow: Hollow,
) -> None:
    await _create(hollow, vm("a"))
    await _create(hollow, vm("b", runStrategy="Halted"))
    await _uid_of_running(hollow, "a")

    await _change(hollow, "a", {"nodeSelector": {"kubernetes.io/os": "linux"}})
    await _change(hollow, "b", {"domain": {"resources": {"requests": {"memory": "80Mi"}}}})

    assert await _restart_required(hollow, "a") is None
    assert await _restart_required(hollow, "b") is None


@pytest.mark.parametrize(
    ("strategy", "phase", "runs_again"),
    [
        ("Always", "Succeeded", True),
        ("RerunOnFailure", "Failed", True),
        ("RerunOnFailure", "Succeeded", False),
        ("Once", "Succeeded", False),
    ],
)
async def test_what_follows_the_end_of_a_vmi_is_the_run_strategys(
    hollow: Hollow, strategy: str, phase: str, runs_again: bool
) -> None:
    await _create(hollow, vm("a", runStrategy=strategy))
    uid = await _uid_of_running(hollow, "a")
    await _finish(hollow, "a", phase)
    if runs_again:
        await _replaced(hollow, "a", uid)
        return
    await hollow.until_status(resources.VMS, "a", "printableStatus", "Stopped")
    found = await hollow.get(resources.VMIS, "a")
    assert found is None or found["metadata"]["uid"] == uid


async def test_a_vm_that_waits_as_receiver_says_so(hollow: Hollow) -> None:
    await _create(hollow, vm("a", runStrategy="WaitAsReceiver"))
    await hollow.until_status(resources.VMS, "a", "printableStatus", "WaitingForReceiver")
    assert not await hollow.list_objects(resources.PODS)


async def test_a_vmi_that_fails_before_it_runs_is_tried_again_after_a_back_off(
    hollow: Hollow,
) -> None:
    body = vm("a")
    body["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    await _create(hollow, body)
    await hollow.until_status(resources.VMIS, "a", "phase", "Scheduling")
    await _finish(hollow, "a", "Failed")

    found = await hollow.until_status(resources.VMS, "a", "printableStatus", "CrashLoopBackOff")
    assert found["status"]["startFailure"]["consecutiveFailCount"] == 1
    started = hollow.clock.now_ns()
    await hollow.until_status(resources.VMIS, "a", "phase", "Scheduling")
    assert 8e9 < hollow.clock.now_ns() - started < 17e9


async def test_a_vmi_that_is_refused_is_told_on_the_vm_and_in_an_event(hollow: Hollow) -> None:
    body = vm("a")
    del body["spec"]["template"]["spec"]["domain"]["resources"]  # a VMI must ask for memory
    await _create(hollow, body)

    async def has_failed() -> bool:
        found = await hollow.get(resources.VMS, "a")
        conditions = ((found or {}).get("status") or {}).get("conditions") or ()
        return any(item["type"] == "Failure" for item in conditions)

    await hollow.until(has_failed)


async def test_instance_type_and_preference_are_applied_and_remembered(hollow: Hollow) -> None:
    body = vm(
        "a",
        instancetype={"kind": "VirtualMachineClusterInstancetype", "name": "u1.medium"},
        preference={"kind": "VirtualMachineClusterPreference", "name": "cirros"},
    )
    del body["spec"]["template"]["spec"]["domain"]["resources"]
    await _create(hollow, body)
    found = await hollow.until_status(resources.VMS, "a", "ready", True)
    vmi = await hollow.get(resources.VMIS, "a")

    assert vmi is not None
    assert vmi["spec"]["domain"]["memory"]["guest"] == "4Gi"
    assert vmi["metadata"]["annotations"]["kubevirt.io/cluster-instancetype-name"] == ("u1.medium")
    for field in ("instancetypeRef", "preferenceRef"):
        name = found["status"][field]["controllerRevisionRef"]["name"]
        assert await hollow.get(resources.CONTROLLER_REVISIONS, name) is not None


async def test_a_deleted_vm_takes_its_vmi_pod_and_revision_along(hollow: Hollow) -> None:
    await _create(hollow, vm("a"))
    await hollow.until_status(resources.VMS, "a", "ready", True)
    await hollow.api.delete(resources.VMS, "a", namespace=NAMESPACE)
    await hollow.until_gone(resources.VMS, "a")

    async def nothing_left() -> bool:
        kinds = (resources.VMIS, resources.PODS, resources.CONTROLLER_REVISIONS)
        return not any([await hollow.list_objects(kind) for kind in kinds])

    await hollow.until(nothing_left)


@pytest.mark.hollow(profile="ci")
async def test_a_machine_that_is_deleted_ends_well_however_soon_its_pod_may(hollow: Hollow) -> None:
    names = [f"vmi-{index:03d}" for index in range(100)]
    for name in names:
        await hollow.api.create(resources.VMIS, vmi(name), namespace=NAMESPACE)
    for name in names:
        await hollow.until_status(resources.VMIS, name, "phase", "Running")
    left, last = set(names), set[str]()
    async with hollow.api.watch(resources.VMIS, Selection(NAMESPACE)) as watch:
        for name in names:
            await hollow.api.delete(resources.VMIS, name, namespace=NAMESPACE)
        async for event in watch:
            if event.type == "DELETED":
                last.add(event.object["status"]["phase"])
                left.discard(event.object["metadata"]["name"])
            if not left:
                break

    assert last == {"Succeeded"}


@pytest.mark.hollow(profile="ci", faults=["slow-webhook:delay=3s"])
async def test_no_pod_ends_before_the_end_of_its_domain_has_been_told(hollow: Hollow) -> None:
    names = [f"vmi-{index:03d}" for index in range(20)]
    for name in names:
        await hollow.api.create(resources.VMIS, vmi(name), namespace=NAMESPACE)
    for name in names:
        await hollow.until_status(resources.VMIS, name, "phase", "Running")
    ends: dict[str, int] = {}
    async with (
        hollow.api.watch(resources.VMIS, Selection(NAMESPACE)) as machines,
        hollow.api.watch(resources.PODS, Selection(NAMESPACE)) as pods,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(_note_the_end(machines, ends, len(names)))
        group.create_task(_note_the_end(pods, ends, len(names)))
        for name in names:
            await hollow.api.delete(resources.VMIS, name, namespace=NAMESPACE)

    vmis = [what for what in ends if not what.startswith("virt-launcher-")]
    assert (len(vmis), len(ends)) == (20, 40)
    for pod in ends.keys() - vmis:
        assert ends[pod.removeprefix("virt-launcher-").rsplit("-", 1)[0]] < ends[pod]


async def _note_the_end(
    events: AsyncIterator[WatchEvent], ends: dict[str, int], count: int
) -> None:
    """Note when each object is seen to have Succeeded, until so many are gone."""
    gone = 0
    async for event in events:
        name = event.object["metadata"]["name"]
        if event.object["status"].get("phase") == "Succeeded":
            ends.setdefault(name, event.received_ns)
        gone += event.type == "DELETED"
        if gone == count:
            return


@pytest.mark.hollow(faults=["slow-webhook:delay=12s,at=60s"])
async def test_a_pod_ends_with_its_grace_though_the_end_of_its_domain_is_never_told(
    hollow: Hollow,
) -> None:
    await hollow.api.create(resources.VMIS, vmi("a"), namespace=NAMESPACE)
    await hollow.until_status(resources.VMIS, "a", "phase", "Running")
    await asyncio.sleep(60 - hollow.clock.now_ns() / 1e9)
    start_ns = hollow.clock.now_ns()
    await hollow.api.delete(resources.VMIS, "a", namespace=NAMESPACE)

    async def is_without_pod() -> bool:
        return not await hollow.list_objects(resources.PODS)

    await hollow.until(is_without_pod)
    machine = await hollow.get(resources.VMIS, "a")
    assert machine is not None
    assert machine["status"]["phase"] == "Running"

    assert ((hollow.clock.now_ns() - start_ns) / 1e9) == pytest.approx(30, abs=2)
