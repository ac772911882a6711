"""Watches: which changes each watcher selects, and their delivery.

Invariant: a watcher gets every change of what it selects, once and in order; an object that comes
to match is ADDED, one that ceases to match is DELETED (as it was when it matched).
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from virtslo.base.clock import Clock, to_seconds
from virtslo.base.errors import ResourceExpired, VirtsloError
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import Selection, WatchEvent
from virtslo.sim.api.selectors import acceptance, index_of
from virtslo.sim.flow_control.cores import Pace
from virtslo.sim.storage.object_store import ADDED, DELETED, MODIFIED, Change, versioned
from virtslo.sim.telemetry.request_log import Noted

BOOKMARK: Final = "BOOKMARK"
INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"
MOST_WAITING: Final = 100_000
"""Events a slow watcher may have waiting before the server closes its watch."""

_ROUNDING_NS: Final = 1
"""By which a pace may come short of the moment it was waited for."""


class Watcher:
    """One watch: a queue of events, filled by the hub, read by one client."""

    def __init__(
        self, resource: Resource, selection: Selection, *, clock: Clock, pace: Pace, delay_ns: int
    ) -> None:
        self.resource = resource
        self.selection = selection
        self.index, is_all = index_of(selection, resource.plural)
        self._accepts = acceptance(selection, resource.plural)
        self._is_indexed = is_all
        """Whether its index says all that it asks."""
        self._clock = clock
        self.pace = pace
        self._is_paced_by_clock = pace is clock
        self._delay_ns = delay_ns
        self._queue: list[tuple[int, str, Object]] = []
        """A list, for most watches wait with none: an empty deque holds 600 bytes."""
        self._waiter: asyncio.Future[None] | None = None
        self._take: Callable[[WatchEvent], None] | None = None
        """Who gets the events, where they are delivered."""
        self._ended: asyncio.Future[None] | None = None
        """Done when the watch is over, where its events are delivered."""
        self._is_planned = False
        """Whether a timer or a turn of the loop is to come in which events are delivered."""
        self._ending: VirtsloError | None = None
        self._is_closed = False
        self.is_held = False
        """Whether nothing is delivered for now."""
        self.wants_bookmarks = True
        self.ends_at_ns: int | None = None
        self.version_at_end: Callable[[], int] | None = None
        """How far the watch has come when its time is over; sent in a last bookmark."""
        self.delivered = 0
        """How many events its client was sent."""
        self.noted: Noted | None = None
        """What telemetry knows of it, as long as it is open."""

    def __aiter__(self) -> "Watcher":
        return self

    async def __anext__(self) -> WatchEvent:
        while True:
            if self.is_held:
                await self._wait()
                continue
            due_ns = self.next_due_ns()
            if due_ns is not None:
                await self.pace.sleep_until(due_ns)
                continue
            event = self.next_ready()
            if event is not None:
                return event
            if self._is_closed:
                self.finish()
                raise StopAsyncIteration
            await self._wait()

    def next_due_ns(self) -> int | None:
        """When the next event is due, by the pace; None where none waits for its time."""
        if self.is_held or not self._queue:
            return None
        due_ns = self._queue[0][0]
        return due_ns if due_ns > self.pace.now_ns() + _ROUNDING_NS else None

    def next_ready(self) -> WatchEvent | None:
        """The next event that is due already."""
        queue = self._queue
        if self.is_held or not queue or queue[0][0] > self.pace.now_ns() + _ROUNDING_NS:
            return None
        _, kind, target = queue.pop(0)
        self.delivered += 1
        return WatchEvent(kind, target, self._clock.now_ns())

    def finish(self) -> None:
        """Raise what ended the watch, if anything but its client or its time did."""
        if self._ending is not None:
            raise self._ending

    def take_ready(self, most: int) -> list[WatchEvent]:
        """More events that are due already, without waiting."""
        ready: list[WatchEvent] = []
        if self.is_held:
            return ready
        now_ns, come_ns = self._clock.now_ns(), self.pace.now_ns() + _ROUNDING_NS
        for due_ns, kind, target in self._queue[:most]:
            if due_ns > come_ns:
                break
            ready.append(WatchEvent(kind, target, now_ns))
        del self._queue[: len(ready)]
        self.delivered += len(ready)
        return ready

    async def deliver(self, take: Callable[[WatchEvent], None]) -> None:
        """Hand over every event, at its time, until the watch ends: one wait for the whole watch.

        Events arrive at the moment at which an iteration would have got them. Raises what `take`
        raises, and what ends the watch.
        """
        self._take = take
        self._ended = asyncio.get_running_loop().create_future()
        if self.ends_at_ns is not None:
            self._clock.call_at(self.ends_at_ns, self._time_out)
        try:
            self._is_planned = True
            self._deliver_due()
            await self._ended
        finally:
            self._take = self._ended = None

    def _deliver_due(self) -> None:
        """Hand over what is due, and plan for what is not: a timer each, and no task in between.

        What `take` raises ends the watch: the task that waits raises it.
        """
        take, ended = self._take, self._ended
        if take is None or ended is None or ended.done():
            return
        now_ns = self._clock.now_ns()
        come_ns = (now_ns if self._is_paced_by_clock else self.pace.now_ns()) + _ROUNDING_NS
        queue, taken, next_ns = self._queue, 0, None
        try:
            for due_ns, kind, target in queue:
                if self.is_held:
                    break
                if due_ns > come_ns:
                    next_ns = due_ns
                    break
                taken += 1
                take(WatchEvent(kind, target, now_ns))
        except Exception as error:  # noqa: BLE001  the task that waits raises it
            ended.set_exception(error)
            return
        finally:
            self.delivered += taken
            del queue[:taken]
        if next_ns is not None:
            self.pace.call_at(next_ns, self._deliver_due)
            return
        self._is_planned = False
        if self._is_closed and self._ending is not None:
            ended.set_exception(self._ending)
        elif self._is_closed:
            ended.set_result(None)

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = None
        if self.ends_at_ns is not None and not self._is_closed:
            seconds = to_seconds(max(0, self.ends_at_ns - self._clock.now_ns()))
            timer = loop.call_later(seconds, self._time_out)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def release(self) -> None:
        """Deliver again; what came meanwhile is delivered now."""
        self.is_held = False
        self._wake()

    @property
    def is_closed(self) -> bool:
        """Whether no more events come."""
        return self._is_closed

    def close(self, ending: VirtsloError | None = None) -> None:
        """End the watch; what is queued is still read, then `ending` is raised if there is one."""
        self._is_closed = True
        self.is_held = False
        self._ending = ending
        self._wake()

    def abort(self, ending: VirtsloError) -> None:
        """End the watch at once; what is queued is lost."""
        self._queue.clear()
        self.close(ending)

    def _time_out(self) -> None:
        if self._is_closed:
            return
        if self.version_at_end is not None:
            send_bookmarks([self], self.version_at_end())
        self.close()

    def offer(self, change: Change, woken: list["Watcher"], *, was: bool, matches: bool) -> None:
        """A change of this resource, and whether the index found the object before and after it.

        The watch adds itself to those that are to be woken, where that takes no time.
        """
        if self._is_closed:
            return
        previous = change.previous
        if not self._is_indexed:
            was = was and previous is not None and self._accepts(previous)
            matches = matches and change.type != DELETED and self._accepts(change.object)
        if change.type == DELETED:
            if was:
                self._add(DELETED, change.object, woken)
        elif matches:
            self._add(MODIFIED if was else ADDED, change.object, woken)
        elif was:
            assert previous is not None
            self._add(DELETED, versioned(previous, change.resource_version), woken)

    def catch_up(self, changes: Sequence[Change]) -> None:
        """Changes of this resource that were made before the watch was opened, oldest first."""
        for change in changes:
            previous = change.previous
            was = previous is not None and self._accepts(previous)
            self.offer(change, [], was=was, matches=self._accepts(change.object))

    def send_initial(self, objects: Sequence[Object], *, end: Object | None) -> None:
        """The objects that exist, as ADDED, and the bookmark that ends them."""
        for target in objects:
            self._add(ADDED, target, [])
        if end is not None:
            self._add(BOOKMARK, end, [])

    def bookmark(self, resource_version: int, woken: list["Watcher"]) -> None:
        """Say how far the watch has come; it adds itself to those to be woken, as in `offer`."""
        if not self._is_closed and self.wants_bookmarks:
            self._add(BOOKMARK, _plain_bookmark(self.resource, resource_version), woken)

    def _add(self, kind: str, target: Object, woken: list["Watcher"]) -> None:
        queue = self._queue
        if len(queue) >= MOST_WAITING:
            self.close(ResourceExpired("the watch was too slow and was closed"))
            return
        due_ns = self.pace.now_ns() + self._delay_ns
        queue.append((due_ns, kind, target))
        if self._ended is None:
            self._wake()
        elif not self._is_planned and not self.is_held:
            self._is_planned = True
            if self._delay_ns:
                self.pace.call_at(due_ns, self._deliver_due)
            else:
                woken.append(self)

    def _wake(self) -> None:
        """Something came to be iterated over, or the watch is over or released."""
        if self._ended is not None:
            if not self._is_planned:
                self._is_planned = True
                wake([self])
            return
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


def wake(watchers: Sequence[Watcher]) -> None:
    """Have watches deliver what is due in one turn of the loop, in this order."""
    ended = watchers[0]._ended
    assert ended is not None, "only what delivers is woken"
    ended.get_loop().call_soon(_deliver, watchers)


def _deliver(watchers: Sequence[Watcher]) -> None:
    for watcher in watchers:
        watcher._deliver_due()


def send_bookmarks(watchers: Sequence[Watcher], resource_version: int) -> None:
    """Say to every watch how far it has come."""
    woken: list[Watcher] = []
    for watcher in watchers:
        watcher.bookmark(resource_version, woken)
    if woken:
        wake(woken)


def bookmark_of(
    resource: Resource, resource_version: int, annotations: dict[str, str] | None = None
) -> Object:
    """A bookmark: an object that holds nothing but a resource version."""
    metadata: dict[str, Any] = {"resourceVersion": str(resource_version)}
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}


@lru_cache(maxsize=64)
def _plain_bookmark(resource: Resource, resource_version: int) -> Object:
    """The bookmark that all watches of a kind get at one moment."""
    return bookmark_of(resource, resource_version)
