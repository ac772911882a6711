"""virt-controller's snapshot controller, hollow, as far as it writes VMs that are never snapshot.

Invariant: it says once for every volume of a VM whether it can be snapshot, beside the VM
controller and without knowing of it; so the two meet, and one of them is refused, as in life.
"""

from typing import Any, Final

from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.process.component import Component
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources

WORKERS: Final = 6
"""virt-controller's default threads for snapshots."""


class SnapshotStatusController:
    """Keeps `status.volumeSnapshotStatuses` of VMs."""

    def __init__(self, component: Component, vms: Cache) -> None:
        self._api = component.api
        self._vms = vms
        self.queue = component.queue("virt-controller-vmsnapshot-status")
        vms.when_seen(self._vm_seen)

    def _vm_seen(self, before: Object | None, after: Object | None) -> None:
        if after is not None:
            self.queue.add(key_of(after))

    async def reconcile(self, key: NamespacedName) -> None:
        """Write the statuses of a VM's volumes, if they are not there. Raises ClusterError."""
        vm = self._vms.get(key)
        if vm is None:
            return
        wanted = snapshot_statuses(vm)
        status = vm.get("status") or {}
        if wanted == (status.get("volumeSnapshotStatuses") or []):
            return
        new = {**vm, "status": {**status, "volumeSnapshotStatuses": wanted}}
        await self._api.update(resources.VMS, new, subresource="status")


def snapshot_statuses(vm: Object) -> list[dict[str, Any]]:
    """What a VM's volumes are worth to a snapshot: container disks and the like never are."""
    volumes = vm["spec"]["template"].get("spec", {}).get("volumes") or ()
    return [
        {
            "enabled": False,
            "name": volume["name"],
            "reason": f"Snapshot is not supported for this volumeSource type [{volume['name']}]",
        }
        for volume in volumes
    ]
