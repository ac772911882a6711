"""Which objects are the run's own.

Invariant: an object is the run's by the uid that its create returned; where the answer was lost, by
its name and a time after the create was sent; or because an owner of it is. A name alone never
makes an object the run's: another user may have made it anew.
"""

from collections.abc import Iterable, Mapping

from virtslo.model.run.operations import CREATE, OperationRecord
from virtslo.slo.record.timelines import Timeline


class Ownership:
    """The creates of some stages, and what came of them."""

    def __init__(
        self, operations: Iterable[OperationRecord], objects: Mapping[str, Timeline]
    ) -> None:
        self._objects = objects
        self._by_uid: dict[str, OperationRecord] = {}
        self._in_doubt: dict[tuple[str, str, str], list[OperationRecord]] = {}
        for operation in operations:
            if operation.verb != CREATE:
                continue
            if operation.uid is not None:
                self._by_uid[operation.uid] = operation
            elif may_be_done(operation):
                key = (operation.kind, operation.namespace, operation.name)
                self._in_doubt.setdefault(key, []).append(operation)

    def create_of(self, timeline: Timeline) -> OperationRecord | None:
        """The create that led to an object: its own, or that of its nearest owner."""
        own = self.own_create_of(timeline)
        if own is not None or timeline.owner_uid is None:
            return own
        passed = {timeline.uid}
        current = self._objects.get(timeline.owner_uid)
        while current is not None and current.uid not in passed:
            own = self.own_create_of(current)
            if own is not None:
                return own
            passed.add(current.uid)
            current = self._objects.get(current.owner_uid or "")
        return None

    def own_create_of(self, timeline: Timeline) -> OperationRecord | None:
        """The create of the object itself."""
        known = self._by_uid.get(timeline.uid)
        if known is not None or not self._in_doubt:
            return known
        key = (timeline.kind, timeline.namespace, timeline.name)
        for operation in self._in_doubt.get(key, ()):
            sent_ns = operation.sent_ns if operation.sent_ns is not None else operation.intended_ns
            if timeline.added_ns is None or timeline.added_ns >= sent_ns:
                return operation
        return None


def may_be_done(operation: OperationRecord) -> bool:
    """Whether a request was accepted, or is in doubt: then it may have been."""
    return operation.error is None or operation.is_in_doubt
