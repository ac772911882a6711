"""Which changes the hub offers to which watchers, by their index and beyond it."""

from itertools import pairwise

import pytest

from virtslo.base.clock import Clock
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import PODS
from virtslo.ports.kube_api import Selection
from virtslo.sim.storage.object_store import ObjectStore
from virtslo.sim.storage.watch_hub import WatchHub
from virtslo.sim.storage.watch_log import Watcher, acceptance, index_of

KEY = ("n", "pod")


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
