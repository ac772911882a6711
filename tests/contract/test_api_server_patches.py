"""Patches over the wire: JSON, merge, strategic; what applies, what conflicts, what is refused."""

from typing import Any

import pytest

from support.raw_api import JSON_PATCH, MERGE, STRATEGIC, Answer, RawApi


def path(space: str, name: str = "one") -> str:
    return f"/api/v1/namespaces/{space}/configmaps/{name}"


@pytest.fixture
def made(api: RawApi, space: str) -> dict[str, Any]:
    """A config map called `one`."""
    body = {"metadata": {"name": "one", "labels": {"a": "b"}}, "data": {"old": "y", "more": "z"}}
    found: dict[str, Any] = api.call(
        "POST", f"/api/v1/namespaces/{space}/configmaps", body
    ).document
    return found


def patched(api: RawApi, space: str, body: Any, kind: str) -> Answer:
    return api.call("PATCH", path(space), body, kind=kind)


def test_a_merge_patch_sets_and_removes(api: RawApi, space: str, made: dict[str, Any]) -> None:
    answer = patched(api, space, {"data": {"new": "x", "more": None}}, MERGE)

    assert answer.code == 200
    assert answer.document["data"] == {"old": "y", "new": "x"}
    assert answer.document["metadata"]["labels"] == {"a": "b"}


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([{"op": "add", "path": "/data/new", "value": "x"}], {"old": "y", "more": "z", "new": "x"}),
        ([{"op": "replace", "path": "/data/old", "value": "x"}], {"old": "x", "more": "z"}),
        (
            [{"op": "replace", "path": "/data/new", "value": "x"}],
            {"old": "y", "more": "z", "new": "x"},
        ),
        ([{"op": "remove", "path": "/data/old"}], {"more": "z"}),
        ([{"op": "move", "from": "/data/old", "path": "/data/new"}], {"more": "z", "new": "y"}),
        (
            [{"op": "copy", "from": "/data/old", "path": "/data/new"}],
            {"old": "y", "more": "z", "new": "y"},
        ),
        (
            [
                {"op": "test", "path": "/data/old", "value": "y"},
                {"op": "add", "path": "/data/a~1b", "value": "x"},
                {"op": "remove", "path": "/data/a~1b"},
            ],
            {"old": "y", "more": "z"},
        ),
    ],
    ids=["add", "replace", "replace what is missing", "remove", "move", "copy", "test and escape"],
)
def test_a_json_patch_does_each_operation(
    api: RawApi,
    space: str,
    made: dict[str, Any],
    operations: list[dict[str, str]],
    expected: dict[str, str],
) -> None:
    answer = patched(api, space, operations, JSON_PATCH)

    assert answer.code == 200, answer.body
    assert answer.document["data"] == expected


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/data/old", "value": "other"},
        {"op": "remove", "path": "/data/none"},
        {"op": "replace", "path": "/none/key", "value": "x"},
    ],
    ids=["test", "remove", "replace below nothing"],
)
def test_a_json_patch_that_does_not_fit_is_not_valid(
    api: RawApi, space: str, made: dict[str, Any], operation: dict[str, str]
) -> None:
    answer = patched(api, space, [operation], JSON_PATCH)

    assert answer.code == 422
    assert answer.document["reason"] == "Invalid"
    assert answer.message == "the server rejected our request due to an error in our request"
    assert api.call("GET", path(space)).document == made


def test_a_strategic_patch_merges_lists_by_their_keys(api: RawApi, space: str) -> None:
    container = {"name": "a", "image": "x", "env": [{"name": "ONE", "value": "1"}]}
    pods = f"/api/v1/namespaces/{space}/pods"
    body = {"metadata": {"name": "one"}, "spec": {"containers": [container]}}
    assert api.call("POST", pods, body).code == 201

    condition = {"type": "Ready", "status": "True"}
    other = {"type": "Initialized", "status": "True"}
    for each in (condition, other, {**condition, "status": "False"}):
        patch = {"status": {"conditions": [each]}}
        answer = api.call("PATCH", f"{pods}/one/status", patch, kind=STRATEGIC)
        assert answer.code == 200, answer.body

    statuses = {each["type"]: each["status"] for each in answer.document["status"]["conditions"]}
    assert (statuses["Ready"], statuses["Initialized"]) == ("False", "True")
    assert answer.document["spec"]["containers"][0]["image"] == "x"


def test_a_strategic_patch_merges_ports_by_their_number_alone(api: RawApi, space: str) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    udp = {"containerPort": 53, "protocol": "UDP"}
    tcp = {"containerPort": 53, "protocol": "TCP"}
    container = {"name": "a", "image": "b"}
    body = {"metadata": {"name": "one"}, "spec": {"containers": [{**container, "ports": [tcp]}]}}
    api.call("POST", pods, body)
    patch = {"spec": {"containers": [{"name": "a", "ports": [udp]}]}}

    answer = api.call("PATCH", f"{pods}/one", patch, kind=STRATEGIC, dryRun="All")

    # A real server then refuses the change of a pod's ports, in words that show the merged list.
    assert answer.code in (200, 422)
    if answer.code == 200:
        assert answer.document["spec"]["containers"][0]["ports"] == [udp]


def test_a_strategic_patch_of_a_custom_resource_is_refused(kubevirt: RawApi, space: str) -> None:
    base = f"/apis/kubevirt.io/v1/namespaces/{space}/virtualmachines"
    body = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "one"},
        "spec": {
            "runStrategy": "Halted",
            "template": {"spec": {"domain": {"devices": {}, "memory": {"guest": "64Mi"}}}},
        },
    }
    assert kubevirt.call("POST", base, body).code == 201

    answer = kubevirt.call("PATCH", f"{base}/one", {}, kind=STRATEGIC)

    assert answer.code == 415
    assert "accepted media types include" in answer.message


def test_a_patch_may_say_which_version_it_means(
    api: RawApi, space: str, made: dict[str, Any]
) -> None:
    version = made["metadata"]["resourceVersion"]
    meant = {"metadata": {"resourceVersion": version}, "data": {"old": "1"}}

    assert patched(api, space, meant, MERGE).code == 200
    stale = patched(api, space, meant, MERGE)

    assert stale.code == 409
    assert stale.document["reason"] == "Conflict"


def test_a_patch_that_changes_nothing_makes_no_new_version(
    api: RawApi, space: str, made: dict[str, Any]
) -> None:
    answer = patched(api, space, {"data": {"old": "y"}}, MERGE)

    assert answer.document["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_a_patch_does_not_rename(api: RawApi, space: str, made: dict[str, Any]) -> None:
    answer = patched(api, space, {"metadata": {"name": "two"}}, MERGE)

    assert answer.code in {400, 422}
    assert api.call("GET", path(space)).code == 200
    assert api.call("GET", path(space, "two")).code == 404


def test_a_patch_of_what_is_missing_is_not_found(api: RawApi, space: str) -> None:
    assert patched(api, space, {}, MERGE).code == 404


def test_a_patch_of_an_unknown_type_is_refused(
    api: RawApi, space: str, made: dict[str, Any]
) -> None:
    assert patched(api, space, {}, "application/json").code == 415


def test_a_status_is_written_apart_from_the_rest(kubevirt: RawApi, space: str) -> None:
    base = f"/apis/kubevirt.io/v1/namespaces/{space}/virtualmachines"
    template = {"spec": {"domain": {"devices": {}, "memory": {"guest": "64Mi"}}}}
    body = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "one"},
        "spec": {"runStrategy": "Halted", "template": template},
        "status": {"printableStatus": "Running"},
    }

    made = kubevirt.call("POST", base, body).document
    main = kubevirt.call("PATCH", f"{base}/one", {"status": {"created": True}}, kind=MERGE)
    patch = {"spec": {"runStrategy": "Manual"}, "status": {"printableStatus": "Paused"}}
    status = kubevirt.call("PATCH", f"{base}/one/status", patch, kind=MERGE).document

    assert "printableStatus" not in made.get("status", {})
    assert "created" not in main.document.get("status", {})
    assert status["spec"]["runStrategy"] == "Halted"
    assert status["status"]["printableStatus"] == "Paused"
    assert status["metadata"]["generation"] == made["metadata"]["generation"]


@pytest.mark.parametrize("kind", [MERGE, STRATEGIC])
def test_a_write_of_a_built_in_status_takes_labels_and_annotations(
    api: RawApi, space: str, kind: str
) -> None:
    metadata = {"annotations": {"written": "yes"}, "labels": {"a": "b"}}
    condition = {"type": "Tried", "status": "True"}
    patch = {"metadata": metadata, "status": {"conditions": [condition]}}

    changed = api.call("PATCH", f"/api/v1/namespaces/{space}/status", patch, kind=kind).document

    assert changed["metadata"]["annotations"]["written"] == "yes"
    assert changed["metadata"]["labels"]["a"] == "b"
    assert changed["metadata"]["labels"]["kubernetes.io/metadata.name"] == space
    assert changed["status"]["conditions"][0]["type"] == "Tried"


def test_a_write_of_a_pods_status_takes_its_labels(api: RawApi, space: str) -> None:
    base = f"/api/v1/namespaces/{space}/pods"
    spec = {"containers": [{"name": "c", "image": "i"}], "automountServiceAccountToken": False}
    made = api.call("POST", base, {"metadata": {"name": "one"}, "spec": spec})
    if made.code == 403:
        pytest.skip("the namespace has no service account yet")
    patch = {"metadata": {"labels": {"a": "b"}}, "status": {"phase": "Running"}}

    changed = api.call("PATCH", f"{base}/one/status", patch, kind=MERGE).document

    assert changed["status"]["phase"] == "Running"
    assert changed["metadata"]["labels"] == {"a": "b"}


def test_metadata_that_is_emptied_is_left_out(
    api: RawApi, space: str, made: dict[str, Any]
) -> None:
    emptied = {"labels": {"a": None}, "annotations": {}, "finalizers": [], "ownerReferences": []}

    answer = patched(api, space, {"metadata": emptied}, MERGE)

    assert answer.code == 200
    assert not set(emptied) & set(answer.document["metadata"])
