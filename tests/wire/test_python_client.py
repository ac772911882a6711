"""The official Python client judges the simulated cluster: its dynamic client and its watch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

kubernetes = pytest.importorskip("kubernetes", reason="the official client is not installed")
from kubernetes import client  # noqa: E402
from kubernetes.dynamic.exceptions import (  # noqa: E402
    ConflictError,
    NotFoundError,
    UnprocessibleEntityError,
)

config: Any = pytest.importorskip("kubernetes.config")
dynamic_module: Any = pytest.importorskip("kubernetes.dynamic")
watching: Any = pytest.importorskip("kubernetes.watch")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
SECONDS = 600


@pytest.fixture
def api(kubeconfig: Path) -> Iterator[Any]:
    opened = config.new_client_from_config(config_file=str(kubeconfig))
    with opened:
        yield opened


@pytest.fixture
def dynamic(api: Any, tmp_path: Path) -> Any:
    return dynamic_module.DynamicClient(api, cache_file=str(tmp_path / "discovery.json"))


@pytest.fixture
def space(api: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    core: Any = client.CoreV1Api(api)
    body = client.V1Namespace(metadata=client.V1ObjectMeta(generate_name="python-"))
    name = core.create_namespace(body).metadata.name
    yield name
    core.delete_namespace(name)


def vm(name: str) -> dict[str, Any]:
    domain = {"devices": {}, "resources": {"requests": {"memory": "64Mi"}}}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"runStrategy": "Always", "template": {"spec": {"domain": domain}}},
    }


def test_kinds_are_found_by_discovery(dynamic: Any) -> None:
    machines = dynamic.resources.get(api_version="kubevirt.io/v1", kind="VirtualMachine")
    pools = dynamic.resources.get(kind="VirtualMachinePool", api_version="pool.kubevirt.io/v1beta1")

    assert machines.namespaced
    assert "status" in machines.subresources
    assert "scale" in pools.subresources
    assert dynamic.version["kubernetes"]["gitVersion"].startswith("v1.")


def test_objects_are_made_read_changed_and_deleted(dynamic: Any, space: str) -> None:
    machines = dynamic.resources.get(api_version="kubevirt.io/v1", kind="VirtualMachine")

    made = machines.create(body=vm("one"), namespace=space)
    stopped = {"spec": {"runStrategy": "Halted"}}
    machines.patch(
        name="one",
        namespace=space,
        body=stopped,
        content_type="application/merge-patch+json",
    )
    listed = machines.get(namespace=space, label_selector="app=web")
    stale = {**made.to_dict(), "spec": {**made.to_dict()["spec"], "runStrategy": "Manual"}}

    assert [item.metadata.name for item in listed.items] == ["one"]
    assert listed.items[0].spec.runStrategy == "Halted"
    with pytest.raises(ConflictError):
        machines.replace(body=stale, namespace=space)
    machines.delete(name="one", namespace=space)
    with pytest.raises(NotFoundError):
        machines.get(name="none", namespace=space)


def test_an_apply_is_made_on_the_server(dynamic: Any, space: str) -> None:
    maps = dynamic.resources.get(api_version="v1", kind="ConfigMap")
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "one"},
        "data": {"a": "b"},
    }

    first = maps.server_side_apply(body=body, namespace=space, field_manager="me")
    other = {**body, "data": {"a": "c"}}
    with pytest.raises(ConflictError):
        maps.server_side_apply(body=other, namespace=space, field_manager="you")

    assert first.metadata.managedFields[0].manager == "me"


def test_what_is_not_valid_is_told(dynamic: Any, space: str) -> None:
    machines = dynamic.resources.get(api_version="kubevirt.io/v1", kind="VirtualMachine")
    body = vm("one")
    body["spec"]["running"] = True

    with pytest.raises(UnprocessibleEntityError) as refused:
        machines.create(body=body, namespace=space)

    error: Any = refused.value
    assert "Running and RunStrategy are mutually exclusive" in error.summary()


def test_changes_are_watched_until_the_machine_runs(dynamic: Any, space: str) -> None:
    instances = dynamic.resources.get(api_version="kubevirt.io/v1", kind="VirtualMachineInstance")
    machines = dynamic.resources.get(api_version="kubevirt.io/v1", kind="VirtualMachine")
    start = instances.get(namespace=space).metadata.resourceVersion
    machines.create(body=vm("one"), namespace=space)

    phases: list[str] = []
    for event in instances.watch(namespace=space, resource_version=start, timeout=SECONDS):
        phase = event["object"].status.phase
        if phase not in phases:
            phases.append(phase)
        if phase == "Running":
            break

    assert phases == ["Pending", "Scheduling", "Scheduled", "Running"]


def test_the_typed_client_lists_and_watches(api: Any, space: str) -> None:
    core: Any = client.CoreV1Api(api)
    nodes = core.list_node()
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="one"), data={"a": "b"})
    listed = core.list_namespaced_config_map(space)
    core.create_namespaced_config_map(space, body)
    core.delete_namespaced_config_map("one", space)

    seen = []
    stream = watching.Watch().stream(
        core.list_namespaced_config_map,
        space,
        resource_version=listed.metadata.resource_version,
        timeout_seconds=SECONDS,
    )
    for event in stream:
        if event["object"].metadata.name == "one":
            seen.append(event["type"])
        if "DELETED" in seen:
            break

    assert len(nodes.items) == 3
    assert seen == ["ADDED", "DELETED"]


def test_custom_objects_are_scaled(api: Any, space: str) -> None:
    custom: Any = client.CustomObjectsApi(api)
    template = {"metadata": {"labels": {"a": "b"}}, "spec": vm("x")["spec"]["template"]["spec"]}
    body = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceReplicaSet",
        "metadata": {"name": "one"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"a": "b"}},
            "template": template,
        },
    }
    place = ("kubevirt.io", "v1", space, "virtualmachineinstancereplicasets")
    custom.create_namespaced_custom_object(*place, body)

    scaled = custom.patch_namespaced_custom_object_scale(*place, "one", {"spec": {"replicas": 2}})

    assert scaled["kind"] == "Scale"
    assert scaled["spec"]["replicas"] == 2


def test_pages_make_up_a_list(api: Any, space: str) -> None:
    core: Any = client.CoreV1Api(api)
    for index in range(7):
        metadata = client.V1ObjectMeta(name=f"map-{index}", labels={"mine": "yes"})
        core.create_namespaced_config_map(space, client.V1ConfigMap(metadata=metadata))

    names: list[str] = []
    token = None
    while True:
        page = core.list_namespaced_config_map(
            space, limit=3, label_selector="mine=yes", _continue=token
        )
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue
        if not token:
            break

    assert names == [f"map-{index}" for index in range(7)]


def test_the_typed_client_finds_its_way(api: Any, space: str) -> None:
    core: Any = client.CoreV1Api(api)
    access = client.V1SelfSubjectAccessReview(
        spec=client.V1SelfSubjectAccessReviewSpec(
            resource_attributes=client.V1ResourceAttributes(verb="get", resource="pods")
        )
    )

    version = client.VersionApi(api).get_code()
    listed = core.get_api_resources()
    access_api: Any = client.AuthorizationV1Api(api)
    answer = access_api.create_self_subject_access_review(access)
    metrics = core.connect_get_namespaced_pod_proxy_with_path(
        "virt-controller-0:8443", "kubevirt", "metrics"
    )

    assert version.git_version.startswith("v1.")
    assert "pods" in [each.name for each in listed.resources]
    assert answer.status.allowed
    assert "kubevirt_rest_client_requests_total" in metrics
    with pytest.raises(client.ApiException) as refused:
        core.read_namespaced_pod_log("virt-controller-0", "kubevirt")
    assert refused.value.status == 501


def test_the_typed_client_asks_for_tokens(api: Any, space: str) -> None:
    core: Any = client.CoreV1Api(api)
    account = client.V1ServiceAccount(metadata=client.V1ObjectMeta(name="robot"))
    core.create_namespaced_service_account(space, account)
    wanted = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[]))

    made = core.create_namespaced_service_account_token("robot", space, wanted)

    assert made.status.token.count(".") == 2
    assert made.spec.expiration_seconds == 3600
