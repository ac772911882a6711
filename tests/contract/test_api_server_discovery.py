"""What an API server tells of itself: versions, health, groups, resources, OpenAPI."""

import json

import pytest

from support.raw_api import RawApi

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def test_a_version_is_told(api: RawApi) -> None:
    version = api.call("GET", "/version").document

    assert version["gitVersion"].startswith("v1.")
    assert version["major"] == "1"
    assert version["minor"].rstrip("+").isdigit()


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health_is_a_word(api: RawApi, path: str) -> None:
    answer = api.call("GET", path)

    assert (answer.code, answer.body) == (200, b"ok")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_may_be_told_at_length(api: RawApi, path: str) -> None:
    text = api.call("GET", f"{path}?verbose").body.decode()

    assert "[+]ping ok" in text
    assert text.rstrip().endswith("check passed")


def test_core_resources_are_discovered(api: RawApi) -> None:
    assert "v1" in api.call("GET", "/api").document["versions"]
    document = api.call("GET", "/api/v1").document

    found = {each["name"]: each for each in document["resources"]}
    assert document["kind"] == "APIResourceList"
    assert found["pods"]["kind"] == "Pod"
    assert found["pods"]["namespaced"] is True
    assert found["pods"]["shortNames"] == ["po"]
    assert {"create", "delete", "get", "list", "patch", "update", "watch"} <= set(
        found["pods"]["verbs"]
    )
    assert found["pods/status"]["verbs"]
    assert found["pods/binding"]["kind"] == "Binding"
    assert found["namespaces"]["namespaced"] is False


def test_groups_are_discovered(api: RawApi) -> None:
    groups = {each["name"]: each for each in api.call("GET", "/apis").document["groups"]}

    apps = groups["apps"]
    assert apps["preferredVersion"]["groupVersion"] == "apps/v1"
    assert api.call("GET", "/apis/apps").document["kind"] == "APIGroup"
    names = [each["name"] for each in api.call("GET", "/apis/apps/v1").document["resources"]]
    assert "controllerrevisions" in names


@pytest.mark.parametrize(
    "path", ["/version", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1"]
)
def test_a_slash_at_the_end_changes_nothing(api: RawApi, path: str) -> None:
    assert api.call("GET", f"{path}/").document == api.call("GET", path).document


def test_everything_may_be_discovered_at_once(api: RawApi) -> None:
    answer = api.call("GET", "/apis", accept=AGGREGATED)
    groups = {each["metadata"]["name"]: each for each in answer.document["items"]}

    assert answer.document["kind"] == "APIGroupDiscoveryList"
    assert answer.document["apiVersion"] == "apidiscovery.k8s.io/v2"
    assert "g=apidiscovery.k8s.io" in answer.headers["Content-Type"]
    (version, *_) = groups["apps"]["versions"]
    assert version["version"] == "v1"
    found = {each["resource"]: each for each in version["resources"]}
    assert found["controllerrevisions"]["responseKind"]["kind"] == "ControllerRevision"


def test_kubevirts_kinds_are_discovered(kubevirt: RawApi) -> None:
    listed = kubevirt.call("GET", "/apis/kubevirt.io/v1").document["resources"]
    pools = kubevirt.call("GET", "/apis/pool.kubevirt.io").document
    found = {each["name"]: each for each in listed}

    assert found["virtualmachineinstances"]["shortNames"] == ["vmi", "vmis"]
    assert "virtualmachines/status" in found
    assert "virtualmachineinstances/status" not in found
    assert found["virtualmachineinstancereplicasets/scale"]["kind"] == "Scale"
    assert pools["preferredVersion"]["version"] == "v1beta1"
    assert {each["version"] for each in pools["versions"]} >= {"v1beta1", "v1alpha1"}


def test_kubevirts_kinds_are_defined(kubevirt: RawApi) -> None:
    base = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

    found = kubevirt.call("GET", f"{base}/virtualmachineinstances.kubevirt.io").document

    conditions = {each["type"]: each["status"] for each in found["status"]["conditions"]}
    assert conditions["Established"] == "True"
    assert found["spec"]["names"]["kind"] == "VirtualMachineInstance"
    assert found["status"]["storedVersions"] == ["v1"]


def test_openapi_tells_of_fields(api: RawApi) -> None:
    index = api.call("GET", "/openapi/v3").document["paths"]
    document = api.call("GET", index["api/v1"]["serverRelativeURL"]).document
    older = api.call("GET", "/openapi/v2").document

    schema = document["components"]["schemas"]["io.k8s.api.core.v1.ConfigMap"]
    assert "data" in schema["properties"]
    assert "io.k8s.api.core.v1.ConfigMap" in older["definitions"]
    patch = document["paths"]["/api/v1/namespaces/{namespace}/configmaps/{name}"]["patch"]
    names = [each["name"] for each in patch["parameters"]]
    assert {"dryRun", "fieldManager", "fieldValidation", "force"} <= set(names)


def test_no_list_of_parameters_in_openapi_is_empty(api: RawApi) -> None:
    """client-go reads an empty list as none, so that a document would not come back the same."""
    index = api.call("GET", "/openapi/v3").document["paths"]
    group = index["apis/apiextensions.k8s.io/v1"]

    paths = api.call("GET", group["serverRelativeURL"]).document["paths"]

    assert paths
    assert not [path for path, item in paths.items() if item.get("parameters") == []]


@pytest.mark.parametrize(
    "path",
    ["/apis/apps/v1/nonsense", "/api/v1/namespaces/default/pods/a/nonsense"],
)
def test_a_resource_that_a_group_does_not_have_has_empty_details(api: RawApi, path: str) -> None:
    """kubectl counts on details: it ends in a nil pointer without them."""
    answer = api.call("GET", path)

    assert (answer.code, answer.document["reason"]) == (404, "NotFound")
    assert answer.message == "the server could not find the requested resource"
    assert answer.document["details"] == {}


@pytest.mark.parametrize("path", ["/apis/example.com/v1/nonsense", "/nonsense"])
def test_what_is_no_path_is_answered_with_a_text(api: RawApi, path: str) -> None:
    answer = api.call("GET", path)

    assert (answer.code, answer.body) == (404, b"404 page not found\n")


def test_metrics_have_the_real_names(api: RawApi) -> None:
    api.call("GET", "/api/v1/namespaces/default")

    text = api.call("GET", "/metrics", accept="text/plain").body.decode()

    assert "apiserver_request_total{" in text
    assert "apiserver_request_duration_seconds_bucket{" in text


def test_what_a_server_tells_is_json(api: RawApi) -> None:
    for path in ("/version", "/api", "/apis"):
        answer = api.call("GET", path)

        assert answer.headers["Content-Type"].startswith("application/json")
        json.loads(answer.body)
