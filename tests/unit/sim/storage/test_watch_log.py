"""Which changes the hub offers to which watchers, by their index and beyond it; and bookmarks."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from virtslo.base.clock import Clock
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import PODS
from virtslo.ports.kube_api import Selection, WatchEvent
from virtslo.sim.api.selectors import acceptance, index_of
from virtslo.sim.storage.object_store import ObjectStore
from virtslo.sim.storage.watch_hub import WatchHub
from virtslo.sim.storage.watch_log import Watcher, send_bookmarks

SendBookmarks = Callable[[Sequence[Watcher], int], None]

KEY = ("n", "pod")
ITERATED = 2


def pod(node: str | None, **labels: str) -> Object:
    spec = {} if node is None else {"nodeName": node}
    return {"metadata": {"namespace": "n", "name": "pod", "labels": labels}, "spec": spec}


HISTORY: tuple[Object | None, ...] = (
    None,
    pod(None, app="a"),
    pod("node1", app="a"),
    pod("node1", app="b"),
    pod("node2", app="b"),
    pod("node2", app="a", more="x"),
    None,
    pod("node1"),
    None,
)
SELECTIONS = (
    Selection(),
    Selection("n"),
    Selection("other"),
    Selection(field_selector="spec.nodeName=node1"),
    Selection(field_selector="spec.nodeName="),
    Selection(field_selector="spec.nodeName!=node1"),
    Selection(field_selector="spec.nodeName=node2,metadata.name=pod"),
    Selection(label_selector="app=a"),
    Selection(label_selector="app="),
    Selection(label_selector="app in (a, b)"),
    Selection(label_selector="app=a,more"),
    Selection("n", "app=b", "spec.nodeName=node1"),
)


def expected(selection: Selection) -> list[str]:
    """The types of the events that a history makes, from the definition of a watch."""
    accepts = acceptance(selection, PODS.plural)
    found = []
    for before, after in pairwise(HISTORY):
        was = before is not None and accepts(before)
        matches = after is not None and accepts(after)
        if was or matches:
            found.append("MODIFIED" if was and matches else "ADDED" if matches else "DELETED")
    return found


def write(store: ObjectStore) -> None:
    for after in HISTORY[1:]:
        if after is None:
            store.remove(PODS, KEY)
        else:
            store.put(PODS, KEY, after)


def types_of(watcher: Watcher) -> list[str]:
    return [event.type for event in watcher.take_ready(100)]


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
async def test_a_watcher_gets_what_it_selects_whatever_it_is_indexed_by(
    clock: Clock, selection: Selection
) -> None:
    store, hub = ObjectStore(), WatchHub()
    store.listen(hub.changed)
    watcher = Watcher(PODS, selection, clock=clock, pace=clock, delay_ns=0)
    hub.add(watcher)
    write(store)

    assert types_of(watcher) == expected(selection)


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
async def test_changes_from_before_the_watch_are_told_alike(
    clock: Clock, selection: Selection
) -> None:
    store = ObjectStore()
    write(store)
    watcher = Watcher(PODS, selection, clock=clock, pace=clock, delay_ns=0)
    watcher.catch_up(store.changes_since(PODS, 1))

    assert types_of(watcher) == expected(selection)


@pytest.mark.parametrize(
    ("selection", "index", "is_all"),
    [
        (Selection(), ("", ""), True),
        (Selection("n"), ("", ""), False),
        (SELECTIONS[3], ("field:spec.nodeName", "node1"), True),
        (SELECTIONS[4], ("field:spec.nodeName", ""), False),
        (SELECTIONS[7], ("label:app", "a"), True),
        (SELECTIONS[8], ("label:app", ""), False),
        (SELECTIONS[10], ("label:app", "a"), False),
        (SELECTIONS[11], ("field:spec.nodeName", "node1"), False),
    ],
    ids=str,
)
def test_an_index_says_whether_it_is_all_that_is_asked(
    selection: Selection, index: tuple[str, str], *, is_all: bool
) -> None:
    assert index_of(selection, PODS.plural) == (index, is_all)


def each_alone(watchers: Sequence[Watcher], resource_version: int) -> None:
    for watcher in watchers:
        send_bookmarks([watcher], resource_version)


def _seen_of_bookmarks(send: SendBookmarks) -> list[tuple[int, int, str, str]]:
    """What several watches see of two rounds of bookmarks, between which an object changes.

    Most have one delay, two have none, one another; one is iterated over, one wants no bookmarks,
    one is held, one has closed.
    """
    seen: list[tuple[int, int, str, str]] = []

    async def read(index: int, watcher: Watcher, clock: Clock) -> None:
        def take(event: WatchEvent) -> None:
            version = event.object["metadata"]["resourceVersion"]
            seen.append((clock.now_ns(), index, event.type, version))
            if event.type != "BOOKMARK":
                asyncio.get_running_loop().call_soon(
                    lambda: seen.append((clock.now_ns(), index, "turn", version))
                )

        if index == ITERATED:
            async for event in watcher:
                take(event)
        else:
            await watcher.deliver(take)

    async def main(clock: Clock) -> None:
        store, hub = ObjectStore(), WatchHub()
        store.listen(hub.changed)
        delays = (50, 50, 50, 50, 0, 0, 70, 50, 50, 50)
        watchers = [
            Watcher(PODS, Selection(), clock=clock, pace=clock, delay_ns=delay * 1_000_000)
            for delay in delays
        ]
        for watcher in watchers:
            hub.add(watcher)
        watchers[3].wants_bookmarks = False
        async with asyncio.TaskGroup() as group:
            for index, watcher in enumerate(watchers):
                group.create_task(read(index, watcher, clock))
            await asyncio.sleep(1)
            watchers[7].is_held = True
            watchers[8].close()
            send(watchers, 5)
            await asyncio.sleep(0.02)
            store.put(PODS, KEY, pod("node1"))
            send(watchers, 6)
            await asyncio.sleep(1)
            store.put(PODS, KEY, pod("node2"))
            send(watchers, 7)
            await asyncio.sleep(0.01)
            watchers[7].release()
            await asyncio.sleep(1)
            for watcher in watchers:
                watcher.close()

    run_in_virtual_time(main)
    return seen


def test_bookmarks_sent_together_are_seen_as_those_sent_one_by_one() -> None:
    """But for the place of a watch that is iterated over among those that deliver at one moment."""
    together, alone = _seen_of_bookmarks(send_bookmarks), _seen_of_bookmarks(each_alone)

    for is_iterated in (False, True):
        assert [what for what in together if (what[1] == ITERATED) is is_iterated] == [
            what for what in alone if (what[1] == ITERATED) is is_iterated
        ]
    assert Counter(kind for _, _, kind, _ in together)["BOOKMARK"] == 3 * 8


@pytest.mark.parametrize(
    ("delay_ns", "expected"),
    [
        (0, ["0 gets it", "1 gets it", "0 has acted", "1 has acted"]),
        (10, ["0 gets it", "0 has acted", "1 gets it", "1 has acted"]),
    ],
)
def test_watches_get_a_change_in_the_order_of_the_hub(delay_ns: int, expected: list[str]) -> None:
    """Without a delay in one turn of the loop; by timers, what the first causes comes between."""
    seen: list[str] = []

    def take_as(index: int) -> Callable[[WatchEvent], None]:
        def take(event: WatchEvent) -> None:
            seen.append(f"{index} gets it")
            asyncio.get_running_loop().call_soon(seen.append, f"{index} has acted")

        return take

    async def main(clock: Clock) -> None:
        store, hub = ObjectStore(), WatchHub()
        store.listen(hub.changed)
        async with asyncio.TaskGroup() as group:
            for index in range(2):
                watcher = Watcher(PODS, Selection(), clock=clock, pace=clock, delay_ns=delay_ns)
                hub.add(watcher)
                group.create_task(watcher.deliver(take_as(index)))
            await asyncio.sleep(1)
            store.put(PODS, KEY, pod("node1"))
            await asyncio.sleep(1)
            for watcher in hub.watchers():
                watcher.close()

    run_in_virtual_time(main)
    assert seen == expected


@pytest.mark.parametrize("delay_ns", [0, 10])
def test_what_a_reader_writes_as_it_reads_comes_once_to_it_too(delay_ns: int) -> None:
    seen: list[str] = []

    async def main(clock: Clock) -> None:
        store, hub = ObjectStore(), WatchHub()
        store.listen(hub.changed)
        watcher = Watcher(PODS, Selection(), clock=clock, pace=clock, delay_ns=delay_ns)
        hub.add(watcher)

        def take(event: WatchEvent) -> None:
            seen.append(event.object["spec"]["nodeName"])
            if len(seen) < 3:
                store.put(PODS, KEY, pod(f"node{len(seen)}"))

        async with asyncio.TaskGroup() as group:
            group.create_task(watcher.deliver(take))
            await asyncio.sleep(1)
            store.put(PODS, KEY, pod("node0"))
            await asyncio.sleep(1)
            watcher.close()

    run_in_virtual_time(main)
    assert seen == ["node0", "node1", "node2"]


def test_what_no_index_can_read_keeps_no_watch_from_what_comes_after_it() -> None:
    seen: list[str] = []

    async def main(clock: Clock) -> None:
        store, hub = ObjectStore(), WatchHub()
        store.listen(hub.changed)
        async with asyncio.TaskGroup() as group:
            for selection in (Selection(), Selection(label_selector="app=a")):
                watcher = Watcher(PODS, selection, clock=clock, pace=clock, delay_ns=0)
                hub.add(watcher)
                group.create_task(watcher.deliver(lambda event: seen.append(event.type)))
            await asyncio.sleep(1)
            odd: Object = {"metadata": {"namespace": "n", "name": "pod", "labels": ["app"]}}
            with pytest.raises(AttributeError):
                store.put(PODS, KEY, odd)
            await asyncio.sleep(1)
            store.put(PODS, ("n", "other"), pod("node1"))
            await asyncio.sleep(1)
            for watcher in hub.watchers():
                watcher.close()

    run_in_virtual_time(main)
    assert seen == ["ADDED", "ADDED"]
