"""A controller's view of a collection: what its reflector has delivered so far.

Invariant: objects are kept by reference and never changed; the view may be behind the server, as a
real controller's is.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from virtslo.hollow.client_go.bad_objects import UNREADABLE, BadObjects, name_of
from virtslo.hollow.client_go.dependents import Dependents
from virtslo.hollow.client_go.ownership import controller_of
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.ports.kube_api import WatchEvent

Seen = Callable[[Object | None, Object | None], None]
"""Receives every change: the object before (None: it is new) and after (None: it is gone)."""
Left = Callable[[Object], None]
"""Receives an object, as it was known last, that is there no more or is no longer selected."""


def key_of(target: Object) -> NamespacedName:
    """An object's key."""
    metadata = target["metadata"]
    return (metadata.get("namespace", ""), metadata["name"])


def version_of(target: Object) -> int:
    """An object's resource version, for comparing what a cache holds with what was written."""
    return int(target["metadata"]["resourceVersion"])


class Cache:
    """Objects by key, kept by a reflector."""

    def __init__(self, bad: BadObjects, left: Sequence[Left] = ()) -> None:
        self._bad = bad
        self._left = left
        self.objects: dict[NamespacedName, Object] = {}
        self._seen: list[Seen] = []
        """What each change is shown to, the index of owners first: the others ask it."""
        self._owned: Dependents[NamespacedName] | None = None
        self.breaks = 0

    def index_owners(self) -> None:
        """Keep an index of who controls what, for `owned_by` and `controlled_by`."""
        if self._owned is None:
            self._owned = Dependents()
            self._seen.insert(0, self._index)
            for target in self.objects.values():
                self._index(None, target)

    def owned_by(self, uid: str) -> tuple[NamespacedName, ...]:
        """The keys of what an object controls, in the order in which they were seen."""
        assert self._owned is not None, "index_owners first"
        return self._owned.of(uid)

    def controlled_by(self, uid: str) -> list[Object]:
        """What an object controls, in the order in which it was seen."""
        assert self._owned is not None, "index_owners first"
        keys, objects = self._owned.of(uid), self.objects
        return [target for key in keys if (target := objects.get(key)) is not None]

    def _index(self, before: Object | None, after: Object | None) -> None:
        assert self._owned is not None
        if before is not None and after is not None:
            owners = before["metadata"].get("ownerReferences")
            if owners == after["metadata"].get("ownerReferences"):
                return
        old = None if before is None else controller_uid(before)
        new = None if after is None else controller_uid(after)
        if before is not None and old is not None and old != new:
            self._owned.discard(old, key_of(before))
        if after is not None and new is not None:
            self._owned.add(new, key_of(after))

    def when_seen(self, seen: Seen) -> None:
        """Tell `seen` of every change."""
        self._seen.append(seen)

    def get(self, key: NamespacedName) -> Object | None:
        """The object as it is known."""
        return self.objects.get(key)

    def listed(self, objects: Sequence[Object], received_ns: int, relist: bool) -> None:
        """Take over a whole list."""
        listed = {key_of(target): target for target in objects}
        for key in [key for key in self.objects if key not in listed]:
            self._tell_gone(self.objects.pop(key))
        for key, target in listed.items():
            before = self.objects.get(key)
            self.objects[key] = target
            if before is None or version_of(before) != version_of(target):
                self._tell(before, target)

    def changed(self, event: WatchEvent) -> None:
        """Take over one event."""
        target = event.object
        metadata = target["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        objects = self.objects
        if event.type == "DELETED":
            before = objects.pop(key, None)
            self._tell_gone(before if before is not None else target)
            return
        before = objects.get(key)
        if before is None:
            key = _first_of(key)
        objects[key] = target
        if self._seen:
            self._tell(before, target)

    def bookmark(self, received_ns: int) -> None:
        """Nothing to do."""

    def lost(self, reason: str) -> None:
        """Count it."""
        self.breaks += 1

    def _tell(self, before: Object | None, after: Object | None) -> None:
        for seen in self._seen:
            try:
                seen(before, after)
            except UNREADABLE as error:
                self._bad.note(name_of(after or before), error)

    def _tell_gone(self, before: Object) -> None:
        self._tell(before, None)
        for left in self._left:
            try:
                left(before)
            except UNREADABLE as error:
                self._bad.note(name_of(before), error)


@lru_cache(maxsize=4096)
def _first_of(key: NamespacedName) -> NamespacedName:
    """The first of equal keys that were new lately: the caches of several components, to which an
    object comes within moments, hold one."""
    return key


def controller_uid(target: Object) -> str | None:
    """The uid of an object's controller, if it has one."""
    owner = controller_of(target)
    return None if owner is None else owner["uid"]
