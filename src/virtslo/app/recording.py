"""Recording a cluster: arrivals and deletions of KubeVirt's machines, as a watch tells them.

Invariant: nothing on the cluster is changed; lists and watches of four kinds are all that is asked.
Times are of the receipt, by one clock. What was there at the first list has no arrival.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.app.run.interruption import Interruption
from virtslo.base.clock import Clock, sleep, to_nanoseconds
from virtslo.base.errors import ClusterError, NotFound, StoreError
from virtslo.client.reflector import Reflector
from virtslo.model.identifiers import Object
from virtslo.model.plan.trace import TraceEvent
from virtslo.model.plan.workload import TRAITS, Kind
from virtslo.observe.trace_builder import Key, TraceBuilder, sighting_of
from virtslo.ports.kube_api import KubeApi, Selection, WatchEvent

ORDER: Final = (Kind.VMPOOL, Kind.VMIRS, Kind.VM, Kind.VMI)
"""Owners before what they own, so that a first list knows them."""
FLUSHED_SECONDS: Final = 1.0
"""What is recorded is in the file after so long."""


@dataclass(frozen=True, slots=True)
class Recording:
    """How a recording ended."""

    end_ns: int
    is_cut: bool
    notes: tuple[str, ...]
    builder: TraceBuilder
    has_failed: bool = False
    """Whether a watch failed for good, or was broken at the end: arrivals may be lacking."""


class KindWatch:
    """Follows one kind: a `ReflectorHandler` that feeds a trace."""

    def __init__(self, kind: Kind, builder: TraceBuilder, origin_ns: int) -> None:
        self._kind = kind
        self._builder = builder
        self._origin_ns = origin_ns
        self._keys: dict[str, Key] = {}
        """By uid."""
        self.losses = 0

    def listed(self, objects: Sequence[Object], received_ns: int, relist: bool) -> None:
        """Take over a whole list."""
        present = {target["metadata"]["uid"]: None for target in objects}
        for uid in [uid for uid in self._keys if uid not in present]:
            self._gone(uid, received_ns, is_late=True)  # before another of its name is taken
        for target in objects:
            self._take(target, received_ns, is_present=not relist, is_late=relist)

    def changed(self, event: WatchEvent) -> None:
        """Take over one event."""
        if event.type == "DELETED":
            self._gone(event.object["metadata"]["uid"], event.received_ns)
        else:
            self._take(event.object, event.received_ns)

    def bookmark(self, received_ns: int) -> None:
        """Nothing changed."""

    def lost(self, reason: str) -> None:
        """The watch broke; it is resumed."""
        self.losses += 1

    def _take(
        self,
        target: Object,
        received_ns: int,
        *,
        is_present: bool = False,
        is_late: bool = False,
    ) -> None:
        metadata = target["metadata"]
        uid, at_ns = metadata["uid"], received_ns - self._origin_ns
        key = (self._kind, metadata.get("namespace", ""), metadata["name"])
        if uid not in self._keys:
            self._keys[uid] = key
            seen = sighting_of(key, target, uid=uid)
            self._builder.appear(key, seen, at_ns, is_present=is_present, is_late=is_late)
        if "deletionTimestamp" in metadata:
            self._builder.ask_to_delete(key, at_ns, is_late=is_late or is_present)

    def _gone(self, uid: str, received_ns: int, *, is_late: bool = False) -> None:
        key = self._keys.pop(uid, None)
        if key is not None:
            self._builder.disappear(key, received_ns - self._origin_ns, is_late=is_late)


async def record_cluster(
    api: KubeApi,
    clock: Clock,
    *,
    emit: Callable[[TraceEvent], None],
    flush: Callable[[], None],
    interruption: Interruption,
    duration: float | None = None,
    namespace: str | None = None,
    on_start: Callable[[tuple[Kind, ...], int], None] = lambda _kinds, _count: None,
) -> Recording:
    """Record until `duration` seconds are over, or until it is ended.

    Ended by the user with a duration it is cut; without one that is how it ends. Where a watch
    fails for good, what there is is kept and the recording is cut. Nothing is emitted or flushed
    before the cluster has answered. Raises ClusterError where nothing can be listed, StoreError
    where the trace cannot be written.
    """
    origin_ns = clock.now_ns()
    builder = TraceBuilder(emit)
    kinds = await _served(api, namespace)
    flush()  # what cannot be written is known before anything is waited for
    watches = {kind: KindWatch(kind, builder, origin_ns) for kind in kinds}
    selection = Selection(namespace)
    reflectors = {
        kind: Reflector(api, TRAITS[kind].resource, selection, handler=watch, clock=clock)
        for kind, watch in watches.items()
    }
    notes = [f"{TRAITS[kind].title}s are not served" for kind in ORDER if kind not in kinds]
    ending = asyncio.Event()
    interruption.when_requested(ending.set)
    has_failed = False
    unwritten: Sequence[BaseException] = ()
    try:
        async with asyncio.TaskGroup() as group:
            followers = []
            for kind in kinds:
                followers.append(group.create_task(reflectors[kind].run()))
                await reflectors[kind].synced.wait()
            followers.append(group.create_task(_keep_flushed(flush, clock)))
            on_start(kinds, sum(builder.counts.values()))
            await _until(ending, clock, origin_ns, duration)
            for follower in followers:
                follower.cancel()
    except* ClusterError as failures:
        has_failed = True
        notes.append(f"a watch failed for good: {type(failures.exceptions[0]).__name__}")
    except* StoreError as failures:
        unwritten = failures.exceptions
    if unwritten:
        raise unwritten[0]
    end_ns = clock.now_ns() - origin_ns
    is_short = duration is not None and end_ns < to_nanoseconds(duration)
    notes += _losses(watches, reflectors)
    has_failed = has_failed or any(reflector.is_broken for reflector in reflectors.values())
    return Recording(end_ns, has_failed or is_short, tuple(notes), builder, has_failed)


async def _served(api: KubeApi, namespace: str | None) -> tuple[Kind, ...]:
    """The kinds that the cluster serves. Raises ClusterError where it serves none."""
    found = []
    missing: NotFound | None = None
    for kind in ORDER:
        try:
            await api.list_objects(TRAITS[kind].resource, Selection(namespace), limit=1)
        except NotFound as error:
            missing = error
        else:
            found.append(kind)
    if missing is not None and not found:
        raise ClusterError(
            "the cluster serves none of KubeVirt's kinds", hint="is KubeVirt installed there?"
        ) from missing
    return tuple(found)


async def _until(
    ending: asyncio.Event, clock: Clock, origin_ns: int, duration: float | None
) -> None:
    if duration is None:
        await ending.wait()
        return
    async with asyncio.TaskGroup() as group:
        timer = group.create_task(_sleep_until(clock, origin_ns + to_nanoseconds(duration)))
        ended = group.create_task(ending.wait())
        await asyncio.wait([timer, ended], return_when=asyncio.FIRST_COMPLETED)
        timer.cancel()
        ended.cancel()


async def _sleep_until(clock: Clock, when_ns: int) -> None:
    await clock.sleep_until(when_ns)


async def _keep_flushed(flush: Callable[[], None], clock: Clock) -> None:
    while True:
        await sleep(clock, FLUSHED_SECONDS)
        flush()


def _losses(watches: dict[Kind, KindWatch], reflectors: dict[Kind, Reflector]) -> tuple[str, ...]:
    broken = [kind for kind, reflector in reflectors.items() if reflector.is_broken]
    lost = sum(watch.losses for kind, watch in watches.items() if kind not in broken)
    relists = sum(reflector.relists for reflector in reflectors.values())
    notes = [
        f"the watch of {TRAITS[kind].title}s was broken at the end: what happened since it broke "
        "is not in the trace"
        for kind in broken
    ]
    if lost:
        notes.append(f"watches broke {lost} times and were resumed")
    if relists:
        notes.append(
            f"kinds were listed again {relists} times: what came and went in between is not in "
            "the trace, and times learnt then are marked as approximate"
        )
    return tuple(notes)
