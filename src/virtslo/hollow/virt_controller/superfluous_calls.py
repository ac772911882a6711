"""A regression on purpose: calls that virt-controller makes for every VMI and need not make.

Invariant: made once a VMI, when it is first seen Running, on the process's own client and token
bucket; they change nothing on the cluster, so only counts, queues and buckets tell.
"""

from collections.abc import Mapping
from typing import Final

from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.process.component import Component
from virtslo.model.identifiers import RUNNING, NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.model.simulated.profile import GET_NODES, PATCH_VMIS
from virtslo.ports.kube_api import PatchType

WORKERS: Final = 3


class SuperfluousCalls:
    """Makes a profile's `extra_calls` for every VMI that comes to run."""

    def __init__(self, component: Component, vmis: Cache, calls: Mapping[str, int]) -> None:
        self._api = component.api
        self._calls = calls
        self._vmis = vmis
        self.queue = component.queue("virt-controller-superfluous")
        vmis.when_seen(self._vmi_seen)

    def _vmi_seen(self, before: Object | None, after: Object | None) -> None:
        if after is None or before is None or after["status"].get("phase") != RUNNING:
            return
        if before["status"].get("phase") != RUNNING:
            self.queue.add(key_of(after))

    async def reconcile(self, key: NamespacedName) -> None:
        """Make the calls of one VMI. Raises ClusterError."""
        vmi = self._vmis.get(key)
        if vmi is None or not vmi["status"].get("nodeName"):
            return
        for _ in range(self._calls.get(GET_NODES, 0)):
            await self._api.get(resources.NODES, vmi["status"]["nodeName"])
        unchanged = [{"op": "test", "path": "/metadata/uid", "value": vmi["metadata"]["uid"]}]
        for _ in range(self._calls.get(PATCH_VMIS, 0)):
            await self._api.patch(
                resources.VMIS, key[1], unchanged, patch_type=PatchType.JSON, namespace=key[0]
            )
