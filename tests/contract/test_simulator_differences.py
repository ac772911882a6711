"""Where the simulated API server differs from a real one, each difference marked by a test.

docs/explanation/simulator.md names these tests; a difference that is healed fails its test here and
is struck from that page.
"""

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.bodies import config_map
from support.clusters import Cluster, in_process
from support.raw_api import APPLY, RawApi, simulated_api
from virtslo.base.clock import Clock
from virtslo.model.kubernetes.resources import CONFIG_MAPS

HOURS = 3 * 3600


@pytest.fixture(scope="module")
def api() -> Iterator[RawApi]:
    with simulated_api() as found:
        yield found


@pytest.fixture
def space(api: RawApi) -> str:
    body = {"metadata": {"generateName": "differences-"}}
    name: str = api.call("POST", "/api/v1/namespaces", body).document["metadata"]["name"]
    return name


def pod(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "a", "image": "x"}]}}


def test_no_node_has_rights_of_its_own(api: RawApi) -> None:
    attributes = {"verb": "get", "resource": "nodes", "name": "a"}
    who = {"user": "system:node:a", "groups": ["system:nodes", "system:authenticated"]}
    spec = {**who, "resourceAttributes": attributes}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

    assert api.call("POST", path, {"spec": spec}).document["status"] == {"allowed": False}


@pytest.mark.parametrize(
    "path",
    [
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
        "/apis/events.k8s.io/v1/events",
    ],
)
def test_kinds_that_these_tests_do_not_need_are_not_served(api: RawApi, path: str) -> None:
    assert api.call("GET", path).code == 404


def test_what_others_create_is_kept_and_not_acted_on(api: RawApi, space: str) -> None:
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": []}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": pod}
    base = f"/apis/apps/v1/namespaces/{space}/deployments"

    made = api.call("POST", base, {"metadata": {"name": "one"}, "spec": spec})

    assert made.code == 201, "a real server refuses a template without containers"
    assert "status" not in api.call("GET", f"{base}/one").document


def test_no_flow_schema_is_named_in_answers(api: RawApi) -> None:
    headers = api.call("GET", "/api/v1/nodes").headers

    assert not [name for name in headers if name.lower().startswith("x-kubernetes-pf")]


def test_a_kind_that_a_cluster_is_taught_is_stored_and_not_served(api: RawApi) -> None:
    names = {"plural": "things", "singular": "thing", "kind": "Thing"}
    version = {"name": "v1", "served": True, "storage": True}
    spec = {
        "group": "example.com",
        "names": names,
        "scope": "Namespaced",
        "versions": [version],
    }
    body = {"metadata": {"name": "things.example.com"}, "spec": spec}
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

    made = api.call("POST", path, body)

    assert made.code == 201
    assert api.call("GET", "/apis/example.com/v1/things").code == 404


def test_nobody_owns_fields_before_the_first_apply(api: RawApi, space: str) -> None:
    path = f"/api/v1/namespaces/{space}/configmaps"
    body = {"metadata": {"name": "one"}, "data": {"a": "b"}}

    made = api.call("POST", path, body, fieldManager="maker").document
    config = {"apiVersion": "v1", "kind": "ConfigMap", **body, "data": {"a": "c"}}
    answer = api.call("PATCH", f"{path}/one", config, kind=APPLY, fieldManager="me")

    assert "managedFields" not in made["metadata"]
    assert 'conflict with "before-first-apply"' in answer.message


def test_pods_get_no_account_volumes_and_tolerations(api: RawApi, space: str) -> None:
    made = api.call("POST", f"/api/v1/namespaces/{space}/pods", pod("one")).document["spec"]

    assert not {"serviceAccountName", "tolerations", "volumes", "priority"} & made.keys()


def test_fields_that_are_required_or_bounded_are_not_checked_by_schema(
    api: RawApi, space: str
) -> None:
    body = {
        "apiVersion": "instancetype.kubevirt.io/v1beta1",
        "kind": "VirtualMachineInstancetype",
        "metadata": {"name": "one"},
        "spec": {},
    }
    base = f"/apis/instancetype.kubevirt.io/v1beta1/namespaces/{space}"

    assert api.call("POST", f"{base}/virtualmachineinstancetypes", body).code == 201


def test_a_key_that_comes_twice_is_not_reported(api: RawApi, space: str) -> None:
    body = b'{"metadata":{"name":"one"},"data":{"a":"1"},"data":{"a":"2"}}'
    path = f"/api/v1/namespaces/{space}/configmaps"

    answer = api.call("POST", path, body, fieldValidation="Strict")

    assert answer.code == 201
    assert answer.document["data"] == {"a": "2"}


def test_a_wrong_type_is_reported_by_the_schema_not_by_a_webhook(api: RawApi, space: str) -> None:
    body = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "one"},
        "spec": {"domain": {"devices": {}, "cpu": {"cores": "two"}}},
    }
    path = f"/apis/kubevirt.io/v1/namespaces/{space}/virtualmachineinstances"

    answer = api.call("POST", path, body)

    assert answer.code == 422
    assert answer.causes == [("FieldValueTypeInvalid", "spec.domain.cpu.cores")]


@pytest.mark.parametrize(
    "accept",
    ["application/vnd.kubernetes.protobuf", "application/yaml", "application/cbor"],
)
def test_answers_are_json_alone(api: RawApi, accept: str) -> None:
    assert api.call("GET", "/api/v1/nodes", accept=accept).code == 406


def test_pods_are_not_read_from_protobuf(api: RawApi, space: str) -> None:
    kinds = b"\x0a\x02v1\x12\x03Pod"
    body = b"k8s\x00\x0a" + bytes([len(kinds)]) + kinds

    answer = api.call(
        "POST",
        f"/api/v1/namespaces/{space}/pods",
        body,
        kind="application/vnd.kubernetes.protobuf",
    )

    assert answer.code == 415


def test_updates_create_nothing(api: RawApi, space: str) -> None:
    body = {"metadata": {"name": "one"}}
    path = f"/apis/coordination.k8s.io/v1/namespaces/{space}/leases/one"

    assert api.call("PUT", path, body).code == 404


@pytest.mark.parametrize("subresource", ["log", "exec", "attach", "portforward"])
def test_nobody_gets_into_a_pod(api: RawApi, space: str, subresource: str) -> None:
    path = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", path, pod("one"))

    answer = api.call("GET", f"{path}/one/{subresource}")

    assert (answer.code, answer.document["reason"]) == (501, "NotImplemented")
    assert answer.message.startswith(f"pods/{subresource} of one: nothing runs in the pods of a ")
    assert api.call("GET", f"{path}/one/ephemeralcontainers").code == 404


@pytest.mark.parametrize("action", ["freeze", "addvolume", "memorydump", "evacuate/cancel"])
def test_of_the_subresources_what_is_asked_of_guests_and_disks_is_not_served(
    api: RawApi, action: str
) -> None:
    base = "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/one"

    assert api.call("PUT", f"{base}/{action}").code == 404
    assert api.call("PUT", f"{base}/start").code == 503  # no virt-api is at work here


@pytest.mark.parametrize("field", ["instancetype", "preference"])
def test_nothing_is_inferred_from_volumes(api: RawApi, space: str, field: str) -> None:
    vm = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "one"},
        "spec": {
            "runStrategy": "Halted",
            field: {"inferFromVolume": "root"},
            "template": {"spec": {"domain": {"devices": {}}}},
        },
    }

    answer = api.call("POST", f"/apis/kubevirt.io/v1/namespaces/{space}/virtualmachines", vm)

    assert answer.code == 422
    assert answer.message.endswith("infers none from volumes (root): name it")
    (cause,) = answer.document["details"]["causes"]
    assert cause["field"] == f"spec.{field}.inferFromVolume"


def test_tokens_are_signed_with_a_secret_that_nobody_else_can_check(
    api: RawApi, space: str
) -> None:
    path = f"/api/v1/namespaces/{space}/serviceaccounts"
    api.call("POST", path, {"metadata": {"name": "robot"}})
    token = api.call("POST", f"{path}/robot/token", {"spec": {}}).document["status"]["token"]

    header = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    assert header["alg"] == "HS256"
    assert api.call("GET", "/openid/v1/jwks").code == 404


def test_http_2_is_not_spoken(api: RawApi) -> None:
    connection = api._connection()
    connection.connect()
    socket: Any = connection.sock

    assert socket.selected_alpn_protocol() in {None, "http/1.1"}
    connection.close()


async def test_a_watch_without_a_time_never_ends(cluster: Cluster) -> None:
    version = (await cluster.api.list_objects(CONFIG_MAPS)).resource_version
    async with cluster.api.watch(CONFIG_MAPS, resource_version=version, bookmarks=False) as events:
        await asyncio.sleep(HOURS)
        await cluster.api.create(CONFIG_MAPS, config_map("one"))

        assert (await anext(events)).type == "ADDED"


async def test_nothing_survives_the_process(clock: Clock) -> None:
    async with in_process(clock) as cluster:
        await cluster.api.create(CONFIG_MAPS, config_map("one"))

    async with in_process(clock) as cluster:
        assert not (await cluster.api.list_objects(CONFIG_MAPS)).items
