"""Events that are forgotten some time after they were written last, as a real API server does.

Invariant: an event is removed at the first request when its time since its last write is over, with
a change of its own that watches see; nothing else is ever removed here.
"""

from collections import deque
from typing import Final

import msgspec

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.model.identifiers import NamespacedName
from virtslo.model.kubernetes.resources import EVENTS
from virtslo.sim.storage.object_store import DELETED, Change, Collection, ObjectStore

EVENT_TTL: Final = 3600.0
"""The default of the real server's --event-ttl, seconds."""


class _Write(msgspec.Struct, frozen=True, gc=False):
    """A write of an event, kept until it is too old; the event may have been written again."""

    moment_ns: int
    key: NamespacedName
    version: str


class EventExpiry:
    """Knows when each event was written, and removes those that are too old."""

    def __init__(self, store: ObjectStore, clock: Clock, ttl: float = EVENT_TTL) -> None:
        self._store = store
        self._ttl_ns = to_nanoseconds(ttl)
        self._clock = clock
        self._writes: deque[_Write] = deque()
        """Of every event, the oldest first."""
        self.due_ns = 0
        """Until then nothing is too old: what was the oldest at the last look is not."""
        store.listen(self._note, EVENTS)

    def expire(self) -> None:
        """Remove what is too old by now."""
        now_ns = self._clock.now_ns()
        if now_ns < self.due_ns:
            return
        writes = self._writes
        while writes:
            oldest = writes[0]
            if oldest.moment_ns > now_ns - self._ttl_ns:
                self.due_ns = oldest.moment_ns + self._ttl_ns
                return
            writes.popleft()
            event = self._store.get(EVENTS, oldest.key)
            if event is not None and event["metadata"]["resourceVersion"] == oldest.version:
                self._store.remove(EVENTS, oldest.key)
        self.due_ns = now_ns + self._ttl_ns

    def _note(self, _: Collection, change: Change) -> None:
        if change.type != DELETED:
            version = change.object["metadata"]["resourceVersion"]
            self._writes.append(_Write(self._clock.now_ns(), change.key, version))
