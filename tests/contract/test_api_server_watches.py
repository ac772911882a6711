"""Watches over the wire: order, selection, bookmarks, initial events, ends."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.raw_api import MERGE, TABLE, RawApi

INITIAL_END = "k8s.io/initial-events-end"


def path(space: str) -> str:
    return f"/api/v1/namespaces/{space}/configmaps"


def create(api: RawApi, space: str, name: str, **labels: str) -> dict[str, Any]:
    body = {"metadata": {"name": name, "labels": {"mine": "yes", **labels}}}
    found: dict[str, Any] = api.call("POST", path(space), body).document
    return found


def version_of(api: RawApi, space: str) -> str:
    document = api.call("GET", path(space), labelSelector="mine").document
    return str(document["metadata"]["resourceVersion"])


def told(events: Iterator[Any], count: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    while len(found) < count:
        event = next(events)
        if event["type"] != "BOOKMARK":
            found.append((event["type"], event["object"]["metadata"]["name"]))
    return found


def test_a_watch_tells_every_change_in_order(api: RawApi, space: str) -> None:
    version = version_of(api, space)
    with api.watch(path(space), resourceVersion=version, labelSelector="mine") as events:
        create(api, space, "a")
        create(api, space, "b")
        api.call("PATCH", f"{path(space)}/a", {"data": {"x": "y"}}, kind=MERGE)
        api.call("DELETE", f"{path(space)}/b")

        assert told(events, 4) == [
            ("ADDED", "a"),
            ("ADDED", "b"),
            ("MODIFIED", "a"),
            ("DELETED", "b"),
        ]


def test_a_watch_resumes_after_the_version_it_is_given(api: RawApi, space: str) -> None:
    first = create(api, space, "a")
    create(api, space, "b")

    version = first["metadata"]["resourceVersion"]
    with api.watch(path(space), resourceVersion=version, labelSelector="mine") as events:
        assert told(events, 1) == [("ADDED", "b")]


def test_what_comes_to_match_is_added_and_what_ceases_to_is_deleted(
    api: RawApi, space: str
) -> None:
    made = create(api, space, "a", colour="blue")
    version = made["metadata"]["resourceVersion"]
    with api.watch(path(space), resourceVersion=version, labelSelector="colour=red") as events:
        for colour in ("red", "blue"):
            patch = {"metadata": {"labels": {"colour": colour}}}
            api.call("PATCH", f"{path(space)}/a", patch, kind=MERGE)
        added, deleted = next(events), next(events)

    assert (added["type"], deleted["type"]) == ("ADDED", "DELETED")
    assert deleted["object"]["metadata"]["labels"]["colour"] == "red"
    versions = [int(each["object"]["metadata"]["resourceVersion"]) for each in (added, deleted)]
    assert versions[0] < versions[1]


def test_a_deletion_tells_of_the_object_as_it_was_stored(api: RawApi, space: str) -> None:
    made = create(api, space, "a")
    version = made["metadata"]["resourceVersion"]
    with api.watch(path(space), resourceVersion=version, labelSelector="mine") as events:
        api.call("DELETE", f"{path(space)}/a")
        event = next(events)

    metadata = event["object"]["metadata"]
    assert event["type"] == "DELETED"
    assert int(metadata["resourceVersion"]) > int(version)
    assert "deletionTimestamp" not in metadata


@pytest.mark.parametrize("query", [{}, {"resourceVersion": "0"}], ids=["none", "zero"])
def test_a_watch_from_any_version_begins_with_what_there_is(
    api: RawApi, space: str, query: dict[str, str]
) -> None:
    create(api, space, "a")
    with api.watch(path(space), labelSelector="mine", **query) as events:
        assert told(events, 1) == [("ADDED", "a")]


def test_initial_events_end_with_a_bookmark(api: RawApi, space: str) -> None:
    create(api, space, "a")
    with api.watch(
        path(space),
        labelSelector="mine",
        sendInitialEvents="true",
        allowWatchBookmarks="true",
        resourceVersionMatch="NotOlderThan",
    ) as events:
        added, end = next(events), next(events)
        create(api, space, "b")
        after = told(events, 1)

    assert (added["type"], added["object"]["metadata"]["name"]) == ("ADDED", "a")
    assert end["type"] == "BOOKMARK"
    assert end["object"]["metadata"]["annotations"] == {INITIAL_END: "true"}
    assert end["object"]["kind"] == "ConfigMap"
    assert after == [("ADDED", "b")]


@pytest.mark.parametrize(
    "query",
    [
        {"sendInitialEvents": "true"},
        {"resourceVersionMatch": "NotOlderThan", "resourceVersion": "1"},
    ],
    ids=["initial events without a match", "a match without initial events"],
)
def test_parameters_that_mean_nothing_together_are_refused(
    api: RawApi, space: str, query: dict[str, str]
) -> None:
    answer = api.call("GET", path(space), watch="true", **query)

    assert answer.code == 422
    assert ("FieldValueForbidden", "resourceVersionMatch") in answer.causes


def test_a_watch_ends_in_time(api: RawApi, space: str) -> None:
    version = version_of(api, space)
    with api.watch(
        path(space), resourceVersion=version, labelSelector="mine", timeoutSeconds=1
    ) as events:
        assert [event for event in events if event["type"] != "BOOKMARK"] == []


def test_one_object_is_watched_by_its_name_as_a_field(api: RawApi, space: str) -> None:
    made = create(api, space, "a")
    version = made["metadata"]["resourceVersion"]
    by_name = {"fieldSelector": "metadata.name=a"}
    with api.watch(path(space), resourceVersion=version, **by_name) as events:
        create(api, space, "b")
        api.call("DELETE", f"{path(space)}/a")

        assert told(events, 1) == [("DELETED", "a")]


def test_the_path_of_one_object_is_read_not_watched(api: RawApi, space: str) -> None:
    create(api, space, "a")

    assert api.call("GET", f"{path(space)}/a", watch="true").document["kind"] == "ConfigMap"


def test_a_watch_may_be_of_tables(api: RawApi, space: str) -> None:
    version = version_of(api, space)
    with api.watch(
        path(space), accept=TABLE, resourceVersion=version, labelSelector="mine"
    ) as events:
        create(api, space, "a")
        create(api, space, "b")
        first, second = next(events), next(events)

    assert first["object"]["kind"] == "Table"
    assert first["object"]["columnDefinitions"]
    assert first["object"]["rows"][0]["cells"][0] == "a"
    assert second["object"]["rows"][0]["cells"][0] == "b"
    assert second["object"]["columnDefinitions"] is None


@pytest.mark.parametrize("seconds", ["9" * 5000, "\u00b2", "\u0661"])
def test_a_watch_with_a_time_that_is_no_number_of_go_is_no_failure_of_the_server(
    seconds: str, api: RawApi
) -> None:
    path = "/api/v1/namespaces/default/configmaps"

    answer = api.call("GET", path, watch="true", resourceVersion="x", timeoutSeconds=seconds)

    assert answer.code == 400
