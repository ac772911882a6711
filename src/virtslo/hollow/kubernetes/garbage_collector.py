"""kube-controller-manager's garbage collector, hollow: what has no owner left goes.

Invariant: a dependent is deleted only after its owner was seen to be gone (or waits for it in the
foreground); every deletion is a GET and a DELETE, as the real one's.
"""

import asyncio
from typing import Final

from virtslo.base.errors import ClusterError, NotFound
from virtslo.client.work_queue import WorkQueue
from virtslo.hollow.client_go.cache import Cache
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

Node = tuple[str, str, str, str]
"""(plural, namespace, name, uid)."""


class GarbageCollector:
    """Keeps the graph of owners and deletes what has lost them."""

    def __init__(self, component: Component, limits: ComponentLimits | None = None) -> None:
        self._component = component
        self._api = component.client(limits)
        self._resources: dict[str, Resource] = {item.plural: item for item in WATCHED}
        self._dependents: dict[str, dict[Node, None]] = {}
        self._owners: dict[Node, tuple[str, ...]] = {}
        self._alive: dict[str, Node] = {}
        self._waiting: dict[Node, str] = {}
        self._gone_owners: dict[str, None] = {}
        self.queue: WorkQueue[Node] = WorkQueue(component.clock, "garbage_collector")
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
            target = after if after is not None else before
            assert target is not None
            metadata = target["metadata"]
            node = (
                resource.plural,
                metadata.get("namespace", ""),
                metadata["name"],
                metadata["uid"],
            )
            if after is None:
                self._gone(node)
            else:
                self._known(node, after)

        cache.when_seen(seen)

    def _known(self, node: Node, target: Object) -> None:
        metadata = target["metadata"]
        if node not in self._owners:
            references = metadata.get("ownerReferences") or ()
            owners = tuple(owner["uid"] for owner in references)
            self._owners[node] = owners
            self._alive[node[3]] = node
            for uid in owners:
                self._dependents.setdefault(uid, {})[node] = None
            if owners and not any(uid in self._alive for uid in owners):
                self.queue.add(node)
        if metadata.get("deletionTimestamp"):
            finalizers = metadata.get("finalizers") or ()
            if FOREGROUND in finalizers or ORPHAN in finalizers:
                self._waiting[node] = FOREGROUND if FOREGROUND in finalizers else ORPHAN
                self.queue.add(node)

    def _gone(self, node: Node) -> None:
        uid = node[3]
        self._alive.pop(uid, None)
        self._waiting.pop(node, None)
        for owner in self._owners.pop(node, ()):
            siblings = self._dependents.get(owner)
            if siblings is not None:
                siblings.pop(node, None)
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

    async def _collect(self, node: Node) -> None:
        if node in self._waiting:
            await self._release(node)
        owners = self._owners.get(node)
        if not owners or any(uid in self._alive for uid in owners):
            return
        resource = self._resources[node[0]]
        try:
            current = await self._api.get(resource, node[2], namespace=node[1])
            if current["metadata"]["uid"] != node[3]:
                return
            if current["metadata"].get("deletionTimestamp"):
                return
            if await self._has_owner(current):
                return
            await self._api.delete(
                resource, node[2], namespace=node[1], propagation="Background", uid=node[3]
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

    async def _release(self, node: Node) -> None:
        """An owner that waits: delete (or orphan) its dependents, then let it go."""
        dependents = list(self._dependents.get(node[3], ()))
        if self._waiting[node] == FOREGROUND and dependents:
            for dependent in dependents:
                await self._delete(dependent)
            return
        for dependent in dependents:
            await self._orphan(dependent, node[3])
        resource = self._resources[node[0]]
        try:
            current = await self._api.get(resource, node[2], namespace=node[1])
            kept = [
                name
                for name in current["metadata"].get("finalizers") or ()
                if name not in {FOREGROUND, ORPHAN}
            ]
            metadata = {"finalizers": kept, "resourceVersion": _version(current)}
            await self._api.patch(
                resource,
                node[2],
                {"metadata": metadata},
                patch_type=PatchType.MERGE,
                namespace=node[1],
            )
        except NotFound:
            pass
        self._waiting.pop(node, None)

    async def _delete(self, node: Node) -> None:
        try:
            await self._api.delete(
                self._resources[node[0]], node[2], namespace=node[1], uid=node[3]
            )
        except NotFound:
            return

    async def _orphan(self, node: Node, owner: str) -> None:
        resource = self._resources[node[0]]
        try:
            current = await self._api.get(resource, node[2], namespace=node[1])
            references = current["metadata"].get("ownerReferences") or ()
            kept = [item for item in references if item["uid"] != owner]
            patch = {"metadata": {"ownerReferences": kept}}
            await self._api.patch(
                resource, node[2], patch, patch_type=PatchType.MERGE, namespace=node[1]
            )
        except NotFound:
            return
        except ClusterError:
            self.queue.add_rate_limited(node)
            return
        self._owners[node] = tuple(uid for uid in self._owners.get(node, ()) if uid != owner)


def _version(target: Object) -> str:
    version: str = target["metadata"]["resourceVersion"]
    return version
