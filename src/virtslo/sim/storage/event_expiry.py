"""Events that are forgotten some time after they were written last, as a real API server does.

Invariant: an event is removed at the first request when its time since its last write is over, with
a change of its own that watches see; nothing else is ever removed here.
"""

from collections import OrderedDict
from typing import Final

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.model.identifiers import NamespacedName
from virtslo.model.kubernetes.resources import EVENTS
from virtslo.sim.storage.object_store import DELETED, Change, Collection, ObjectStore, key_of

EVENT_TTL: Final = 3600.0
"""The default of the real server's --event-ttl, seconds."""


class EventExpiry:
    """Knows when each event was written, and removes those that are too old."""

    def __init__(self, store: ObjectStore, clock: Clock, ttl: float = EVENT_TTL) -> None:
        self._store = store
        self._ttl_ns = to_nanoseconds(ttl)
        self._clock = clock
        self._written: OrderedDict[NamespacedName, int] = OrderedDict()
        """When each event was written last, the oldest first."""
        self.due_ns = 0
        """Until then nothing is too old: what was the oldest at the last look is not."""
        store.listen(self._note, EVENTS)

    def expire(self) -> None:
        """Remove what is too old by now."""
        now_ns = self._clock.now_ns()
        if now_ns < self.due_ns:
            return
        written = self._written
        while written:
            key = next(iter(written))
            if written[key] > now_ns - self._ttl_ns:
                self.due_ns = written[key] + self._ttl_ns
                return
            self._store.remove(EVENTS, key)
        self.due_ns = now_ns + self._ttl_ns

    def _note(self, _: Collection, change: Change) -> None:
        key = key_of(change.object)
        self._written.pop(key, None)
        if change.type != DELETED:
            self._written[key] = self._clock.now_ns()
