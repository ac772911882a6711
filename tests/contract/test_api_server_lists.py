"""Lists over the wire: selection, pages, and what resource versions mean."""

from typing import Any

import pytest

from support.raw_api import RawApi


def path(space: str) -> str:
    return f"/api/v1/namespaces/{space}/configmaps"


def create(api: RawApi, space: str, *names: str, **labels: str) -> dict[str, Any]:
    for name in names:
        body = {"metadata": {"name": name, "labels": {"mine": "yes", **labels}}}
        answer = api.call("POST", path(space), body)
        assert answer.code == 201, answer.body
    found: dict[str, Any] = answer.document
    return found


def names(document: Any) -> list[str]:
    return [item["metadata"]["name"] for item in document["items"]]


def test_a_list_has_a_kind_and_a_version(api: RawApi, space: str) -> None:
    made = create(api, space, "b", "a")

    found = api.call("GET", path(space), labelSelector="mine=yes").document

    assert (found["kind"], found["apiVersion"]) == ("ConfigMapList", "v1")
    assert names(found) == ["a", "b"]
    assert int(found["metadata"]["resourceVersion"]) >= int(made["metadata"]["resourceVersion"])


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("colour=red", ["r"]),
        ("colour==red", ["r"]),
        ("colour!=red,mine=yes", ["b", "n"]),
        ("colour in (red, blue)", ["b", "r"]),
        ("colour notin (red),mine", ["b", "n"]),
        ("colour", ["b", "r"]),
        ("!colour,mine=yes", ["n"]),
        ("colour=red,mine=yes", ["r"]),
    ],
)
def test_labels_select(api: RawApi, space: str, selector: str, expected: list[str]) -> None:
    create(api, space, "r", colour="red")
    create(api, space, "b", colour="blue")
    create(api, space, "n")

    assert names(api.call("GET", path(space), labelSelector=selector).document) == expected


def test_fields_select(api: RawApi, space: str) -> None:
    create(api, space, "a", "b")

    one = api.call("GET", path(space), fieldSelector="metadata.name=a").document
    others = api.call(
        "GET", path(space), fieldSelector="metadata.name!=a", labelSelector="mine"
    ).document

    assert names(one) == ["a"]
    assert names(others) == ["b"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"labelSelector": "a in"}, "unable to parse requirement"),
        ({"fieldSelector": "data.key=x"}, '"data.key" is not a known field selector'),
    ],
    ids=["labels", "fields"],
)
def test_a_selector_that_is_none_is_refused(
    api: RawApi, space: str, query: dict[str, str], words: str
) -> None:
    answer = api.call("GET", path(space), **query)

    assert answer.code == 400
    assert words in answer.message


def test_pages_are_of_the_version_of_the_first(api: RawApi, space: str) -> None:
    create(api, space, "a", "b", "c", "d")
    first = api.call("GET", path(space), limit=2, labelSelector="mine").document
    create(api, space, "aa", "e")
    api.call("DELETE", f"{path(space)}/d")

    token = first["metadata"]["continue"]
    second = api.call(
        "GET", path(space), limit=5, labelSelector="mine", **{"continue": token}
    ).document

    assert names(first) + names(second) == ["a", "b", "c", "d"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert "continue" not in second["metadata"]


def test_what_remains_is_told_where_nothing_is_selected(api: RawApi, space: str) -> None:
    create(api, space, "a", "b", "c")
    whole = api.call("GET", path(space)).document

    first = api.call("GET", path(space), limit=2).document["metadata"]
    selected = api.call("GET", path(space), limit=2, labelSelector="mine").document["metadata"]

    assert first["remainingItemCount"] == len(whole["items"]) - 2
    assert "remainingItemCount" not in selected


def test_a_token_that_is_none_is_refused(api: RawApi, space: str) -> None:
    answer = api.call("GET", path(space), limit=2, **{"continue": "nonsense"})

    assert answer.code == 400


def test_a_list_may_be_of_exactly_a_version(api: RawApi, space: str) -> None:
    made = create(api, space, "a")
    create(api, space, "b")
    version = made["metadata"]["resourceVersion"]

    exact = api.call(
        "GET",
        path(space),
        resourceVersion=version,
        resourceVersionMatch="Exact",
        labelSelector="mine",
    ).document
    paged = api.call(
        "GET", path(space), resourceVersion=version, limit=10, labelSelector="mine"
    ).document
    newer = api.call(
        "GET",
        path(space),
        resourceVersion=version,
        resourceVersionMatch="NotOlderThan",
        labelSelector="mine",
    ).document

    assert names(exact) == names(paged) == ["a"]
    assert exact["metadata"]["resourceVersion"] == version
    assert names(newer) == ["a", "b"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"resourceVersionMatch": "Exact"}, "resourceVersionMatch"),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, "resourceVersionMatch"),
        ({"resourceVersionMatch": "Other", "resourceVersion": "1"}, "resourceVersionMatch"),
        ({"sendInitialEvents": "true"}, "sendInitialEvents"),
    ],
    ids=["match alone", "exactly any", "unknown match", "initial events"],
)
def test_versions_that_mean_nothing_together_are_refused(
    api: RawApi, space: str, query: dict[str, str], field: str
) -> None:
    answer = api.call("GET", path(space), **query)

    assert answer.code == 422
    assert answer.document["details"]["kind"] == "ListOptions"
    assert field in [place for _, place in answer.causes]


def test_a_version_of_the_future_is_not_waited_for_long(api: RawApi, space: str) -> None:
    version = int(create(api, space, "a")["metadata"]["resourceVersion"]) + 1_000_000

    answer = api.call(
        "GET", path(space), resourceVersion=version, resourceVersionMatch="NotOlderThan"
    )

    assert answer.code == 504
    assert answer.document["reason"] == "Timeout"
    assert answer.causes == [("ResourceVersionTooLarge", "")]


def test_a_collection_is_deleted_as_far_as_it_is_selected(api: RawApi, space: str) -> None:
    create(api, space, "r", colour="red")
    create(api, space, "b", colour="blue")

    answer = api.call("DELETE", path(space), labelSelector="colour=red")

    assert answer.code == 200
    assert names(api.call("GET", path(space), labelSelector="mine").document) == ["b"]


def test_tables_are_for_people(api: RawApi, space: str) -> None:
    body = {"metadata": {"name": "one"}, "data": {"a": "1", "b": "2"}}
    api.call("POST", path(space), body)

    table = api.call(
        "GET", f"{path(space)}/one", accept="application/json;as=Table;g=meta.k8s.io;v=v1"
    ).document

    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    (row,) = table["rows"]
    assert row["cells"][:2] == ["one", 2]
    assert row["object"]["kind"] == "PartialObjectMetadata"


def test_metadata_may_be_asked_for_alone(api: RawApi, space: str) -> None:
    create(api, space, "one")

    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    found = api.call("GET", path(space), accept=accept, labelSelector="mine").document

    assert found["kind"] == "PartialObjectMetadataList"
    assert names(found) == ["one"]
    assert "data" not in found["items"][0]


def test_what_nobody_can_serve_is_not_acceptable(api: RawApi, space: str) -> None:
    assert api.call("GET", path(space), accept="text/csv").code == 406


@pytest.mark.parametrize("timeout", ["invalid", "5", "1", "5 s", "1h1"])
def test_a_time_that_go_does_not_read_is_refused(api: RawApi, space: str, timeout: str) -> None:
    for method, body in (("GET", None), ("POST", {"metadata": {"name": "one"}})):
        answer = api.call(method, path(space), body, timeout=timeout)

        assert answer.code == 400
        assert answer.message.startswith("invalid timeout specified in the request URL - time: ")
        assert answer.message.endswith(f'duration "{timeout}"')


def test_a_time_is_read_for_paths_that_are_no_objects_too(api: RawApi) -> None:
    assert api.call("GET", "/version", timeout="invalid").code == 400
    assert api.call("GET", "/version", timeout="3m").code == 200


@pytest.mark.parametrize("timeout", ["5s", "1m30s", "1.5h", "-1s", "+20s", "0", ".5m"])
def test_a_time_that_go_reads_is_taken(api: RawApi, space: str, timeout: str) -> None:
    assert api.call("GET", path(space), timeout=timeout).code == 200


def test_a_limit_below_zero_is_none(api: RawApi, space: str) -> None:
    for name in ("a", "b"):
        api.call("POST", path(space), {"metadata": {"name": name}})

    answer = api.call("GET", path(space), limit=-1)

    assert answer.code == 200
    assert {item["metadata"]["name"] for item in answer.document["items"]} >= {"a", "b"}
    assert "continue" not in answer.document["metadata"]
    assert api.call("GET", path(space), limit="1.5").code == 400


def test_items_of_a_built_in_kind_do_not_name_it(api: RawApi, space: str) -> None:
    api.call("POST", path(space), {"metadata": {"name": "one"}})

    found = api.call("GET", path(space)).document
    (item,) = [each for each in found["items"] if each["metadata"]["name"] == "one"]

    assert (found["apiVersion"], found["kind"]) == ("v1", "ConfigMapList")
    assert "kind" not in item
    assert "apiVersion" not in item


def test_items_of_a_custom_kind_name_it(kubevirt: RawApi, space: str) -> None:
    base = f"/apis/kubevirt.io/v1/namespaces/{space}/virtualmachineinstancereplicasets"
    spec = {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"domain": {"devices": {}}}},
    }
    body = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceReplicaSet",
        "metadata": {"name": "one"},
        "spec": {**spec, "paused": True},
    }
    assert kubevirt.call("POST", base, body).code == 201

    (item,) = kubevirt.call("GET", base).document["items"]

    assert (item["apiVersion"], item["kind"]) == (body["apiVersion"], body["kind"])


def test_a_list_from_no_version_is_refused_in_words(api: RawApi, space: str) -> None:
    answer = api.call("GET", path(space), resourceVersion="x")

    assert answer.code == 400
    assert answer.message == (
        'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: '
        'parsing "x": invalid syntax'
    )


def test_a_list_of_custom_resources_says_that_it_goes_no_further(kubevirt: RawApi) -> None:
    answer = kubevirt.call("GET", "/apis/kubevirt.io/v1/virtualmachines", labelSelector="a=none")

    assert answer.document["metadata"]["continue"] == ""
