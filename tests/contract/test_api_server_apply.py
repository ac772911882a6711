"""Server-side apply: ownership of fields, conflicts, force, and what an applier gives up."""

from typing import Any

import pytest

from support.raw_api import APPLY, MERGE, Answer, RawApi

FIELDS: dict[str, Any] = {"f:data": {"f:key": {}}}


def path(space: str) -> str:
    return f"/api/v1/namespaces/{space}/configmaps/one"


def config(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": data}


def apply(api: RawApi, space: str, body: Any, manager: str = "me", **query: Any) -> Answer:
    return api.call("PATCH", path(space), body, kind=APPLY, fieldManager=manager, **query)


def owners(document: Any) -> dict[tuple[str, str], Any]:
    return {
        (each["manager"], each["operation"]): each["fieldsV1"]
        for each in document["metadata"]["managedFields"]
    }


def test_an_apply_creates_what_is_missing_and_owns_it(api: RawApi, space: str) -> None:
    answer = apply(api, space, config(key="a"))

    assert answer.code == 201
    assert owners(answer.document) == {("me", "Apply"): FIELDS}
    (entry,) = answer.document["metadata"]["managedFields"]
    assert (entry["apiVersion"], entry["fieldsType"]) == ("v1", "FieldsV1")
    assert entry["time"].endswith("Z")


def test_ports_are_owned_by_number_and_protocol(api: RawApi, space: str) -> None:
    service = f"/api/v1/namespaces/{space}/services/one"

    def applied(*ports: dict[str, Any]) -> Any:
        spec = {"selector": {"a": "b"}, "ports": list(ports)}
        meta = {"name": "one"}
        body = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}
        return api.call("PATCH", service, body, kind=APPLY, fieldManager="me").document

    tcp = {"name": "t", "port": 53}
    udp = {"name": "u", "port": 53, "protocol": "UDP"}
    both = applied(tcp, udp)
    left = applied(udp)

    (entry,) = both["metadata"]["managedFields"]
    assert set(entry["fieldsV1"]["f:spec"]["f:ports"]) == {
        'k:{"port":53,"protocol":"TCP"}',
        'k:{"port":53,"protocol":"UDP"}',
    }
    assert [each["protocol"] for each in both["spec"]["ports"]] == ["TCP", "UDP"]
    assert [each["protocol"] for each in left["spec"]["ports"]] == ["UDP"]


def test_an_apply_that_changes_nothing_makes_no_new_version(api: RawApi, space: str) -> None:
    first = apply(api, space, config(key="a")).document

    second = apply(api, space, config(key="a"))

    assert second.code == 200
    assert second.document["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_what_an_applier_no_longer_names_goes(api: RawApi, space: str) -> None:
    apply(api, space, config(key="a", other="b"))

    answer = apply(api, space, config(key="a"))

    assert answer.document["data"] == {"key": "a"}
    assert owners(answer.document) == {("me", "Apply"): FIELDS}


def test_another_ones_field_is_a_conflict(api: RawApi, space: str) -> None:
    apply(api, space, config(key="a"))

    answer = apply(api, space, config(key="b"), "you")

    assert answer.code == 409
    assert answer.document["reason"] == "Conflict"
    assert answer.message == 'Apply failed with 1 conflict: conflict with "me": .data.key'
    assert answer.causes == [("FieldManagerConflict", ".data.key")]
    assert api.call("GET", path(space)).document["data"] == {"key": "a"}


def test_force_takes_the_field_over(api: RawApi, space: str) -> None:
    apply(api, space, config(key="a"))

    answer = apply(api, space, config(key="b"), "you", force="true")

    assert answer.code == 200
    assert answer.document["data"] == {"key": "b"}
    assert owners(answer.document) == {("you", "Apply"): FIELDS}


def test_a_field_of_the_same_value_is_shared(api: RawApi, space: str) -> None:
    apply(api, space, config(key="a"))
    shared = apply(api, space, config(key="a"), "you")

    left = apply(api, space, config(), "me")

    assert owners(shared.document) == {("me", "Apply"): FIELDS, ("you", "Apply"): FIELDS}
    assert left.document["data"] == {"key": "a"}


def test_whoever_writes_a_field_otherwise_owns_it_from_then_on(api: RawApi, space: str) -> None:
    apply(api, space, config(key="a"))
    patch = {"data": {"key": "b"}}
    written = api.call("PATCH", path(space), patch, kind=MERGE, fieldManager="editor").document

    answer = apply(api, space, config(key="c"))

    assert owners(written) == {("editor", "Update"): FIELDS}
    assert answer.code == 409
    assert 'conflict with "editor" using v1' in answer.message


def test_what_was_there_before_the_first_apply_has_an_owner(api: RawApi, space: str) -> None:
    collection = f"/api/v1/namespaces/{space}/configmaps"
    api.call("POST", collection, config(key="a"), fieldManager="maker")

    answer = apply(api, space, config(key="b"))

    assert answer.code == 409
    assert answer.causes == [("FieldManagerConflict", ".data.key")]


def test_finalizers_are_owned_one_by_one(api: RawApi, space: str) -> None:
    one, two = config(key="a"), config(key="a")
    one["metadata"]["finalizers"] = ["example.com/one"]
    two["metadata"]["finalizers"] = ["example.com/two"]
    apply(api, space, one)
    both = apply(api, space, two, "you").document

    left = apply(api, space, config(key="a")).document
    apply(api, space, config(key="a"), "you")

    assert both["metadata"]["finalizers"] == ["example.com/one", "example.com/two"]
    assert left["metadata"]["finalizers"] == ["example.com/two"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "fieldManager"),
        ({"fieldManager": ""}, "fieldManager"),
    ],
    ids=["without", "empty"],
)
def test_an_apply_needs_a_manager(
    api: RawApi, space: str, query: dict[str, str], field: str
) -> None:
    answer = api.call("PATCH", path(space), config(), kind=APPLY, **query)

    assert answer.code == 422
    assert answer.causes == [("FieldValueRequired", field)]


def test_force_is_for_applies_alone(api: RawApi, space: str) -> None:
    apply(api, space, config())

    answer = api.call("PATCH", path(space), {}, kind=MERGE, force="true")

    assert answer.code == 422
    assert answer.causes == [("FieldValueForbidden", "force")]


def test_an_apply_does_not_say_who_owns_what(api: RawApi, space: str) -> None:
    body = config(key="a")
    body["metadata"]["managedFields"] = [{"manager": "me", "operation": "Apply"}]

    answer = apply(api, space, body)

    assert answer.code == 400
    assert answer.message == "metadata.managedFields must be nil"


def test_a_dry_apply_stores_nothing(api: RawApi, space: str) -> None:
    answer = apply(api, space, config(key="a"), dryRun="All")

    assert answer.code == 201
    assert answer.document["data"] == {"key": "a"}
    assert api.call("GET", path(space)).code == 404


def test_a_status_is_applied_apart(kubevirt: RawApi, space: str) -> None:
    base = f"/apis/kubevirt.io/v1/namespaces/{space}/virtualmachines/one"
    template = {"spec": {"domain": {"devices": {}, "memory": {"guest": "64Mi"}}}}
    body = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "one"}}
    spec = {"runStrategy": "Halted", "template": template}
    made = kubevirt.call("PATCH", base, {**body, "spec": spec}, kind=APPLY, fieldManager="me")
    assert made.code == 201, made.body

    status = {**body, "status": {"printableStatus": "Stopped"}}
    answer = kubevirt.call("PATCH", f"{base}/status", status, kind=APPLY, fieldManager="other")

    assert answer.code == 200, answer.body
    assert answer.document["status"]["printableStatus"] == "Stopped"
    entry = next(
        each for each in answer.document["metadata"]["managedFields"] if each["manager"] == "other"
    )
    assert entry["subresource"] == "status"
    assert entry["fieldsV1"] == {"f:status": {"f:printableStatus": {}}}


def test_one_manager_may_apply_an_object_by_both_endpoints(kubevirt: RawApi, space: str) -> None:
    base = f"/apis/kubevirt.io/v1/namespaces/{space}/virtualmachineinstancereplicasets"
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"domain": {"devices": {}}}}
    body = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceReplicaSet",
        "metadata": {"name": "one"},
        "spec": {
            "paused": True,
            "selector": {"matchLabels": {"a": "b"}},
            "template": template,
        },
    }

    def apply(replicas: int, endpoint: str = "") -> Answer:
        return kubevirt.call(
            "PATCH",
            f"{base}/one{endpoint}",
            {**body, "status": {"replicas": replicas}},
            kind=APPLY,
            fieldManager="one",
        )

    first, second, third = apply(3), apply(4, "/status"), apply(5)

    assert [answer.code for answer in (first, second, third)] == [201, 200, 200]
    assert "replicas" not in first.document.get("status", {})
    assert third.document["status"]["replicas"] == 4
    owners = {
        (each["manager"], each.get("subresource", "")): each["fieldsV1"]
        for each in third.document["metadata"]["managedFields"]
        if each["manager"] == "one"
    }
    assert owners["one", "status"] == {"f:status": {"f:replicas": {}}}
    assert "f:status" not in owners["one", ""]
