"""A list selects what its selectors accept, whatever was listed and changed before."""

import pytest

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import PODS
from virtslo.ports.kube_api import Selection
from virtslo.sim.api.requests import Request
from virtslo.sim.api.selectors import acceptance
from virtslo.sim.storage.listing import list_page
from virtslo.sim.storage.object_store import ObjectStore

USER = Identity("tester", "tester", "tester/1")
SELECTIONS = (
    Selection(),
    Selection("default"),
    Selection(field_selector="spec.nodeName=node-1"),
    Selection(field_selector="spec.nodeName="),
    Selection("default", field_selector="spec.nodeName=node-1"),
    Selection(field_selector="spec.nodeName=node-1,metadata.name=pod-1"),
    Selection(field_selector="spec.nodeName!=node-1"),
    Selection(label_selector="app=a"),
    Selection(label_selector="app="),
    Selection(label_selector="app=a,tier"),
    Selection(label_selector="app=a", field_selector="spec.nodeName=node-2"),
)


def pod_of(number: int, *, node: int, app: str = "a") -> Object:
    labels = {"app": app, "tier": "x"} if number % 2 else {"app": app}
    metadata = {"name": f"pod-{number}", "namespace": "default", "labels": labels}
    if number % 5 == 0:
        metadata = {"name": f"pod-{number}", "namespace": "other"}
    spec = {"nodeName": f"node-{node}"} if node else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def put(store: ObjectStore, pod: Object) -> None:
    store.put(PODS, (pod["metadata"]["namespace"], pod["metadata"]["name"]), pod)


def check_lists(store: ObjectStore, selection: Selection) -> list[str]:
    """The names that are listed, which are those that are selected, in order."""
    found = list_page(store, Request("list", PODS, selection=selection, user=USER))["items"]
    accepts = acceptance(selection, "pods")
    every = [target for _, target in store.collection(PODS).in_order()]
    assert found == [target for target in every if accepts(target)]
    return [target["metadata"]["name"] for target in found]


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_a_list_is_what_is_selected_after_every_change(selection: Selection) -> None:
    store = ObjectStore()
    for number in range(20):
        put(store, pod_of(number, node=number % 3, app="" if number == 7 else "a"))
    assert check_lists(store, selection)
    put(store, pod_of(1, node=2, app="b"))  # an object changes
    check_lists(store, selection)
    store.remove(PODS, ("default", "pod-4"))  # one goes
    check_lists(store, selection)
    put(store, pod_of(21, node=1))  # one comes
    check_lists(store, selection)


def test_lists_by_different_things_do_not_take_each_others_answers() -> None:
    store = ObjectStore()
    for number in range(20):
        put(store, pod_of(number, node=number % 3))
    found = [check_lists(store, selection) for selection in SELECTIONS * 2]

    assert found[: len(SELECTIONS)] == found[len(SELECTIONS) :]


@pytest.mark.parametrize("limit", ["1", "3", "100"])
@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_pages_of_a_selection_hold_each_object_once(selection: Selection, limit: str) -> None:
    """What is left is counted where every object of a namespace is listed, as by a real server."""
    store = ObjectStore()
    for number in range(20):
        put(store, pod_of(number, node=number % 2))
    is_counted = not (selection.label_selector or selection.field_selector)
    every = check_lists(store, selection)
    names: list[str] = []
    query = {"limit": limit}
    while True:
        page = list_page(store, Request("list", PODS, selection=selection, query=query, user=USER))
        metadata = page["metadata"]
        names += [target["metadata"]["name"] for target in page["items"]]
        left = len(every) - len(names)
        assert metadata.get("remainingItemCount", 0) == (left if is_counted else 0)
        assert ("continue" in metadata) == (left > 0)
        if not left:
            break
        query = {"limit": limit, "continue": metadata["continue"]}

    assert names == every
