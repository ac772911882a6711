"""The garbage collector as any client sees it: owners added later, circles, any kind, foreground.

Where VIRTSLO_CONTRACT_KUBECONFIG names a real cluster, its own collector is judged too.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.clusters import REAL
from support.raw_api import MERGE, RawApi, real_api, simulated_api

IMPLEMENTATIONS = ["simulated", "real"] if os.environ.get(REAL) else ["simulated"]


@pytest.fixture(params=IMPLEMENTATIONS, scope="module")
def api(request: pytest.FixtureRequest) -> Iterator[RawApi]:
    if request.param == "real":
        yield real_api(Path(os.environ[REAL]))
        return
    with simulated_api(has_controllers=True) as found:
        yield found


@pytest.fixture
def space(api: RawApi) -> Iterator[str]:
    body = {"metadata": {"generateName": "collected-"}}
    name = api.call("POST", "/api/v1/namespaces", body).document["metadata"]["name"]
    yield name
    api.call("DELETE", f"/api/v1/namespaces/{name}")


class Things:
    """Config maps and secrets of one namespace, that own one another."""

    def __init__(self, api: RawApi, space: str) -> None:
        self._api = api
        self._base = f"/api/v1/namespaces/{space}"

    def path(self, name: str) -> str:
        plural = "secrets" if name.startswith("secret") else "configmaps"
        return f"{self._base}/{plural}/{name}"

    def make(self, name: str, *owners: dict[str, Any]) -> dict[str, Any]:
        body = {"metadata": {"name": name, "ownerReferences": list(owners)}}
        answer = self._api.call("POST", self.path(name).rpartition("/")[0], body)
        assert answer.code == 201, answer.body
        return self.reference(name, answer.document["metadata"]["uid"])

    def reference(self, name: str, uid: str, *, blocks: bool = True) -> dict[str, Any]:
        kind = "Secret" if name.startswith("secret") else "ConfigMap"
        found = {"apiVersion": "v1", "kind": kind, "name": name, "uid": uid}
        return {**found, "blockOwnerDeletion": True} if blocks else found

    def give(self, name: str, *owners: dict[str, Any]) -> None:
        patch = {"metadata": {"ownerReferences": list(owners)}}
        assert self._api.call("PATCH", self.path(name), patch, kind=MERGE).code == 200

    def delete(self, name: str, propagation: str = "Background") -> None:
        body = {"propagationPolicy": propagation}
        assert self._api.call("DELETE", self.path(name), body).code == 200

    def get(self, name: str) -> dict[str, Any] | None:
        answer = self._api.call("GET", self.path(name))
        return None if answer.code == 404 else answer.document

    def until(self, *, gone: tuple[str, ...] = (), seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds  # noqa: TID251  a real cluster's time
        while any(self.get(name) is not None for name in gone):
            assert time.monotonic() < end, f"still there: {gone}"  # noqa: TID251
            time.sleep(0.05)


@pytest.fixture
def things(api: RawApi, space: str) -> Things:
    return Things(api, space)


def test_what_was_given_an_owner_later_goes_with_it(things: Things) -> None:
    owner = things.make("owner")
    things.make("late")
    things.give("late", owner)
    time.sleep(0.5)

    things.delete("owner")

    things.until(gone=("owner", "late"))


def test_what_is_given_to_one_that_is_gone_goes_at_once(things: Things) -> None:
    gone = things.reference("never", "00000000-0000-0000-0000-000000000001")
    things.make("one")

    things.give("one", gone)

    things.until(gone=("one",))


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_a_circle_of_owners_goes_whole(things: Things, propagation: str) -> None:
    first = things.make("first")
    second = things.make("secret-second", first)
    things.give("first", second)
    time.sleep(0.5)

    things.delete("first", propagation)

    things.until(gone=("first", "secret-second"))


def test_an_owner_deleted_in_the_foreground_goes_last(things: Things) -> None:
    owner = things.make("owner")
    middle = things.make("secret-middle", owner)
    things.make("leaf", middle)
    time.sleep(0.5)

    things.delete("owner", "Foreground")

    marked = things.get("owner")
    things.until(gone=("leaf", "secret-middle", "owner"))
    if marked is not None:
        assert "foregroundDeletion" in marked["metadata"]["finalizers"]


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_what_has_another_owner_stays_with_that_one(things: Things, propagation: str) -> None:
    one, other = things.make("one"), things.make("secret-other")
    things.make("shared", one, other)
    time.sleep(0.5)

    things.delete("one", propagation)
    things.until(gone=("one",))
    time.sleep(0.5)

    shared = things.get("shared")
    assert shared is not None
    assert "deletionTimestamp" not in shared["metadata"]


def test_orphans_stay_and_belong_to_nobody(things: Things) -> None:
    owner = things.make("owner")
    things.make("secret-orphan", owner)
    time.sleep(0.5)

    things.delete("owner", "Orphan")
    things.until(gone=("owner",))

    orphan = things.get("secret-orphan")
    assert orphan is not None
    assert not orphan["metadata"].get("ownerReferences")
