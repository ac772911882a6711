"""Texts of a record that are alike, kept once.

Invariant: what is read of a record is what its lines say; only which of several equal texts it
holds is decided here.
"""

from collections.abc import Sequence

from msgspec.structs import force_setattr

from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import OperationRecord


class SharedTexts:
    """The texts of one record: what an object is called stands in each fact of it."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        """Kinds and namespaces, by themselves."""
        self._asked: dict[str, OperationRecord] = {}
        """The first operation on each object, by uid."""
        self._seen: dict[str, Observation] = {}
        """The first observation of each object, by uid."""

    def share_operations(self, operations: Sequence[OperationRecord]) -> None:
        """Put the first of equal texts in place of each operation's own."""
        for operation in operations:
            self._share_place(operation)
            uid = operation.uid
            if uid is not None:
                first = self._asked.setdefault(uid, operation)
                if first is not operation:
                    _share_identity(operation, first)

    def share_observations(self, observations: Sequence[Observation]) -> None:
        """Put the first of equal texts in place of each observation's own.

        The texts of an object's further observations are those of its first, which are compared and
        not looked up: that takes half the time.
        """
        for seen in observations:
            first = self._seen.setdefault(seen.uid, seen)
            if first is seen or not (
                seen.name == first.name
                and seen.namespace == first.namespace
                and seen.kind == first.kind
                and seen.owner_uid == first.owner_uid
            ):
                self._share_first(seen)
                continue
            force_setattr(seen, "kind", first.kind)
            force_setattr(seen, "namespace", first.namespace)
            force_setattr(seen, "name", first.name)
            force_setattr(seen, "uid", first.uid)
            force_setattr(seen, "owner_uid", first.owner_uid)

    def _share_first(self, seen: Observation) -> None:
        """Share what an observation has with operations, and with its owner's observations."""
        self._share_place(seen)
        asked = self._asked.get(seen.uid)
        if asked is not None:
            _share_identity(seen, asked)
        owner = None if seen.owner_uid is None else self._seen.get(seen.owner_uid)
        if owner is not None:
            force_setattr(seen, "owner_uid", owner.uid)

    def _share_place(self, item: OperationRecord | Observation) -> None:
        kind, namespace = item.kind, item.namespace
        force_setattr(item, "kind", self._texts.setdefault(kind, kind))
        force_setattr(item, "namespace", self._texts.setdefault(namespace, namespace))


def _share_identity(item: OperationRecord | Observation, first: OperationRecord) -> None:
    """Take over the uid of an item with the same, and its name where that is the same too."""
    force_setattr(item, "uid", first.uid)
    if item.name == first.name:
        force_setattr(item, "name", first.name)
