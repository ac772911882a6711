"""Texts of a record that are alike, kept once.

Invariant: what is read of a record is what its lines say; only which of several equal texts it
holds is decided here.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import force_setattr

from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import OperationRecord

_OF_OPERATIONS: Final = ("kind", "namespace", "name", "uid")
_OF_OBSERVATIONS: Final = ("kind", "namespace", "name", "uid", "owner_uid")
"""The fields whose texts stand in many lines, and are long or in each."""


class SharedTexts:
    """The texts of one record: names and uids stand in each fact of an object."""

    def __init__(self) -> None:
        self._texts: dict[str | None, str | None] = {}
        """Each text that is known so far, by itself."""
        self._first: dict[str, Observation] = {}
        """The first observation of each object, by uid."""

    def share_operations(self, operations: Sequence[OperationRecord]) -> None:
        """Put the first of equal texts in place of each operation's own."""
        for operation in operations:
            self._share(operation, _OF_OPERATIONS)

    def share_observations(self, observations: Sequence[Observation]) -> None:
        """Put the first of equal texts in place of each observation's own.

        The texts of an object's further observations are those of its first, which are compared and
        not looked up: that takes half the time.
        """
        for seen in observations:
            first = self._first.setdefault(seen.uid, seen)
            if first is seen or not (
                seen.name == first.name
                and seen.namespace == first.namespace
                and seen.kind == first.kind
                and seen.owner_uid == first.owner_uid
            ):
                self._share(seen, _OF_OBSERVATIONS)
                continue
            force_setattr(seen, "kind", first.kind)
            force_setattr(seen, "namespace", first.namespace)
            force_setattr(seen, "name", first.name)
            force_setattr(seen, "uid", first.uid)
            force_setattr(seen, "owner_uid", first.owner_uid)

    def _share(self, item: msgspec.Struct, fields: Sequence[str]) -> None:
        """Look up each text of an item, and keep those that are new."""
        for field in fields:
            own = getattr(item, field)
            force_setattr(item, field, self._texts.setdefault(own, own))
