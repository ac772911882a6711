"""kube-controller-manager's garbage collector, hollow: what has no owner left goes.

Invariant: a dependent is deleted only when every owner was seen to be gone, or waits for it in the
foreground; every deletion is a GET and a DELETE, as the real one's. The kinds
that it follows are given: all but events, as in the real one, or those of a run's own workloads.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from virtslo.base.errors import NotFound
from virtslo.client.work_queue import WorkQueue
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.client_go.dependents import Dependents
from virtslo.hollow.client_go.event_handlers import latest
from virtslo.hollow.process.component import Component, run_workers
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.other_resources import OTHERS
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.simulated.profile import ComponentLimits
from virtslo.ports.kube_api import PatchType

OF_WORKLOADS: Final = (
    resources.VM_POOLS,
    resources.VMI_REPLICA_SETS,
    resources.VMS,
    resources.VMIS,
    resources.PODS,
    resources.CONTROLLER_REVISIONS,
)
"""The kinds that own or are owned in a run of virtslo's own."""
EVERY_KIND: Final = (
    *(item for item in resources.ALL if item is not resources.EVENTS),
    *OTHERS,
)
WORKERS: Final = 20
GONE_OWNERS: Final = 500
"""Owners known to be gone that are remembered: the real one's cache size."""
FOREGROUND: Final = "foregroundDeletion"
ORPHAN: Final = "orphan"
BLOCKS: Final = "blockOwnerDeletion"
_BY_KIND: Final = {(item.group, item.kind): item for item in (*resources.ALL, *OTHERS)}

Owner = Mapping[str, Any]
"""An owner reference."""
Owners = tuple[Owner, ...]


class ObjectRef(NamedTuple):
    """An object in the graph of owners."""

    plural: str
    namespace: str
    name: str
    uid: str


class GarbageCollector:
    """Keeps the graph of owners and deletes what has lost them."""

    def __init__(
        self,
        component: Component,
        limits: ComponentLimits | None = None,
        *,
        kinds: Sequence[Resource] = OF_WORKLOADS,
    ) -> None:
        self._component = component
        self._api = component.client(limits)
        self._resources: dict[str, Resource] = {item.plural: item for item in kinds}
        self._dependents: Dependents[ObjectRef] = Dependents()
        self._owners: dict[ObjectRef, Owners] = {}
        self._alive: dict[str, ObjectRef] = {}
        self._waiting: dict[ObjectRef, str] = {}
        self._gone_owners: dict[str, None] = {}
        self.queue: WorkQueue[ObjectRef] = WorkQueue(component.clock, "garbage_collector")
        for resource in kinds:
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
            if after is None:
                self._gone(_ref_of(resource, latest(before, after)))
            elif before is None:
                self._known(_ref_of(resource, after), after)
            elif not _is_same_to_owners(before, after):
                if before["metadata"]["uid"] != after["metadata"]["uid"]:
                    self._gone(_ref_of(resource, before))
                self._known(_ref_of(resource, after), after)

        cache.when_seen(seen)

    def _known(self, ref: ObjectRef, target: Object) -> None:
        metadata = target["metadata"]
        owners = tuple(metadata.get("ownerReferences") or ())
        self._alive[ref.uid] = ref
        if owners != self._owners.get(ref):
            self._own(ref, owners)
        if metadata.get("deletionTimestamp"):
            finalizers = metadata.get("finalizers") or ()
            if FOREGROUND in finalizers or ORPHAN in finalizers:
                self._waiting[ref] = FOREGROUND if FOREGROUND in finalizers else ORPHAN
                self.queue.add(ref)
            else:
                self._waiting.pop(ref, None)
            self._look_at_owners(owners)

    def _own(self, ref: ObjectRef, owners: Owners) -> None:
        """Take over whom an object belongs to: it is new, or has been given to others."""
        before = self._owners.get(ref, ())
        self._owners[ref] = owners
        kept = {owner["uid"]: None for owner in owners}
        for owner in before:
            if owner["uid"] not in kept:
                self._dependents.discard(owner["uid"], ref)
        for uid in kept:
            self._dependents.add(uid, ref)
        if any(not self._is_solid(uid) for uid in kept):
            self.queue.add(ref)
        self._look_at_owners((*before, *owners))

    def _look_at_owners(self, owners: Owners) -> None:
        """Look again at owners that wait for their dependents."""
        for owner in owners:
            holder = self._alive.get(owner["uid"])
            if holder is not None and holder in self._waiting:
                self.queue.add(holder)

    def _is_solid(self, uid: str) -> bool:
        """Whether an owner is there, and does not wait for what it owns."""
        holder = self._alive.get(uid)
        return holder is not None and self._waiting.get(holder) != FOREGROUND

    def _gone(self, ref: ObjectRef) -> None:
        uid = ref.uid
        self._alive.pop(uid, None)
        self._waiting.pop(ref, None)
        owners = self._owners.pop(ref, ())
        for owner in owners:
            self._dependents.discard(owner["uid"], ref)
        self._look_at_owners(owners)
        dependents = self._dependents.of(uid)
        if dependents:
            self._gone_owners[uid] = None
            if len(self._gone_owners) > GONE_OWNERS:
                del self._gone_owners[next(iter(self._gone_owners))]
        for dependent in dependents:
            self.queue.add(dependent)

    async def _collect(self, ref: ObjectRef) -> None:
        if ref in self._waiting:
            await self._release(ref)
            return
        owners = self._owners.get(ref)
        if not owners or all(self._is_solid(owner["uid"]) for owner in owners):
            return
        try:
            current = await self._api.get(
                self._resources[ref.plural], ref.name, namespace=ref.namespace or None
            )
            metadata = current["metadata"]
            if metadata["uid"] == ref.uid and not metadata.get("deletionTimestamp"):
                await self._let_go(ref, current)
        except NotFound:
            return

    async def _let_go(self, ref: ObjectRef, current: Object) -> None:
        """Delete what has no solid owner; of another, drop the references to those it lost."""
        solid, lost, waiting = await self._sorted_owners(current)
        if solid:
            if lost or waiting:
                await self._keep_owners(ref, current, solid)
            return
        finalizers = current["metadata"].get("finalizers") or ()
        propagation = "Background"
        if waiting and (dependents := self._dependents.of(ref.uid)):
            if any(dependent in self._waiting for dependent in dependents):
                freed = [
                    {key: value for key, value in owner.items() if key != BLOCKS}
                    for owner in current["metadata"]["ownerReferences"]
                ]
                await self._keep_owners(ref, current, freed)  # a circle: it waits for no dependent
            propagation = "Foreground"
        elif ORPHAN in finalizers:
            propagation = "Orphan"
        elif FOREGROUND in finalizers:
            propagation = "Foreground"
        await self._api.delete(
            self._resources[ref.plural],
            ref.name,
            namespace=ref.namespace or None,
            propagation=propagation,
            uid=ref.uid,
        )

    async def _sorted_owners(self, target: Object) -> tuple[Owners, Owners, Owners]:
        """Owners that are there, that are gone, and that wait for their dependents."""
        solid: list[Owner] = []
        lost: list[Owner] = []
        waiting: list[Owner] = []
        for owner in target["metadata"].get("ownerReferences") or ():
            if not await self._is_there(owner, target["metadata"].get("namespace")):
                lost.append(owner)
            elif self._alive.get(owner["uid"]) is None or self._is_solid(owner["uid"]):
                solid.append(owner)
            else:
                waiting.append(owner)
        return tuple(solid), tuple(lost), tuple(waiting)

    async def _is_there(self, owner: Owner, namespace: str | None) -> bool:
        """Whether an owner is there; one that was not seen to come or go is asked for."""
        uid = owner["uid"]
        if uid in self._alive:
            return True
        if uid in self._gone_owners:
            return False
        resource = _BY_KIND.get(
            (str(owner.get("apiVersion", "")).rpartition("/")[0], owner["kind"])
        )
        if resource is None:
            return True  # not a kind that is known: a real one retries without end
        try:
            found = await self._api.get(
                resource, owner["name"], namespace=namespace if resource.namespaced else None
            )
        except NotFound:
            self._gone_owners[uid] = None
            return False
        return bool(found["metadata"]["uid"] == uid)

    async def _keep_owners(self, ref: ObjectRef, current: Object, owners: Sequence[Owner]) -> None:
        metadata = {"ownerReferences": list(owners), "uid": ref.uid}
        await self._api.patch(
            self._resources[ref.plural],
            ref.name,
            {"metadata": {**metadata, "resourceVersion": _version(current)}},
            patch_type=PatchType.MERGE,
            namespace=ref.namespace or None,
        )

    def _blocking(self, ref: ObjectRef) -> list[ObjectRef]:
        """Dependents without whose end a foreground deletion does not end."""
        return [
            dependent
            for dependent in self._dependents.of(ref.uid)
            if any(
                owner["uid"] == ref.uid and owner.get(BLOCKS) for owner in self._owners[dependent]
            )
        ]

    async def _release(self, ref: ObjectRef) -> None:
        """An owner that waits: have its dependents deleted (or orphan them), then let it go."""
        if self._waiting[ref] == FOREGROUND:
            blocking = self._blocking(ref)
            for dependent in blocking:
                if dependent not in self._waiting:
                    self.queue.add(dependent)
            if blocking:
                return
        else:
            for dependent in self._dependents.of(ref.uid):
                await self._orphan(dependent, ref.uid)
        resource = self._resources[ref.plural]
        try:
            current = await self._api.get(resource, ref.name, namespace=ref.namespace or None)
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
                namespace=ref.namespace or None,
            )
        except NotFound:
            pass
        self._waiting.pop(ref, None)

    async def _orphan(self, ref: ObjectRef, owner: str) -> None:
        resource, namespace = self._resources[ref.plural], ref.namespace or None
        try:
            current = await self._api.get(resource, ref.name, namespace=namespace)
            references = current["metadata"].get("ownerReferences") or ()
            kept = tuple(item for item in references if item["uid"] != owner)
            await self._keep_owners(ref, current, kept)
        except NotFound:
            return
        self._own(ref, kept)


def _ref_of(resource: Resource, target: Object) -> ObjectRef:
    metadata = target["metadata"]
    return ObjectRef(
        resource.plural, metadata.get("namespace", ""), metadata["name"], metadata["uid"]
    )


def _is_same_to_owners(before: Object, after: Object) -> bool:
    """Whether a change of an object says nothing of it that the graph of owners is made of.

    Finalizers are of what is being deleted.
    """
    old, new = before["metadata"], after["metadata"]
    if old["uid"] != new["uid"] or old.get("ownerReferences") != new.get("ownerReferences"):
        return False
    if "deletionTimestamp" not in new:
        return "deletionTimestamp" not in old
    return bool(
        old.get("deletionTimestamp") == new["deletionTimestamp"]
        and old.get("finalizers") == new.get("finalizers")
    )


def _version(target: Object) -> str:
    version: str = target["metadata"]["resourceVersion"]
    return version
