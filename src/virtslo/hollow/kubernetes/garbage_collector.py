"""kube-controller-manager's garbage collector, hollow: what has no owner left goes.

Invariant: a dependent is deleted only after its owner was seen to be gone (or waits for it in the
foreground); every deletion is a GET and a DELETE, as the real one's.
"""

import asyncio
from typing import Final, NamedTuple

from virtslo.base.errors import ClusterError, NotFound
from virtslo.client.work_queue import WorkQueue
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.client_go.event_handlers import latest
from virtslo.hollow.process.component import Component, run_workers
from virtslo.model import resources
from virtslo.model.identifiers import Object
from virtslo.model.profile import ComponentLimits
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import PatchType

WATCHED: Final = (
    resources.VM_POOLS,
    resources.VMI_REPLICA_SETS,
    resources.VMS,
    resources.VMIS,
    resources.PODS,
    resources.CONTROLLER_REVISIONS,
)
WORKERS: Final = 20
GONE_OWNERS: Final = 500
"""Owners known to be gone that are remembered: the real one's cache size."""
FOREGROUND: Final = "foregroundDeletion"
ORPHAN: Final = "orphan"


class ObjectRef(NamedTuple):
    """An object in the graph of owners."""

    plural: str
    namespace: str
    name: str
    uid: str


class GarbageCollector:
    """Keeps the graph of owners and deletes what has lost them."""

    def __init__(self, component: Component, limits: ComponentLimits | None = None) -> None:
        self._component = component
        self._api = component.client(limits)
        self._resources: dict[str, Resource] = {item.plural: item for item in WATCHED}
        self._dependents: dict[str, dict[ObjectRef, None]] = {}
        self._owners: dict[ObjectRef, tuple[str, ...]] = {}
        self._alive: dict[str, ObjectRef] = {}
        self._waiting: dict[ObjectRef, str] = {}
        self._gone_owners: dict[str, None] = {}
        self.queue: WorkQueue[ObjectRef] = WorkQueue(component.clock, "garbage_collector")
        for resource in WATCHED:
            self._follow(component.watch(resource), resource)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Work on the queue."""
        run_workers(
            group,
            self.queue,
            self._collect,
            workers=WORKERS,
            bad=self._component.bad_objects,
        )

    def _follow(self, cache: Cache, resource: Resource) -> None:
        def seen(before: Object | None, after: Object | None) -> None:
            metadata = latest(before, after)["metadata"]
            ref = ObjectRef(
                resource.plural,
                metadata.get("namespace", ""),
                metadata["name"],
                metadata["uid"],
            )
            if after is None:
                self._gone(ref)
            else:
                self._known(ref, after)

        cache.when_seen(seen)

    def _known(self, ref: ObjectRef, target: Object) -> None:
        metadata = target["metadata"]
        if ref not in self._owners:
            references = metadata.get("ownerReferences") or ()
            owners = tuple(owner["uid"] for owner in references)
            self._owners[ref] = owners
            self._alive[ref.uid] = ref
            for uid in owners:
                self._dependents.setdefault(uid, {})[ref] = None
            if owners and not any(uid in self._alive for uid in owners):
                self.queue.add(ref)
        if metadata.get("deletionTimestamp"):
            finalizers = metadata.get("finalizers") or ()
            if FOREGROUND in finalizers or ORPHAN in finalizers:
                self._waiting[ref] = FOREGROUND if FOREGROUND in finalizers else ORPHAN
                self.queue.add(ref)

    def _gone(self, ref: ObjectRef) -> None:
        uid = ref.uid
        self._alive.pop(uid, None)
        self._waiting.pop(ref, None)
        for owner in self._owners.pop(ref, ()):
            siblings = self._dependents.get(owner)
            if siblings is not None:
                siblings.pop(ref, None)
                if not siblings:
                    del self._dependents[owner]
            holder = self._alive.get(owner)
            if holder is not None and holder in self._waiting:
                self.queue.add(holder)
        dependents = self._dependents.get(uid, ())
        if dependents:
            self._gone_owners[uid] = None
            if len(self._gone_owners) > GONE_OWNERS:
                del self._gone_owners[next(iter(self._gone_owners))]
        for dependent in dependents:
            self.queue.add(dependent)

    async def _collect(self, ref: ObjectRef) -> None:
        if ref in self._waiting:
            await self._release(ref)
        owners = self._owners.get(ref)
        if not owners or any(uid in self._alive for uid in owners):
            return
        resource = self._resources[ref.plural]
        try:
            current = await self._api.get(resource, ref.name, namespace=ref.namespace)
            if current["metadata"]["uid"] != ref.uid:
                return
            if current["metadata"].get("deletionTimestamp"):
                return
            if await self._has_owner(current):
                return
            await self._api.delete(
                resource,
                ref.name,
                namespace=ref.namespace,
                propagation="Background",
                uid=ref.uid,
            )
        except NotFound:
            return

    async def _has_owner(self, target: Object) -> bool:
        """Whether an owner is still there; one that was not seen to go is asked for."""
        metadata = target["metadata"]
        for owner in metadata.get("ownerReferences") or ():
            uid = owner["uid"]
            if uid in self._alive:
                return True
            if uid in self._gone_owners:
                continue
            resource = resources.BY_KIND.get(owner["kind"])
            if resource is None:
                return True
            try:
                found = await self._api.get(
                    resource, owner["name"], namespace=metadata.get("namespace")
                )
            except NotFound:
                self._gone_owners[uid] = None
                continue
            if found["metadata"]["uid"] == uid:
                return True
        return False

    async def _release(self, ref: ObjectRef) -> None:
        """An owner that waits: delete (or orphan) its dependents, then let it go."""
        dependents = list(self._dependents.get(ref.uid, ()))
        if self._waiting[ref] == FOREGROUND and dependents:
            for dependent in dependents:
                await self._delete(dependent)
            return
        for dependent in dependents:
            await self._orphan(dependent, ref.uid)
        resource = self._resources[ref.plural]
        try:
            current = await self._api.get(resource, ref.name, namespace=ref.namespace)
            kept = [
                name
                for name in current["metadata"].get("finalizers") or ()
                if name not in {FOREGROUND, ORPHAN}
            ]
            metadata = {"finalizers": kept, "resourceVersion": _version(current)}
            await self._api.patch(
                resource,
                ref.name,
                {"metadata": metadata},
                patch_type=PatchType.MERGE,
                namespace=ref.namespace,
            )
        except NotFound:
            pass
        self._waiting.pop(ref, None)

    async def _delete(self, ref: ObjectRef) -> None:
        try:
            await self._api.delete(
                self._resources[ref.plural], ref.name, namespace=ref.namespace, uid=ref.uid
            )
        except NotFound:
            return

    async def _orphan(self, ref: ObjectRef, owner: str) -> None:
        resource = self._resources[ref.plural]
        try:
            current = await self._api.get(resource, ref.name, namespace=ref.namespace)
            references = current["metadata"].get("ownerReferences") or ()
            kept = [item for item in references if item["uid"] != owner]
            patch = {"metadata": {"ownerReferences": kept}}
            await self._api.patch(
                resource, ref.name, patch, patch_type=PatchType.MERGE, namespace=ref.namespace
            )
        except NotFound:
            return
        except ClusterError:
            self.queue.add_rate_limited(ref)
            return
        self._owners[ref] = tuple(uid for uid in self._owners.get(ref, ()) if uid != owner)


def _version(target: Object) -> str:
    version: str = target["metadata"]["resourceVersion"]
    return version
