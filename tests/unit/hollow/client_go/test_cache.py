"""A cache knows what an object controls, in the order in which it was seen."""

from typing import Any

import pytest

from virtslo.hollow.client_go.bad_objects import BadObjects
from virtslo.hollow.client_go.cache import Cache
from virtslo.ports.kube_api import WatchEvent


def _pod(name: str, owner: str | None, version: int = 1) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": "a", "resourceVersion": str(version)}
    if owner is not None:
        metadata["ownerReferences"] = [{"uid": owner, "controller": True}]
    return {"metadata": metadata}


def _event(kind: str, target: dict[str, Any]) -> WatchEvent:
    return WatchEvent(kind, target, 0)


@pytest.fixture
def cache() -> Cache:
    cache = Cache(BadObjects("test"))
    cache.index_owners()
    return cache


def test_what_is_controlled_comes_in_the_order_in_which_it_was_seen(cache: Cache) -> None:
    for name, owner in (("b", "1"), ("a", "1"), ("c", "2"), ("d", None)):
        cache.changed(_event("ADDED", _pod(name, owner)))

    assert cache.controlled_by("1") == [_pod("b", "1"), _pod("a", "1")]
    assert cache.controlled_by("3") == []


def test_what_is_controlled_is_given_as_it_is_known_now(cache: Cache) -> None:
    for name in ("a", "b", "c"):
        cache.changed(_event("ADDED", _pod(name, "1")))
    cache.changed(_event("MODIFIED", _pod("a", "1", 2)))
    cache.changed(_event("MODIFIED", _pod("b", "2", 2)))
    cache.changed(_event("DELETED", _pod("c", "1", 2)))

    assert cache.controlled_by("1") == [_pod("a", "1", 2)]
    assert cache.controlled_by("2") == [_pod("b", "2", 2)]


def test_caches_that_hold_an_object_hold_one_key() -> None:
    """Each of 100 000 VMIs is in half a dozen."""
    one, other = Cache(BadObjects("test")), Cache(BadObjects("test"))
    for cache in (one, other):
        cache.changed(_event("ADDED", _pod("a", None)))

    ((first,), (second,)) = (one.objects, other.objects)
    assert first is second
