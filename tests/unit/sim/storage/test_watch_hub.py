"""What the hub keeps of watches: those that are open, and nothing of those that have left."""

import random

import pytest

from virtslo.base.clock import Clock
from virtslo.model.kubernetes.resources import CONFIG_MAPS, PODS, Resource
from virtslo.ports.kube_api import Selection
from virtslo.sim.storage.object_store import ObjectStore
from virtslo.sim.storage.watch_hub import WatchHub
from virtslo.sim.storage.watch_log import Watcher


def watcher_of(clock: Clock, selection: Selection) -> Watcher:
    return Watcher(PODS, selection, clock=clock, pace=clock, delay_ns=0)


async def test_nothing_is_left_of_watches_that_have_left(clock: Clock) -> None:
    """A thousand watches, each with a label of its own."""
    hub = WatchHub()
    staying = watcher_of(clock, Selection(label_selector="app=a"))
    hub.add(staying)
    watchers = [
        watcher_of(clock, Selection(label_selector=f"label-{number}=x")) for number in range(1000)
    ]
    for watcher in watchers:
        hub.add(watcher)
    random.Random(1).shuffle(watchers)
    for watcher in watchers:
        hub.discard(watcher)

    assert hub.watchers() == [staying]
    assert hub.indexes() == 1


async def test_one_that_leaves_twice_or_never_came_takes_no_other_with_it(clock: Clock) -> None:
    hub = WatchHub()
    first, second = (watcher_of(clock, Selection(label_selector="app=a")) for _ in range(2))
    hub.discard(first)
    hub.add(first)
    hub.add(second)
    hub.discard(first)
    hub.discard(first)

    assert hub.watchers() == [second]


@pytest.mark.parametrize(("kind", "offered"), [(PODS, 1), (CONFIG_MAPS, 0)], ids=str)
async def test_a_change_is_offered_to_watchers_of_its_kind(
    clock: Clock, kind: Resource, offered: int
) -> None:
    store, hub = ObjectStore(), WatchHub()
    store.listen(hub.changed)
    watcher = watcher_of(clock, Selection())
    hub.add(watcher)
    store.put(kind, ("n", "x"), {"metadata": {"namespace": "n", "name": "x"}})

    assert len(watcher.take_ready(10)) == offered
