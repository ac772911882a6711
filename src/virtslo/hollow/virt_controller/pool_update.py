"""A pool's changed template brought to its VMs, and its old revisions dropped.

Invariant: a VM is rewritten only if its revision's template differs from the pool's; a VMI that
is older than its VM is deleted, as many at once as may be unavailable.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from virtslo.base.units import whole_number
from virtslo.client.work_queue import WorkQueue
from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.client_go.parallel import all_of
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.hollow.virt_controller.pool_status import is_ready
from virtslo.hollow.virt_controller.pool_template import (
    REVISION_LABEL,
    index_of,
    pool_revision,
    pool_revision_name,
    vm_of_pool,
    vm_spec_of_pool,
)
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType

RETRY_SECONDS: Final = 3.0


class PoolUpdate:
    """What a pool controller does once the number of VMs is right."""

    def __init__(
        self,
        component: Component,
        vmis: Cache,
        revisions: Cache,
        events: EventRecorder,
        queue: WorkQueue[NamespacedName],
    ) -> None:
        self._api = component.api
        self._vmis = vmis
        self._revisions = revisions
        self._events = events
        self._queue = queue

    async def bring_up_to_date(
        self, key: NamespacedName, pool: Object, vms: Sequence[Object]
    ) -> None:
        """Rewrite outdated VMs, and replace VMIs that are older than their VMs."""
        strategy = pool["spec"].get("updateStrategy") or {}
        if "unmanaged" in strategy:
            return
        wanted = pool["spec"]["virtualMachineTemplate"]
        outdated = [vm for vm in vms if self._template_of(vm) != wanted]
        if outdated:
            await self._ensure_revision(pool)
            await all_of(self._rewrite(pool, vm) for vm in outdated)
        if "opportunistic" not in strategy:
            fresh = [vm for vm in vms if self._template_of(vm) == wanted]
            await self._replace_vmis(key, pool, fresh)

    async def prune(self, pool: Object, vms: Sequence[Object]) -> None:
        """Delete the pool's revisions that neither a VM nor a VMI was made of."""
        used = {_revision_of(vm): None for vm in vms}
        for vm in vms:
            vmi = self._vmis.get(key_of(vm))
            if vmi is not None:
                used[_revision_of(vmi)] = None
        for namespace, name in self._revisions.owned_by(pool["metadata"]["uid"]):
            if name not in used:
                await self._api.delete(resources.CONTROLLER_REVISIONS, name, namespace=namespace)

    async def _ensure_revision(self, pool: Object) -> None:
        namespace = pool["metadata"]["namespace"]
        if self._revisions.get((namespace, pool_revision_name(pool))) is None:
            body = pool_revision(pool)
            await self._api.create(resources.CONTROLLER_REVISIONS, body, namespace=namespace)

    async def _rewrite(self, pool: Object, vm: Object) -> None:
        made = vm_of_pool(pool, vm["metadata"]["name"])
        metadata = {**vm["metadata"], "labels": made["metadata"]["labels"]}
        spec = vm_spec_of_pool(pool, index_of(vm["metadata"]["name"]))
        await self._api.update(resources.VMS, {**vm, "metadata": metadata, "spec": spec})
        name = f"{metadata['namespace']}/{metadata['name']}"
        self._events.send(pool, "SuccessfulUpdate", f"Updated VM {name}")

    async def _replace_vmis(self, key: NamespacedName, pool: Object, vms: Sequence[Object]) -> None:
        unavailable = 0
        for vm in vms:
            vmi = self._vmis.get(key_of(vm))
            if vmi is None or not is_ready(vmi):
                unavailable += 1
            if vmi is not None and not is_ready(vm) and not _is_deleted(vmi):
                await self._replace(pool, vm, vmi)
        left = most_unavailable(pool) - unavailable
        for vm in vms:
            if left <= 0:
                self._queue.add_after(key, RETRY_SECONDS)
                return
            vmi = self._vmis.get(key_of(vm))
            if vmi is not None and _revision_of(vmi) != _revision_of(vm):
                await self._replace(pool, vm, vmi)
                left -= 1

    async def _replace(self, pool: Object, vm: Object, vmi: Object) -> None:
        """Delete an outdated VMI, or note the new revision; either way with the event."""
        metadata = vmi["metadata"]
        old, new = _revision_of(vmi), _revision_of(vm)
        if old != new and self._vmi_template(vmi) == self._vmi_template(vm):
            before = metadata.get("labels") or {}
            patch = [
                {"op": "test", "path": "/metadata/labels", "value": before},
                {
                    "op": "replace",
                    "path": "/metadata/labels",
                    "value": {**before, REVISION_LABEL: new},
                },
            ]
            await self._api.patch(
                resources.VMIS,
                metadata["name"],
                patch,
                patch_type=PatchType.JSON,
                namespace=metadata["namespace"],
            )
        elif old != new:
            await self._api.delete(
                resources.VMIS, metadata["name"], namespace=metadata["namespace"]
            )
        place = f"{metadata['namespace']}/{metadata['name']}"
        self._events.send(pool, "SuccessfulDelete", f"Successfully updated resource {place}")

    def _template_of(self, target: Object) -> Mapping[str, Any] | None:
        namespace = target["metadata"]["namespace"]
        revision = self._revisions.get((namespace, _revision_of(target)))
        if revision is None:
            return None
        template: Mapping[str, Any] = revision["data"]["virtualMachineTemplate"]
        return template

    def _vmi_template(self, target: Object) -> Any:
        template = self._template_of(target)
        return None if template is None else template["spec"]["template"]


def most_unavailable(pool: Object) -> int:
    """How many VMs may be unavailable for an update: a number or a share, all by default."""
    value = pool["spec"].get("maxUnavailable", "100%")
    replicas = int(pool["spec"].get("replicas", 1))
    if isinstance(value, str):
        share = value.removesuffix("%")
        return max(1, replicas * (100 if (each := whole_number(share)) is None else each) // 100)
    return max(1, int(value))


def _revision_of(target: Object) -> str:
    return str((target["metadata"].get("labels") or {}).get(REVISION_LABEL, ""))


def _is_deleted(target: Object) -> bool:
    return bool(target["metadata"].get("deletionTimestamp"))
