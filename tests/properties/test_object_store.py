"""The store's law: what was listed at a version, and the changes since, are what is listed now."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from virtslo.model.identifiers import NamespacedName
from virtslo.model.kubernetes.resources import CONFIG_MAPS
from virtslo.sim.storage.object_store import DELETED, ObjectStore, key_of

NAMES = ("a", "b", "c")
STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "remove"]), st.sampled_from(NAMES), st.integers(0, 9)),
    max_size=40,
)


def body(name: str, value: int) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "x"}, "data": {"value": str(value)}}


def run(
    store: ObjectStore, steps: list[tuple[str, str, int]]
) -> dict[int, dict[NamespacedName, Any]]:
    """Carry steps out; what there was at each version."""
    history: dict[int, dict[NamespacedName, Any]] = {store.resource_version: {}}
    for step, name, value in steps:
        key = ("x", name)
        if step == "put":
            store.put(CONFIG_MAPS, key, body(name, value))
        elif store.get(CONFIG_MAPS, key) is not None:
            store.remove(CONFIG_MAPS, key)
        history[store.resource_version] = dict(store.collection(CONFIG_MAPS).objects)
    return history


@given(STEPS)
def test_a_list_and_the_changes_since_are_the_list_of_now(
    steps: list[tuple[str, str, int]],
) -> None:
    store = ObjectStore()
    history = run(store, steps)

    for version, then in history.items():
        objects = dict(then)
        for change in store.changes_since(CONFIG_MAPS, version):
            if change.type == DELETED:
                del objects[key_of(change.object)]
            else:
                objects[key_of(change.object)] = change.object
        assert objects == store.collection(CONFIG_MAPS).objects


@given(STEPS)
def test_every_version_can_be_seen_again(steps: list[tuple[str, str, int]]) -> None:
    store = ObjectStore()

    for version, then in run(store, steps).items():
        assert store.snapshot(CONFIG_MAPS, version) == then


@given(STEPS)
def test_keys_are_in_order_whatever_came_and_went(steps: list[tuple[str, str, int]]) -> None:
    store = ObjectStore()
    run(store, steps)

    listed = store.collection(CONFIG_MAPS).in_order()

    assert [key for key, _ in listed] == sorted(store.collection(CONFIG_MAPS).objects)


@given(STEPS)
def test_versions_are_never_used_twice(steps: list[tuple[str, str, int]]) -> None:
    store = ObjectStore()
    run(store, steps)

    versions = [change.resource_version for change in store.changes_since(CONFIG_MAPS, 0)]
    assert versions == sorted(set(versions))
