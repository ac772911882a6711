"""Old versions that are forgotten by their age, as a real API server has etcd forget them.

Invariant: what was written within the last interval is known as far as the number of changes that
are kept allows, and nothing that was written two intervals ago is, but for the last changes of each
kind, which watches go on from.
"""

from typing import Final

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.sim.storage.object_store import ObjectStore

INTERVAL: Final = 300.0
"""The default of the real server's --etcd-compaction-interval, seconds."""


class Compaction:
    """Forgets, once an interval, the versions that were there an interval ago."""

    def __init__(self, store: ObjectStore, clock: Clock, interval: float = INTERVAL) -> None:
        self._store = store
        self._clock = clock
        self._interval_ns = to_nanoseconds(interval)
        self.due_ns = clock.now_ns() + self._interval_ns
        """When there is something to forget next."""
        self._marked = 0
        """The version at the last turn; what came until then is forgotten at the next."""

    def compact(self) -> None:
        """Forget what is too old by now: called before each request is carried out.

        Nothing is written between requests, so several turns that came meanwhile are two.
        """
        late_ns = self._clock.now_ns() - self.due_ns
        if late_ns < 0:
            return
        newest = self._store.resource_version
        forgotten = self._marked if late_ns < self._interval_ns else newest
        self._store.forget_until(forgotten)
        self._marked = newest
        self.due_ns += self._interval_ns * (late_ns // self._interval_ns + 1)
