"""virt-controller's VMI controller, hollow.

Invariant: a reconcile looks at the VMI and its pod as the caches know them, and makes at most one
write to each; merging under load comes of that alone. Order and number of calls follow the
recordings of the real controller.
"""

from contextlib import suppress
from typing import Any, Final

from virtslo.base.clock import timestamp
from virtslo.base.errors import Invalid, NotFound
from virtslo.client.work_queue import WorkQueue
from virtslo.hollow.api_versions import has_api_versions, with_api_versions
from virtslo.hollow.cache import Cache, Key, key_of, version_of
from virtslo.hollow.component import Component
from virtslo.hollow.conditions import find_condition
from virtslo.hollow.launcher import UNPAUSED_GATE, pod_for
from virtslo.hollow.recorder import EventRecorder
from virtslo.hollow.vmi_status import (
    VMI_FINALIZER,
    is_final,
    is_receiver,
    next_vmi,
    ready_patch,
    waiting_for_sync,
    without_finalizer,
)
from virtslo.model import resources
from virtslo.model.identifiers import Object
from virtslo.ports.kube_api import PatchType

NODE_LABEL: Final = "kubevirt.io/nodeName"


class VmiController:
    """Brings pods to VMIs, and VMIs from Pending to Scheduled."""

    def __init__(self, component: Component, vmis: Cache, pods: Cache) -> None:
        self._component = component
        self._api = component.api
        self._vmis = vmis
        self._pods = pods
        self._events = EventRecorder(component, "virtualmachine-controller")
        self.queue: WorkQueue[Key] = WorkQueue(component.clock, "virt-controller-vmi")
        component.queues.append(self.queue)  # type: ignore[arg-type]
        self._pod_of: dict[str, Key] = {}
        self._written: dict[Key, int] = {}
        self._awaited_pod: dict[Key, str] = {}
        self._gated: dict[Key, str] = {}
        vmis.when_seen(self._vmi_seen)
        pods.when_seen(self._pod_seen)

    def _vmi_seen(self, before: Object | None, after: Object | None) -> None:
        target = after if after is not None else before
        assert target is not None
        key = key_of(target)
        if after is None:
            for known in (self._written, self._awaited_pod, self._gated):
                known.pop(key, None)
        self.queue.add(key)

    def _pod_seen(self, before: Object | None, after: Object | None) -> None:
        target = after if after is not None else before
        assert target is not None
        owner = _controller_of(target)
        if owner is None:
            return
        name, uid = owner
        key = (target["metadata"]["namespace"], name)
        if after is None:
            if self._pod_of.get(uid) == key_of(target):
                del self._pod_of[uid]
        else:
            self._pod_of[uid] = key_of(target)
            self._awaited_pod.pop(key, None)
        self.queue.add(key)

    async def reconcile(self, key: Key) -> None:
        """Take one VMI one step further."""
        vmi = self._vmis.get(key)
        if vmi is None or version_of(vmi) < self._written.get(key, 0):
            return
        if key in self._awaited_pod:
            return
        pod_key = self._pod_of.get(vmi["metadata"]["uid"])
        pod = self._pods.get(pod_key) if pod_key is not None else None
        if vmi["metadata"].get("deletionTimestamp"):
            await self._tear_down(key, vmi, pod)
            return
        if is_final(vmi):
            await self._update(key, vmi, next_vmi(vmi, pod, self._now()))
            return
        if not has_api_versions(vmi):
            await self._update(key, vmi, with_api_versions(vmi))
            return
        if pod is None:
            if vmi["status"].get("phase") == "Pending":
                if is_receiver(vmi):
                    await self._update(key, vmi, waiting_for_sync(vmi, self._now()))
                else:
                    await self._create_pod(key, vmi)
            return
        await self._bring_up(key, vmi, pod)

    async def _create_pod(self, key: Key, vmi: Object) -> None:
        self._awaited_pod[key] = ""
        try:
            pod = await self._api.create(resources.PODS, pod_for(vmi))
        except BaseException:
            self._awaited_pod.pop(key, None)
            raise
        name = pod["metadata"]["name"]
        if vmi["metadata"]["uid"] in self._pod_of:
            self._awaited_pod.pop(key, None)
        self._events.send(vmi, "SuccessfulCreate", f"Created virtual machine pod {name}")

    async def _bring_up(self, key: Key, vmi: Object, pod: Object) -> None:
        if not pod["metadata"].get("deletionTimestamp"):
            await self._open_gate(key, pod)
        new = next_vmi(vmi, pod, self._now())
        if new is not vmi:
            await self._update(key, vmi, new)
            return
        patch = ready_patch(vmi, pod, self._now())
        if patch is not None:
            await self._patch(key, vmi, patch)
        await self._label_pod(vmi, pod)

    async def _open_gate(self, key: Key, pod: Object) -> None:
        """Set the readiness gate, once a pod, whatever the cache still says."""
        if self._gated.get(key) == pod["metadata"]["uid"]:
            return
        if find_condition(pod.get("status", {}), UNPAUSED_GATE) is not None:
            return
        now = self._now()
        condition = {
            "lastProbeTime": now,
            "lastTransitionTime": now,
            "message": "the virtual machine is not paused",
            "reason": "NotPaused",
            "status": "True",
            "type": UNPAUSED_GATE,
        }
        self._gated[key] = pod["metadata"]["uid"]
        await self._api.patch(
            resources.PODS,
            pod["metadata"]["name"],
            {"status": {"conditions": [condition]}},
            patch_type=PatchType.STRATEGIC,
            namespace=pod["metadata"]["namespace"],
            subresource="status",
        )

    async def _label_pod(self, vmi: Object, pod: Object) -> None:
        node = vmi["status"].get("nodeName")
        labels = pod["metadata"].get("labels") or {}
        if not node or labels.get(NODE_LABEL) == node or pod["metadata"].get("deletionTimestamp"):
            return
        path = f"/metadata/labels/{NODE_LABEL.replace('/', '~1')}"
        await self._api.patch(
            resources.PODS,
            pod["metadata"]["name"],
            [{"op": "add", "path": path, "value": node}],
            patch_type=PatchType.JSON,
            namespace=pod["metadata"]["namespace"],
        )

    async def _tear_down(self, key: Key, vmi: Object, pod: Object | None) -> None:
        if pod is not None:
            metadata = pod["metadata"]
            is_over = pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}
            if not metadata.get("deletionTimestamp") or is_over:
                await self._delete_pod(vmi, pod)
            new = next_vmi(vmi, pod, self._now())
            if new is not vmi:
                await self._update(key, vmi, new)
                return
            patch = ready_patch(vmi, pod, self._now())
            if patch is not None:
                await self._patch(key, vmi, patch)
            return
        is_the_nodes = vmi["status"].get("phase") in {"Scheduled", "Running"}
        if VMI_FINALIZER in (vmi["metadata"].get("finalizers") or ()) and not is_the_nodes:
            await self._update(key, vmi, without_finalizer(vmi, self._now()))

    async def _delete_pod(self, vmi: Object, pod: Object) -> None:
        metadata = pod["metadata"]
        message = f"Deleted virtual machine pod {metadata['name']}"
        with suppress(NotFound):
            await self._api.delete(
                resources.PODS, metadata["name"], namespace=metadata["namespace"]
            )
        self._events.send(vmi, "SuccessfulDelete", message)

    async def _update(self, key: Key, vmi: Object, new: Object) -> None:
        if new is vmi:
            return
        try:
            stored = await self._api.update(resources.VMIS, new)
        except NotFound:
            return
        self._written[key] = version_of(stored)
        self._skip_if_gone(key)

    async def _patch(self, key: Key, vmi: Object, patch: list[dict[str, Any]]) -> None:
        try:
            stored = await self._api.patch(
                resources.VMIS,
                vmi["metadata"]["name"],
                patch,
                patch_type=PatchType.JSON,
                namespace=vmi["metadata"]["namespace"],
            )
        except NotFound:
            return
        except Invalid:
            self.queue.add_rate_limited(key)
            return
        self._written[key] = version_of(stored)
        self._skip_if_gone(key)

    def _skip_if_gone(self, key: Key) -> None:
        """What was written may be gone from the cache by the time the answer is here."""
        if self._vmis.get(key) is None:
            self._written.pop(key, None)

    def _now(self) -> str:
        return timestamp(self._component.clock.wall())


def _controller_of(pod: Object) -> tuple[str, str] | None:
    for owner in pod["metadata"].get("ownerReferences") or ():
        if owner.get("controller") and owner["kind"] == "VirtualMachineInstance":
            return owner["name"], owner["uid"]
    return None
