"""Every object of the simulated cluster, its versions, and the log of its changes.

Invariant: stored objects are never changed; a write stores a new object that shares what did not
change. Resource versions are one growing sequence and are never used twice. For every collection,
what is listed at a version plus the changes since is what is listed now.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from virtslo.base.errors import ResourceExpired
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.storage.frozen import frozen

ADDED: Final = "ADDED"
MODIFIED: Final = "MODIFIED"
DELETED: Final = "DELETED"

DEFAULT_LOG_SIZE: Final = 8192
LEAST_KEPT: Final = 100
"""Changes of a kind that watches go on from whatever their age, as in a real server's cache."""


class Change(msgspec.Struct, frozen=True):
    """One write: what the object is now (for a deletion: was), and what it was before."""

    resource_version: int
    type: str
    key: NamespacedName
    object: Object
    previous: Object | None


class Groups(NamedTuple):
    """Keys and objects by what was read of them."""

    what: str
    by_value: dict[str, list[tuple[NamespacedName, Object]]]


@dataclass(slots=True)
class Collection:
    """The objects of one resource, and the changes that are still known."""

    resource: Resource
    log: deque[Change]
    objects: dict[NamespacedName, Object] = field(default_factory=dict)
    forgotten: int = 0
    """The newest resource version whose change is no longer known."""
    ordered: list[NamespacedName] | None = None
    """The keys in order, as long as none came or went."""
    groups: Groups | None = None
    """The objects by one thing that was read of them, as long as nothing changes."""
    listeners: list["Listener"] = field(default_factory=list)
    """What is called after every write of this kind."""

    def in_order(self) -> list[tuple[NamespacedName, Object]]:
        """Keys and objects, in the order of keys."""
        if self.ordered is None:
            self.ordered = sorted(self.objects)
        objects = self.objects
        return [(key, objects[key]) for key in self.ordered]

    def having(
        self, what: str, value: str, read: Callable[[Object], str]
    ) -> list[tuple[NamespacedName, Object]]:
        """Keys and objects of which `read` gives this value, in the order of keys.

        All are read once, and not for each value: every kubelet lists the pods of its node. `what`
        names the reading; the last one is kept until the next change.
        """
        if self.groups is None or self.groups.what != what:
            self.groups = Groups(what, {})
            for key, target in self.in_order():
                self.groups.by_value.setdefault(read(target), []).append((key, target))
        return self.groups.by_value.get(value, [])


Listener = Callable[[Collection, Change], None]


class _Collections(dict[Resource, Collection]):
    """The collection of each version of a resource that was asked for: one for all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.shared: dict[tuple[str, str], Collection] = {}
        """The same, by group and plural."""

    def __missing__(self, resource: Resource) -> Collection:
        key = (resource.group, resource.plural)
        found = self[resource] = self.shared.setdefault(key, Collection(resource, deque()))
        return found


class ObjectStore:
    """Versioned collections with one sequence of resource versions."""

    def __init__(self, *, log_size: int = DEFAULT_LOG_SIZE, guard: bool = False) -> None:
        self._log_size = log_size
        self._guard = guard
        self._collections = _Collections()
        self._listeners: list[Listener] = []
        self.resource_version = 1
        self.compacted = 0
        """The newest version of which it was decided that it is no longer known."""

    def listen(self, listener: Listener, resource: Resource | None = None) -> None:
        """Call `listener` after every write, or every one of a kind, in the order of writes."""
        if resource is None:
            self._listeners.append(listener)
        else:
            self.collection(resource).listeners.append(listener)

    def collection(self, resource: Resource) -> Collection:
        """The collection of a resource; every served version of it shares one."""
        return self._collections[resource]

    def collections(self) -> Iterator[Collection]:
        """Every collection that holds or held something."""
        return iter(self._collections.shared.values())

    def get(self, resource: Resource, key: NamespacedName) -> Object | None:
        """The object itself, shared; None where there is none."""
        return self._collections[resource].objects.get(key)

    def put(
        self,
        resource: Resource,
        key: NamespacedName,
        new: Object,
        *,
        generation: int | None = None,
    ) -> Object:
        """Store an object, new or changed; returns it with its resource version.

        `generation`: the one that this write begins, if it begins one.
        """
        collection = self._collections[resource]
        previous = collection.objects.get(key)
        self.resource_version += 1
        stored = versioned(new, self.resource_version, generation)
        if self._guard:
            stored = frozen(stored)
        collection.objects[key] = stored
        kind = MODIFIED
        if previous is None:
            kind = ADDED
            collection.ordered = None
        self._note(collection, Change(self.resource_version, kind, key, stored, previous))
        return stored

    def remove(self, resource: Resource, key: NamespacedName) -> Object:
        """Remove an object; the deletion carries it as it was stored, versioned."""
        collection = self._collections[resource]
        previous = collection.objects.pop(key)
        collection.ordered = None
        self.resource_version += 1
        gone = versioned(previous, self.resource_version)
        if self._guard:
            gone = frozen(gone)
        self._note(collection, Change(self.resource_version, DELETED, key, gone, previous))
        return gone

    def changes_since(self, resource: Resource, resource_version: int) -> list[Change]:
        """The changes after a version, oldest first. Raises ResourceExpired if some are unknown."""
        collection = self.collection(resource)
        if resource_version < collection.forgotten:
            raise expired(resource_version, collection.forgotten)
        log = collection.log
        found: list[Change] = []
        for index in range(len(log) - 1, -1, -1):
            change = log[index]
            if change.resource_version <= resource_version:
                break
            found.append(change)
        found.reverse()
        return found

    def snapshot(self, resource: Resource, resource_version: int) -> dict[NamespacedName, Object]:
        """The collection as it was at a version. Raises ResourceExpired if it is unknown."""
        if resource_version < self.compacted:
            raise expired(resource_version, self.compacted)
        objects = dict(self.collection(resource).objects)
        for change in reversed(self.changes_since(resource, resource_version)):
            if change.previous is None:
                objects.pop(change.key, None)
            else:
                objects[change.key] = change.previous
        return objects

    def compact(self) -> None:
        """Forget every change; watches and pages from older versions answer 410 Gone."""
        self.compacted = self.resource_version
        for collection in self._collections.shared.values():
            collection.log.clear()
            collection.forgotten = self.resource_version

    def forget_until(self, resource_version: int) -> None:
        """Forget versions before this one: lists and pages of them answer 410 Gone.

        So do watches, but for those that the last changes of a kind are enough for.
        """
        self.compacted = max(self.compacted, resource_version)
        for collection in self._collections.shared.values():
            log = collection.log
            while len(log) > LEAST_KEPT and log[0].resource_version <= resource_version:
                collection.forgotten = log.popleft().resource_version

    def _note(self, collection: Collection, change: Change) -> None:
        collection.groups = None
        log = collection.log
        log.append(change)
        if len(log) > self._log_size:
            collection.forgotten = log.popleft().resource_version
        for listener in self._listeners:
            listener(collection, change)
        for listener in collection.listeners:
            listener(collection, change)


def key_of(target: Object) -> NamespacedName:
    """An object's key."""
    metadata = target["metadata"]
    return (metadata.get("namespace", ""), metadata["name"])


def expired(asked: int, oldest: int) -> ResourceExpired:
    """410 Gone, as the API server words it."""
    return ResourceExpired(f"too old resource version: {asked} ({oldest + 1})")


def versioned(target: Object, resource_version: int, generation: int | None = None) -> Object:
    """An object with another resource version, and with another generation if there is one."""
    metadata = {**target["metadata"], "resourceVersion": str(resource_version)}
    if generation is not None:
        metadata["generation"] = generation
    return {**target, "metadata": metadata}
