"""Every open watch, by what it asks to be equal.

Invariant: a change is offered to each watcher that may want it, and costs nothing to watchers that
are indexed elsewhere (another node, label value or name). Nothing is kept of a watch that has left.
"""

from collections.abc import Callable
from typing import NamedTuple

from virtslo.model.identifiers import Object
from virtslo.sim.api.selectors import reader_of
from virtslo.sim.storage.object_store import Change, Collection
from virtslo.sim.storage.watch_log import Watcher, wake


class _Index(NamedTuple):
    """The watchers of a kind that require the same thing to be equal, by the value they require."""

    read: Callable[[Object], str] | None
    """What reads this of an object; none where nothing is required to be equal."""
    buckets: dict[str, dict[Watcher, None]]


class WatchHub:
    """Every open watch, indexed by what it requires to be equal."""

    def __init__(self) -> None:
        self._watchers: dict[tuple[str, str], dict[str, _Index]] = {}

    def add(self, watcher: Watcher) -> None:
        """From now on the watcher gets changes."""
        key = (watcher.resource.group, watcher.resource.plural)
        what, value = watcher.index
        by_what = self._watchers.setdefault(key, {})
        if what not in by_what:
            by_what[what] = _Index(reader_of(what) if what else None, {})
        by_what[what].buckets.setdefault(value, {})[watcher] = None

    def discard(self, watcher: Watcher) -> None:
        """The watcher gets no more changes; an index without watchers goes with its last."""
        key = (watcher.resource.group, watcher.resource.plural)
        what, value = watcher.index
        by_what = self._watchers.get(key, {})
        if what not in by_what:
            return
        buckets = by_what[what].buckets
        buckets.get(value, {}).pop(watcher, None)
        if not buckets.get(value):
            buckets.pop(value, None)
        if not buckets:
            del by_what[what]

    def watchers(self) -> list[Watcher]:
        """Every open watch, in a stable order."""
        return [
            watcher
            for by_what in self._watchers.values()
            for index in by_what.values()
            for bucket in index.buckets.values()
            for watcher in bucket
        ]

    def indexes(self) -> int:
        """How many indexes each change of some kind is looked up in."""
        return sum(len(by_what) for by_what in self._watchers.values())

    def changed(self, collection: Collection, change: Change) -> None:
        """Offer a change to the watchers that may want it.

        An offer only queues: it opens no watch, and none leaves before the loop's next turn. Those
        it was made to are woken even where an index that comes later cannot read the object.
        """
        by_what = self._watchers.get((collection.resource.group, collection.resource.plural))
        if not by_what:
            return
        target, previous = change.object, change.previous
        woken: list[Watcher] = []
        try:
            for read, buckets in by_what.values():
                if read is None:
                    for watcher in buckets[""]:
                        watcher.offer(change, woken, was=previous is not None, matches=True)
                    continue
                now = read(target)
                before = None if previous is None else read(previous)
                for watcher in buckets.get(now, ()):
                    watcher.offer(change, woken, was=before == now, matches=True)
                if before is not None and before != now:
                    for watcher in buckets.get(before, ()):
                        watcher.offer(change, woken, was=True, matches=False)
        finally:
            if woken:
                wake(woken)
