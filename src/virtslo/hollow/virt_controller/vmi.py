"""virt-controller's VMI controller, hollow.

Invariant: a reconcile acts on what the caches say and then writes at most once; it waits until it
has seen the pods and the write that it asked for. What merges under load merges by that alone.
Order and number of calls follow the recordings of the real controller.
"""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from virtslo.base.errors import ClusterError, NotFound
from virtslo.hollow.client_go.api_versions import has_api_versions, with_api_versions
from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.client_go.conditions import Condition, find_condition, patch_condition
from virtslo.hollow.client_go.event_handlers import follow_controlled, latest
from virtslo.hollow.client_go.expectations import Expectations
from virtslo.hollow.client_go.ownership import controller_of
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.hollow.vmi.launcher import UNPAUSED_GATE, pod_for
from virtslo.hollow.vmi.vmi_status import (
    NODE_LABEL,
    is_final,
    is_pod_over,
    is_the_nodes,
    needs_pod,
    next_vmi,
    vmi_patch,
)
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import Answering, PatchType

PASSES_OF_PLACING: Final = 64
"""How many passes of the event loop a new pod has to be placed, where nothing takes time."""


class VmiController:
    """Brings pods to VMIs, VMIs from Pending to Scheduled, and what has ended out of the way."""

    def __init__(self, component: Component, vmis: Cache, pods: Cache, vms: Cache) -> None:
        self._component = component
        self._api = component.api
        self._vmis = vmis
        self._pods = pods
        self._vms = vms
        pods.index_owners()
        self._events = EventRecorder(component, "virtualmachine-controller")
        self.queue = component.queue("virt-controller-vmi")
        self._pods_expected = Expectations(component.clock)
        self._writes_expected = Expectations(component.clock)
        vmis.when_seen(self._vmi_seen)
        follow_controlled(pods, "VirtualMachineInstance", self._pods_expected, self.queue.add)

    def _vmi_seen(self, before: Object | None, after: Object | None) -> None:
        key = key_of(latest(before, after))
        if before is not None:
            self._writes_expected.creation_observed(key)
        self.queue.add(key)

    async def reconcile(self, key: NamespacedName) -> None:
        """Take one VMI one step further. Raises ClusterError for what is to be tried again."""
        vmi = self._vmis.get(key)
        if vmi is None:
            self._pods_expected.forget(key)
            self._writes_expected.forget(key)
            return
        if not has_api_versions(vmi):
            await self._update(key, with_api_versions(vmi))
            return
        if not (self._pods_expected.are_met(key) and self._writes_expected.are_met(key)):
            return
        metadata = vmi["metadata"]
        pods = self._pods.controlled_by(metadata["uid"])
        pod = _current(vmi, pods)
        if "deletionTimestamp" in metadata:
            if await self._delete_pods(key, vmi):
                pods = self._pods.controlled_by(metadata["uid"])
        elif pod is None and needs_pod(vmi):
            await self._begin(key, vmi)
            return
        await self._update_status(key, vmi, pod, pods)

    async def _begin(self, key: NamespacedName, vmi: Object) -> None:
        """Create the VMI's pod and go on with it."""
        asked_ns = self._component.clock.now_ns()
        pod = await self._create_pod(key, vmi)
        pods = self._pods.controlled_by(vmi["metadata"]["uid"])
        await self._update_status(key, vmi, pod, pods)
        if self._component.clock.now_ns() == asked_ns:
            await self._placed(key_of(pod))

    async def _create_pod(self, key: NamespacedName, vmi: Object) -> Object:
        self._pods_expected.expect_creations(key, 1)
        try:
            pod = await self._api.create(resources.PODS, pod_for(vmi), namespace=key[0])
        except ClusterError as error:
            self._pods_expected.creation_observed(key)
            self._events.send(vmi, "FailedCreate", f"Error creating pod: {error}", "Warning")
            raise
        words = f"Created virtual machine pod {pod['metadata']['name']}"
        self._events.send(vmi, "SuccessfulCreate", words)
        return pod

    async def _placed(self, pod_key: NamespacedName) -> None:
        """Let a pod be placed that was made in no time, as a real one is before its next sync."""
        for _ in range(PASSES_OF_PLACING):
            pod = self._pods.get(pod_key)
            if pod is not None and pod["spec"].get("nodeName"):
                return
            await asyncio.sleep(0)

    async def _delete_pods(self, key: NamespacedName, vmi: Object) -> bool:
        """Delete the VMI's pods, one that is being deleted again when it has ended; whether any."""
        has_called = False
        for pod_key in self._pods.owned_by(vmi["metadata"]["uid"]):
            pod = self._pods.get(pod_key)
            if pod is None or ("deletionTimestamp" in pod["metadata"] and not is_pod_over(pod)):
                continue
            has_called = True
            await self._delete_pod(key, vmi, pod)
        return has_called

    async def _delete_pod(self, key: NamespacedName, vmi: Object, pod: Object) -> None:
        metadata = pod["metadata"]
        self._pods_expected.expect_deletion(key, metadata["uid"])
        try:
            await self._api.delete(resources.PODS, metadata["name"], namespace=key[0])
        except NotFound:
            self._pods_expected.deletion_observed(key, metadata["uid"])
        except ClusterError:
            self._pods_expected.deletion_observed(key, metadata["uid"])
            words = f"Failed to delete virtual machine pod {metadata['name']}"
            self._events.send(vmi, "FailedDelete", words, "Warning")
            raise
        words = f"Deleted virtual machine pod {metadata['name']}"
        self._events.send(vmi, "SuccessfulDelete", words)

    async def _update_status(
        self, key: NamespacedName, vmi: Object, pod: Object | None, pods: Sequence[Object]
    ) -> None:
        active = {each["metadata"]["uid"]: each["spec"].get("nodeName", "") for each in pods}
        if pod is not None:
            if not _is_gate_open(pod):
                await self._open_gate(pod)
            if (node := _node_to_tell(vmi, pod)) is not None:
                await self._label(pod, node)
        has_vm = False
        if is_final(vmi):
            active, has_vm = self._still_there(vmi, active), self._has_vm(vmi)
        now = self._component.clock.stamp()
        wanted = next_vmi(vmi, pod, active=active, has_vm=has_vm, now=now)
        if wanted is vmi:
            return
        if not is_the_nodes(vmi):
            await self._update(key, wanted)
            return
        patch = vmi_patch(vmi, wanted)
        if patch:
            await self._api.patch(
                resources.VMIS, key[1], patch, patch_type=PatchType.JSON, namespace=key[0]
            )

    def _still_there(self, vmi: Object, active: dict[str, str]) -> dict[str, str]:
        """Pods that are still in the cache after the calls just made."""
        return active if self._pods.owned_by(vmi["metadata"]["uid"]) else {}

    def _has_vm(self, vmi: Object) -> bool:
        owner = controller_of(vmi)
        if owner is None or owner["kind"] != "VirtualMachine":
            return False
        vm = self._vms.get((vmi["metadata"]["namespace"], owner["name"]))
        return vm is not None and vm["metadata"]["uid"] == owner["uid"]

    def _open_gate(self, pod: Object) -> Answering:
        """The call that sets the readiness gate: the virtual machine is not paused."""
        return patch_condition(self._api, pod, _gate_opened(self._component.clock.stamp()))

    def _label(self, pod: Object, node: str) -> Answering:
        """The call that tells the pod the node that its VMI says it is on."""
        before = pod["metadata"].get("labels") or {}
        patch = [
            {"op": "test", "path": "/metadata/labels", "value": before},
            {"op": "replace", "path": "/metadata/labels", "value": {**before, NODE_LABEL: node}},
        ]
        return self._api.patch(
            resources.PODS,
            pod["metadata"]["name"],
            patch,
            patch_type=PatchType.JSON,
            namespace=pod["metadata"]["namespace"],
        )

    async def _update(self, key: NamespacedName, wanted: Object) -> None:
        """PUT the VMI, and wait for its next change before looking at it again."""
        self._writes_expected.expect_one(key)
        try:
            await self._api.update(resources.VMIS, wanted)
        except ClusterError:
            self._writes_expected.forget(key)
            raise


def _current(vmi: Object, pods: Sequence[Object]) -> Object | None:
    """Which pod is the VMI's: on its node once it has one, else the newest."""
    node = vmi["status"].get("nodeName")
    if not node:
        return pods[-1] if pods else None
    for pod in reversed(pods):
        if pod["spec"].get("nodeName") == node:
            return pod
    return None


@lru_cache(maxsize=64)
def _gate_opened(now: str) -> Condition:
    """The condition that opens the readiness gate: one for all pods of a second."""
    return {
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "message": "the virtual machine is not paused",
        "reason": "NotPaused",
        "status": "True",
        "type": UNPAUSED_GATE,
    }


def _is_gate_open(pod: Object) -> bool:
    gate = find_condition(pod.get("status") or {}, UNPAUSED_GATE)
    return gate is not None and gate["status"] == "True"


def _node_to_tell(vmi: Object, pod: Object) -> str | None:
    """The node that a VMI says it is on, if its pod is not labelled with it."""
    node: str | None = (vmi["metadata"].get("labels") or {}).get(NODE_LABEL)
    if node is None or (pod["metadata"].get("labels") or {}).get(NODE_LABEL) == node:
        return None
    return node
