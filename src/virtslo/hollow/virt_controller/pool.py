"""virt-controller's pool controller, hollow: as many VMs as a pool asks for.

Invariant: a pool is looked at a second after something changed, never at once; no more than 250
VMs are created or deleted at a time, and nothing more until those have been seen.
"""

import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from virtslo.base.errors import ClusterError, NotFound
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.client_go.event_handlers import controller_key, follow, follow_controlled
from virtslo.hollow.client_go.expectations import Expectations
from virtslo.hollow.client_go.finalizers import finalizer_patch, has_finalizer
from virtslo.hollow.client_go.parallel import all_of
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.hollow.virt_controller.pool_status import next_pool_status
from virtslo.hollow.virt_controller.pool_template import (
    POOL_FINALIZER,
    free_names,
    index_of,
    pool_revision,
    pool_revision_name,
    vm_of_pool,
)
from virtslo.hollow.virt_controller.pool_update import PoolUpdate
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType

BURST_REPLICAS: Final = 250
ADD_DELAY_SECONDS: Final = 1.0
POOL: Final = "VirtualMachinePool"


class PoolController:
    """Keeps the population of pools."""

    def __init__(
        self, component: Component, pools: Cache, vms: Cache, vmis: Cache, revisions: Cache
    ) -> None:
        self._component = component
        self._api = component.api
        self._pools = pools
        self._vms = vms
        self._vmis = vmis
        self._revisions = revisions
        vms.index_owners()
        revisions.index_owners()
        self._events = EventRecorder(component, "virtualmachinepool-controller")
        self._expected = Expectations(component.clock)
        self.queue = component.queue("virt-controller-pool")
        self._update = PoolUpdate(component, vmis, revisions, self._events, self.queue)
        follow(pools, self._look)
        follow_controlled(vms, POOL, self._expected, self._look)
        revisions.when_seen(self._revision_seen)

    def _look(self, key: NamespacedName) -> None:
        self.queue.add_after(key, ADD_DELAY_SECONDS)

    def _revision_seen(self, before: Object | None, after: Object | None) -> None:
        key = None if after is None else controller_key(after, POOL)
        if key is None:
            return
        if before is None:
            self._expected.creation_observed(key)
        self._look(key)

    async def reconcile(self, key: NamespacedName) -> None:
        """Take one pool one step further. Raises ClusterError for what is to be tried again."""
        pool = self._pools.get(key)
        if pool is None:
            self._expected.forget(key)
            return
        vms = self._vms.controlled_by(pool["metadata"]["uid"])
        failure: ClusterError | None = None
        try:
            await self._sync(key, pool, vms)
        except ClusterError as error:
            failure = error
        await self._update_status(pool, vms, failure)
        if failure is not None:
            raise failure

    async def _sync(self, key: NamespacedName, pool: Object, vms: Sequence[Object]) -> None:
        if pool["metadata"].get("deletionTimestamp"):
            await self._let_go(pool, vms)
            return
        if not has_finalizer(pool, POOL_FINALIZER):
            await self._patch_finalizer(resources.VM_POOLS, pool, wanted=True)
        if not self._expected.are_met(key) or pool["spec"].get("paused"):
            return
        missing = pool["spec"].get("replicas", 1) - len(vms)
        if missing > 0:
            await self._scale_out(key, pool, min(missing, BURST_REPLICAS))
        elif missing < 0:
            await self._scale_in(key, pool, vms, min(-missing, BURST_REPLICAS))
        else:
            await self._release_deleted(pool, vms)
            await self._update.bring_up_to_date(key, pool, vms)
            if self._expected.are_met(key):
                await self._update.prune(pool, vms)

    async def _scale_out(self, key: NamespacedName, pool: Object, count: int) -> None:
        names = free_names(pool, count, lambda name: self._vms.get((key[0], name)) is not None)
        await self._ensure_revision(key, pool)
        self._expected.expect_creations(key, len(names))
        await all_of(self._create(key, pool, name) for name in names)

    async def _create(self, key: NamespacedName, pool: Object, name: str) -> None:
        try:
            await self._api.create(resources.VMS, vm_of_pool(pool, name), namespace=key[0])
        except ClusterError as error:
            self._expected.creation_observed(key)
            self._events.send(pool, "FailedCreate", f"Error creating VM: {error}", "Warning")
            raise
        self._events.send(pool, "SuccessfulCreate", f"Created VM {key[0]}/{name}")

    async def _ensure_revision(self, key: NamespacedName, pool: Object) -> None:
        if self._revisions.get((key[0], pool_revision_name(pool))) is not None:
            return
        self._expected.expect_creations(key, 1)
        try:
            await self._api.create(
                resources.CONTROLLER_REVISIONS, pool_revision(pool), namespace=key[0]
            )
        except ClusterError:
            self._expected.creation_observed(key)
            raise

    async def _scale_in(
        self, key: NamespacedName, pool: Object, vms: Sequence[Object], count: int
    ) -> None:
        strategy = pool["spec"].get("scaleInStrategy") or {}
        if "unmanaged" in strategy or "opportunistic" in strategy:
            return
        alive = [vm for vm in vms if not vm["metadata"].get("deletionTimestamp")]
        count -= len(vms) - len(alive)
        if count <= 0:
            return
        victims = _in_order(pool, alive)[:count]
        for vm in victims:
            self._expected.expect_deletion(key, vm["metadata"]["uid"])
        await all_of(self._delete(key, pool, vm) for vm in victims)

    async def _delete(self, key: NamespacedName, pool: Object, vm: Object) -> None:
        metadata = vm["metadata"]
        place = f"{metadata['namespace']}/{metadata['name']}"
        try:
            await self._api.delete(resources.VMS, metadata["name"], namespace=key[0])
        except ClusterError as error:
            self._expected.deletion_observed(key, metadata["uid"])
            words = f"Error deleting virtual machine {place}: {error}"
            self._events.send(pool, "FailedDelete", words, "Warning")
            raise
        await self._patch_finalizer(resources.VMS, vm, wanted=False)
        words = f"Deleted VM {place} with uid {metadata['uid']} from pool"
        self._events.send(pool, "SuccessfulDelete", words)

    async def _release_deleted(self, pool: Object, vms: Sequence[Object]) -> None:
        """Forget VMs that another client has deleted."""
        for vm in vms:
            if vm["metadata"].get("deletionTimestamp"):
                await self._patch_finalizer(resources.VMS, vm, wanted=False)

    async def _let_go(self, pool: Object, vms: Sequence[Object]) -> None:
        """A pool that is deleted: its VMs are left to the garbage collector."""
        for vm in vms:
            await self._patch_finalizer(resources.VMS, vm, wanted=False)
        await self._patch_finalizer(resources.VM_POOLS, pool, wanted=False)

    async def _patch_finalizer(
        self, resource: resources.Resource, target: Object, *, wanted: bool
    ) -> None:
        if has_finalizer(target, POOL_FINALIZER) == wanted:
            return
        with suppress(NotFound):
            await self._api.patch(
                resource,
                target["metadata"]["name"],
                finalizer_patch(target, POOL_FINALIZER, wanted=wanted),
                patch_type=PatchType.JSON,
                namespace=target["metadata"]["namespace"],
            )

    async def _update_status(
        self, pool: Object, vms: Sequence[Object], failure: ClusterError | None
    ) -> None:
        now = self._component.clock.wall()
        status = next_pool_status(pool, vms, failure, now)
        is_whole = status["replicas"] == status["readyReplicas"]
        if is_whole and status == (pool.get("status") or {}):
            return
        changed = {**pool, "status": status}
        await self._api.update(resources.VM_POOLS, changed, subresource="status")


def _in_order(pool: Object, vms: Sequence[Object]) -> list[Object]:
    """VMs in the order in which they are to go: at random, unless the pool says otherwise."""
    strategy = (pool["spec"].get("scaleInStrategy") or {}).get("proactive") or {}
    policy = (strategy.get("selectionPolicy") or {}).get("sortPolicy", "Random")

    def created(vm: Object) -> Any:
        return vm["metadata"]["creationTimestamp"]

    def index(vm: Object) -> int:
        return index_of(vm["metadata"]["name"])

    match policy:
        case "AscendingOrder":
            return sorted(vms, key=index)
        case "DescendingOrder":
            return sorted(vms, key=index, reverse=True)
        case "Newest":
            return sorted(vms, key=created, reverse=True)
        case "Oldest":
            return sorted(vms, key=created)
    metadata = pool["metadata"]
    shuffled = sorted(vms, key=index)
    random.Random(f"{metadata['uid']}:{metadata['resourceVersion']}").shuffle(shuffled)
    return shuffled
