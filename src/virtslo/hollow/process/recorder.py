"""Events, as client-go's recorder sends them: in the background, one after another, correlated.

Invariant: sending never holds up a controller. An event that says the same of the same object again
is a PATCH of the first, or where that one is gone (it expired) a CREATE that goes on counting; from
the tenth similar one on they are aggregated into one; and of one object no more than client-go's
spam filter lets through (25 at once, then one in five minutes). Nothing is remembered of an object
whose deletion was seen some minutes ago: its uid does not come again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar

from virtslo.base.clock import to_nanoseconds
from virtslo.base.errors import ClusterError, NotFound
from virtslo.client.token_bucket import TokenRate
from virtslo.hollow.process.component import Component
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import Answering, PatchType

K = TypeVar("K")
V = TypeVar("V")

LONGEST_MEMORY: Final = 4096
"""Series, aggregates and objects remembered: client-go's cache size."""
FEW: Final = 256
"""Up to this number they are in a plain dict, which takes a third of the memory."""
FORGOTTEN_AFTER_NS: Final = to_nanoseconds(120.0)
"""Time after its deletion was seen for which an object is remembered at least; twice that at most,
while events are sent."""
LONGEST_QUEUE: Final = 1000
"""Events waiting to be sent; more are dropped, as client-go's broadcaster drops them."""
SIMILAR: Final = 10
SIMILAR_WITHIN_NS: Final = to_nanoseconds(600.0)
SPAM: Final = TokenRate(qps=1 / 300, burst=25)

COMBINED: Final = "(combined from similar events): "

EventKey = tuple[str, str, str]
"""(uid, reason, message, or `COMBINED`)."""
Waiting = tuple[Object, EventKey, str, str, str]
"""(what it is about, its series, message, type, when)."""
Observed = tuple[str, str, int, str]
"""The event of a series: (namespace, name, count, time of the first)."""
Similar = tuple[int, *tuple[str, ...]]
"""Similar events: when there was one last, and their messages."""


class EventRecorder:
    """Sends a controller's events."""

    def __init__(self, component: Component, source: str) -> None:
        self._component = component
        self._source = _source_of(source)
        self._known: dict[EventKey, Observed] = {}
        self._similar: dict[tuple[str, str], Similar] = {}
        self._spam: dict[str, float] = {}
        """When the token bucket of each object is full again."""
        self._waiting: list[Waiting] = []
        self._group: asyncio.TaskGroup | None = None
        self._has_sender = False
        self._idle: asyncio.Future[None] | None = None
        """Done at the next event: what the sending task waits for when all is sent."""
        self.dropped = 0
        self._deleted: dict[str, None] = {}
        """What was deleted since the last turn, of what is remembered. No set: an empty one takes
        three times as much, and most recorders send nothing."""
        self._deleted_before: dict[str, None] = {}
        self._next_turn_ns = 0
        component.left.append(self._note_left)
        component.background.append(self.start)

    def start(self, group: asyncio.TaskGroup) -> None:
        """From now on, send what waits and what will, in a task of this group.

        It begins with the first event: most of the recorders of a run's nodes send none.
        """
        self._group = group
        self._begin_sending()

    def send(self, about: Object, reason: str, message: str, kind: str = "Normal") -> None:
        """Have an event about an object sent; a failure is dropped, as the real recorder does."""
        uid = about["metadata"]["uid"]
        now_ns = self._component.clock.now_ns()
        self._forget_deleted(now_ns)
        if not self._may_send(uid, now_ns) or len(self._waiting) >= LONGEST_QUEUE:
            self.dropped += 1
            return
        series = self._series(uid, reason, message, now_ns)
        if series[2] is COMBINED:
            message = COMBINED + message
        at = self._component.clock.stamp()
        self._waiting.append((about, series, message, kind, at))
        self._begin_sending()

    @property
    def remembered(self) -> int:
        """How many series, aggregates and objects are remembered."""
        return len(self._known) + len(self._similar) + len(self._spam)

    def _begin_sending(self) -> None:
        """Have what waits sent, unless it is being done already."""
        idle, self._idle = self._idle, None
        if idle is not None:
            if not idle.done():
                idle.set_result(None)
        elif self._group is not None and self._waiting and not self._has_sender:
            self._has_sender = True
            sending = self._send_waiting()
            try:
                self._group.create_task(sending)
            except RuntimeError:  # the process is being ended, and what waits with it
                sending.close()
                self.dropped += len(self._waiting)
                self._waiting.clear()

    async def _send_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._waiting:
                self._idle = loop.create_future()
                await self._idle
            waiting = self._waiting.pop(0)
            known = self._known.get(waiting[1])
            try:
                if known is None:
                    await self._create(waiting, self._first(waiting))
                else:
                    await self._again(waiting, known)
            except ClusterError:
                self.dropped += 1

    def _note_left(self, target: Object) -> None:
        """An object left a cache: for good if it was being deleted, else it may come back."""
        if not self._spam:
            return
        metadata = target["metadata"]
        if "deletionTimestamp" in metadata and metadata["uid"] in self._spam:
            self._forget_deleted(self._component.clock.now_ns())
            self._deleted[metadata["uid"]] = None

    def _forget_deleted(self, now_ns: int) -> None:
        """At each turn, forget what was deleted before the last one."""
        if now_ns < self._next_turn_ns:
            return
        gone = self._deleted_before
        for uid in gone:
            self._spam.pop(uid, None)
        if gone:
            _forget(self._known, gone)
            _forget(self._similar, gone)
        self._deleted, self._deleted_before = {}, self._deleted
        self._next_turn_ns = now_ns + FORGOTTEN_AFTER_NS

    def _may_send(self, uid: str, now_ns: int) -> bool:
        known_ns = self._spam.get(uid)
        full_at_ns = SPAM.full_after(known_ns or 0.0, now_ns)
        if full_at_ns is None:
            return False
        if known_ns is None:
            self._spam = _remember(self._spam, uid, full_at_ns)
        else:
            self._spam[uid] = full_at_ns
        return True

    def _series(self, uid: str, reason: str, message: str, now_ns: int) -> EventKey:
        """Which series an event belongs to; many similar ones become one."""
        known = self._similar.get((uid, reason))
        messages: tuple[str, ...] = ()
        if known is not None and now_ns - known[0] <= SIMILAR_WITHIN_NS:
            messages = known[1:]
        if message not in messages:
            messages = (*messages, message)[-SIMILAR:]
        self._similar = _remember(self._similar, (uid, reason), (now_ns, *messages))
        if len(messages) < SIMILAR:
            return (uid, reason, message)
        return (uid, reason, COMBINED)

    def _first(self, waiting: Waiting) -> Observed:
        """A new series, remembered."""
        about, series, _, _, at = waiting
        metadata = about["metadata"]
        name = f"{metadata['name']}.{self._component.unique_suffix()}"
        observed = (metadata.get("namespace") or "default", name, 1, at)
        self._known = _remember(self._known, series, observed)
        return observed

    async def _again(self, waiting: Waiting, known: Observed) -> None:
        _, series, message, _, at = waiting
        namespace, name, count, first = known
        observed = (namespace, name, count + 1, first)
        self._known = _remember(self._known, series, observed)
        patch: dict[str, Any] = {"count": count + 1, "lastTimestamp": at}
        if series[2] is COMBINED:
            patch["message"] = message
        try:
            await self._component.api.patch(
                resources.EVENTS, name, patch, patch_type=PatchType.STRATEGIC, namespace=namespace
            )
        except NotFound:
            await self._create(waiting, observed)

    def _create(self, waiting: Waiting, observed: Observed) -> Answering:
        about, series, message, kind, at = waiting
        namespace, name, count, first = observed
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": _reference(about, namespace),
            "reason": series[1],
            "message": message,
            "source": self._source,
            "firstTimestamp": first,
            "lastTimestamp": at,
            "count": count,
            "type": kind,
        }
        return self._component.api.create(resources.EVENTS, event, namespace=namespace)


def _reference(about: Object, namespace: str) -> dict[str, Any]:
    metadata = about["metadata"]
    return {
        "apiVersion": about["apiVersion"],
        "kind": about["kind"],
        "name": metadata["name"],
        "namespace": namespace,
        "resourceVersion": metadata.get("resourceVersion", ""),
        "uid": metadata["uid"],
    }


@cache
def _source_of(component: str) -> Mapping[str, str]:
    """What every event of a component has in common: parts of objects are never changed."""
    return {"component": component}


def _remember(memory: dict[K, V], key: K, value: V) -> dict[K, V]:
    """The memory with a value; the least lately used goes when there are too many.

    What has grown is ordered: the first item of a plain dict is looked for past all that are gone.
    """
    if len(memory) == FEW and not isinstance(memory, OrderedDict):
        memory = OrderedDict(memory)
    memory.pop(key, None)
    memory[key] = value
    if len(memory) > LONGEST_MEMORY:
        del memory[next(iter(memory))]
    return memory


def _forget(memory: dict[Any, Any], uids: Mapping[str, None]) -> None:
    """Forget what belongs to some objects, by the first part of its key."""
    for key in [key for key in memory if key[0] in uids]:
        del memory[key]
