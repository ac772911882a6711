"""What a controller looks at again when objects change: those it keeps, and their owners.

Invariant: an owner's expectations are met by what is seen of what it controls, before it is looked
at again.
"""

from collections.abc import Callable

from virtslo.hollow.client_go.cache import Cache, key_of
from virtslo.hollow.client_go.expectations import Expectations
from virtslo.hollow.client_go.ownership import controller_of
from virtslo.model.identifiers import NamespacedName, Object

Look = Callable[[NamespacedName], None]
"""Has an object looked at again."""


def follow(cache: Cache, look: Look) -> None:
    """Look at every object that changes, comes or goes."""

    def seen(before: Object | None, after: Object | None) -> None:
        look(key_of(after or latest(before, after)))

    cache.when_seen(seen)


def follow_controlled(cache: Cache, kind: str, expected: Expectations, look: Look) -> None:
    """Look at the controller, of this kind, of every object that changes, comes or goes."""

    def seen(before: Object | None, after: Object | None) -> None:
        target = after or latest(before, after)
        if "ownerReferences" not in target["metadata"]:
            return
        key = controller_key(target, kind)
        if key is None:
            return
        if after is None or after["metadata"].get("deletionTimestamp"):
            expected.deletion_observed(key, target["metadata"]["uid"])
        elif before is None:
            expected.creation_observed(key)
        look(key)

    cache.when_seen(seen)


def controller_key(target: Object, kind: str) -> NamespacedName | None:
    """The key of what controls an object; None where nothing of this kind does."""
    owner = controller_of(target)
    if owner is None or owner["kind"] != kind:
        return None
    return (target["metadata"]["namespace"], owner["name"])


def latest(before: Object | None, after: Object | None) -> Object:
    """The object of a change: as it is now, or, where it is gone, as it was last."""
    target = after if after is not None else before
    assert target is not None
    return target
