"""Objects over the wire: creation, reading, update, names, dry runs and the refusals of each."""

from typing import Any

import pytest

from support.raw_api import RawApi

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}


def path(space: str, name: str = "") -> str:
    return f"/api/v1/namespaces/{space}/configmaps" + (f"/{name}" if name else "")


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {**CONFIG_MAP, "metadata": {"name": name}, "data": data}


def created(api: RawApi, space: str, name: str, **data: str) -> dict[str, Any]:
    answer = api.call("POST", path(space), config_map(name, **data))
    assert answer.code == 201, answer.body
    found: dict[str, Any] = answer.document
    return found


def test_what_is_created_is_answered_whole_and_read_back(api: RawApi, space: str) -> None:
    made = created(api, space, "one", key="value")
    read = api.call("GET", path(space, "one")).document

    assert read["data"] == made["data"] == {"key": "value"}
    assert (read["apiVersion"], read["kind"]) == ("v1", "ConfigMap")
    metadata = read["metadata"]
    assert metadata["namespace"] == space
    assert metadata["uid"] == made["metadata"]["uid"]
    assert metadata["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert metadata["creationTimestamp"].endswith("Z")


def test_a_kind_may_be_left_out_of_a_built_in_type(api: RawApi, space: str) -> None:
    made = api.call("POST", path(space), {"metadata": {"name": "one"}}).document

    assert (made["apiVersion"], made["kind"]) == ("v1", "ConfigMap")


def test_a_body_may_be_yaml(api: RawApi, space: str) -> None:
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata: {key: value}\n"

    answer = api.call("POST", path(space), body, kind="application/yaml")

    assert answer.code == 201
    assert answer.document["data"] == {"key": "value"}


def test_a_generated_name_is_cut_and_completed(api: RawApi, space: str) -> None:
    body = {**CONFIG_MAP, "metadata": {"generateName": "a" * 70}}

    name = api.call("POST", path(space), body).document["metadata"]["name"]

    assert len(name) == 63
    assert name.startswith("a" * 58)


def test_an_object_without_a_name_is_not_valid(api: RawApi, space: str) -> None:
    answer = api.call("POST", path(space), {**CONFIG_MAP, "metadata": {}})

    assert answer.code == 422
    assert answer.message == (
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
    )
    assert answer.causes == [("FieldValueRequired", "metadata.name")]


def test_a_name_that_is_none_is_not_valid(api: RawApi, space: str) -> None:
    answer = api.call("POST", path(space), config_map("Not_A_Name"))

    assert answer.code == 422
    assert answer.document["reason"] == "Invalid"
    assert answer.causes == [("FieldValueInvalid", "metadata.name")]
    assert "a lowercase RFC 1123 subdomain must consist of" in answer.message
    assert answer.document["details"]["kind"] == "ConfigMap"
    assert answer.document["details"]["name"] == "Not_A_Name"


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({"labels": {"a b": "c"}}, "metadata.labels"),
        ({"labels": {"a": "not valid!"}}, "metadata.labels"),
        ({"labels": {"a": "v" * 64}}, "metadata.labels"),
        ({"annotations": {"/none": "x"}}, "metadata.annotations"),
        ({"annotations": {"big": "x" * 300_000}}, "metadata.annotations"),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "x"}]},
            "metadata.ownerReferences.uid",
        ),
    ],
    ids=["label key", "label value", "long label", "annotation key", "annotations", "owner"],
)
def test_metadata_that_is_not_valid_is_refused(
    api: RawApi, space: str, metadata: dict[str, Any], field: str
) -> None:
    body = config_map("one")
    body["metadata"].update(metadata)

    answer = api.call("POST", path(space), body)

    assert answer.code == 422
    assert field in [place for _, place in answer.causes]


def test_a_second_object_of_a_name_is_told_as_such(api: RawApi, space: str) -> None:
    created(api, space, "one")

    answer = api.call("POST", path(space), config_map("one"))

    assert answer.code == 409
    assert answer.document["reason"] == "AlreadyExists"
    assert answer.message == 'configmaps "one" already exists'
    assert answer.document["details"] == {"name": "one", "kind": "configmaps"}


def test_what_is_missing_is_told_as_such(api: RawApi, space: str) -> None:
    answer = api.call("GET", path(space, "none"))

    assert answer.code == 404
    status = answer.document
    assert (status["kind"], status["apiVersion"], status["status"]) == ("Status", "v1", "Failure")
    assert status["reason"] == "NotFound"
    assert status["message"] == 'configmaps "none" not found'
    assert status["details"] == {"name": "none", "kind": "configmaps"}


def test_a_namespace_that_is_missing_is_told_as_such(api: RawApi) -> None:
    answer = api.call("POST", path("no-such-namespace"), config_map("one"))

    assert answer.code == 404
    assert answer.message == 'namespaces "no-such-namespace" not found'


def test_an_object_for_another_namespace_is_refused(api: RawApi, space: str) -> None:
    body = config_map("one")
    body["metadata"]["namespace"] = "default"

    answer = api.call("POST", path(space), body)

    assert answer.code == 400
    assert answer.message == (
        "the namespace of the provided object does not match the namespace sent on the request"
    )


def test_an_object_of_another_version_is_refused(api: RawApi, space: str) -> None:
    answer = api.call("POST", path(space), {**config_map("one"), "apiVersion": "apps/v1"})

    assert answer.code == 400
    assert answer.document["reason"] == "BadRequest"


def test_an_object_of_another_kind_is_refused(api: RawApi, space: str) -> None:
    answer = api.call("POST", path(space), {**config_map("one"), "kind": "Secret"})

    assert answer.code == 400
    assert answer.message.startswith('Secret in version "v1" cannot be handled as a ConfigMap')


def test_what_is_no_json_is_refused(api: RawApi, space: str) -> None:
    assert api.call("POST", path(space), b"{nonsense").code == 400


def test_a_body_of_an_unknown_type_is_refused(api: RawApi, space: str) -> None:
    answer = api.call("POST", path(space), b"x", kind="text/csv")

    assert answer.code == 415
    assert answer.document["reason"] == "UnsupportedMediaType"


def test_an_object_that_has_a_version_is_not_created(api: RawApi, space: str) -> None:
    body = config_map("one")
    body["metadata"]["resourceVersion"] = "5"

    answer = api.call("POST", path(space), body)

    assert answer.code == 500
    assert answer.message == "resourceVersion should not be set on objects to be created"


def test_a_dry_run_answers_and_stores_nothing(api: RawApi, space: str) -> None:
    made = created(api, space, "kept", key="a")
    changed = {**made, "data": {"key": "b"}}

    assert api.call("POST", path(space), config_map("one"), dryRun="All").code == 201
    assert api.call("PUT", path(space, "kept"), changed, dryRun="All").document["data"] == {
        "key": "b"
    }
    assert api.call("DELETE", path(space, "kept"), dryRun="All").code == 200
    assert api.call("DELETE", path(space), dryRun="All").code == 200

    assert api.call("GET", path(space, "one")).code == 404
    assert api.call("GET", path(space, "kept")).document["data"] == {"key": "a"}


def test_a_dry_run_of_an_unknown_sort_is_refused(api: RawApi, space: str) -> None:
    answer = api.call("POST", path(space), config_map("one"), dryRun="Some")

    assert answer.code == 422
    assert answer.causes == [("FieldValueNotSupported", "dryRun")]


def test_an_update_replaces_the_object(api: RawApi, space: str) -> None:
    made = created(api, space, "one", key="a", other="x")

    changed = api.call("PUT", path(space, "one"), {**made, "data": {"key": "b"}}).document

    assert changed["data"] == {"key": "b"}
    assert changed["metadata"]["uid"] == made["metadata"]["uid"]
    assert int(changed["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])


def test_an_update_that_changes_nothing_makes_no_new_version(api: RawApi, space: str) -> None:
    made = created(api, space, "one", key="a")

    same = api.call("PUT", path(space, "one"), made).document

    assert same["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_an_update_of_an_old_version_conflicts(api: RawApi, space: str) -> None:
    made = created(api, space, "one", key="a")
    api.call("PUT", path(space, "one"), {**made, "data": {"key": "b"}})

    answer = api.call("PUT", path(space, "one"), {**made, "data": {"key": "c"}})

    assert answer.code == 409
    assert answer.document["reason"] == "Conflict"
    assert answer.message == (
        'Operation cannot be fulfilled on configmaps "one": the object has been modified; please '
        "apply your changes to the latest version and try again"
    )


def test_an_update_of_another_object_of_that_name_conflicts(api: RawApi, space: str) -> None:
    created(api, space, "one")
    body = config_map("one")
    body["metadata"]["uid"] = "4f9a1c1e-0000-4000-8000-000000000000"

    answer = api.call("PUT", path(space, "one"), body)

    assert answer.code == 409
    assert "Precondition failed: UID in precondition" in answer.message


def test_an_update_under_another_name_is_refused(api: RawApi, space: str) -> None:
    created(api, space, "one")

    answer = api.call("PUT", path(space, "one"), config_map("two"))

    assert answer.code == 400
    assert answer.message == "the name of the object (two) does not match the name on the URL (one)"


def test_a_custom_resource_is_updated_only_by_its_version(kubevirt: RawApi, space: str) -> None:
    api, base = kubevirt, f"/apis/instancetype.kubevirt.io/v1beta1/namespaces/{space}"
    body = {
        "apiVersion": "instancetype.kubevirt.io/v1beta1",
        "kind": "VirtualMachineInstancetype",
        "metadata": {"name": "one"},
        "spec": {"cpu": {"guest": 1}, "memory": {"guest": "1Gi"}},
    }
    assert api.call("POST", f"{base}/virtualmachineinstancetypes", body).code == 201

    answer = api.call("PUT", f"{base}/virtualmachineinstancetypes/one", body)

    assert answer.code == 422
    assert answer.causes == [("FieldValueInvalid", "metadata.resourceVersion")]
    assert answer.message.endswith("must be specified for an update")


def test_texts_of_a_secret_are_stored_encoded(api: RawApi, space: str) -> None:
    body = {"metadata": {"name": "one"}, "stringData": {"word": "hello"}}

    made = api.call("POST", f"/api/v1/namespaces/{space}/secrets", body).document

    assert made["data"] == {"word": "aGVsbG8="}
    assert made["type"] == "Opaque"
    assert "stringData" not in made


def test_a_config_map_may_be_closed_to_changes(api: RawApi, space: str) -> None:
    body = {**config_map("one", key="a"), "immutable": True}
    made = api.call("POST", path(space), body).document

    answer = api.call("PUT", path(space, "one"), {**made, "data": {"key": "b"}})

    assert answer.code == 422
    assert ("FieldValueForbidden", "data") in answer.causes


def test_a_pod_needs_containers(api: RawApi, space: str) -> None:
    body = {"metadata": {"name": "one"}, "spec": {}}

    answer = api.call("POST", f"/api/v1/namespaces/{space}/pods", body)

    assert answer.code == 422
    assert ("FieldValueRequired", "spec.containers") in answer.causes


def test_verbs_that_a_path_does_not_have_are_refused(api: RawApi, space: str) -> None:
    answer = api.call("PUT", path(space), config_map("one"))

    assert answer.code == 405
    assert answer.document["reason"] == "MethodNotAllowed"


def test_whoever_has_no_valid_token_is_not_let_in(api: RawApi, space: str) -> None:
    answer = api.call("GET", path(space), authorization="Bearer nonsense")

    assert answer.code == 401
    assert answer.document["reason"] == "Unauthorized"
    assert answer.message == "Unauthorized"


def pod_asking(memory: Any) -> dict[str, Any]:
    container = {"name": "c", "image": "i", "resources": {"requests": {"memory": memory}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "pod-"},
        "spec": {"containers": [container], "automountServiceAccountToken": False},
    }


@pytest.mark.parametrize("memory", ["1e3", "129e6", "1.5Gi", ".5k", "5.", "+2", "1000000u", 7])
def test_a_quantity_has_any_form_of_the_grammar(api: RawApi, space: str, memory: Any) -> None:
    answer = api.call("POST", f"/api/v1/namespaces/{space}/pods", pod_asking(memory), dryRun="All")

    assert answer.code == 201 or "serviceaccount" in answer.message, answer.body


@pytest.mark.parametrize("memory", ["1 Gi", "1kB", "much", ""])
def test_what_is_no_quantity_is_refused(api: RawApi, space: str, memory: str) -> None:
    answer = api.call("POST", f"/api/v1/namespaces/{space}/pods", pod_asking(memory))

    assert answer.code == 400
    assert 'Pod in version "v1" cannot be handled as a Pod' in answer.message
    assert "quantities must match" in answer.message or "suffix" in answer.message


POD_DEFAULTS = {
    "dnsPolicy": "ClusterFirst",
    "enableServiceLinks": True,
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
CONTAINER_DEFAULTS = {
    "imagePullPolicy": "Always",
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}


@pytest.mark.parametrize(
    ("resources", "requests", "quality"),
    [
        ({}, None, "BestEffort"),
        ({"requests": {"cpu": "1"}}, {"cpu": "1"}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, {"cpu": "1", "memory": "1Gi"}, "Guaranteed"),
    ],
)
def test_a_pod_has_defaults_and_a_class_of_service(
    api: RawApi, space: str, resources: dict[str, Any], requests: Any, quality: str
) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    container = {"name": "a", "image": "x", "resources": resources}
    spec = {"containers": [container], "nodeName": "no-such-node"}

    made = api.call("POST", pods, {"metadata": {"name": "one"}, "spec": spec})
    pod = made.document

    assert made.code == 201, made.body
    (only,) = pod["spec"]["containers"]
    assert {key: pod["spec"][key] for key in POD_DEFAULTS} == POD_DEFAULTS
    assert {key: only[key] for key in CONTAINER_DEFAULTS} == CONTAINER_DEFAULTS
    assert only["resources"].get("requests") == requests
    assert pod["status"]["qosClass"] == quality
