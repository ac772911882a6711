"""Bodies of subresources whose fields have odd types are refused, and nothing of them is stored."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.bodies import pod
from support.kubevirt_bodies import create, path, vm
from support.raw_api import MERGE, RawApi

_NO_TEXT = [(["a"], "array"), ({"a": "b"}, "object"), (5, "number"), (True, "bool")]


@pytest.fixture
def one(api: RawApi, space: str) -> Iterator[str]:
    """The place of a pod that is bound to no node."""
    pods = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", pods, {**pod("one"), "metadata": {"name": "one"}})
    yield f"{pods}/one"
    api.call("DELETE", f"{pods}/one", {"gracePeriodSeconds": 0})


def _binding(**more: Any) -> dict[str, Any]:
    own = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "one"}}
    return {**own, "target": {"kind": "Node", "name": "node-a"}, **more}


@pytest.mark.parametrize(("name", "found"), _NO_TEXT)
def test_a_node_that_a_pod_is_bound_to_has_a_name(
    api: RawApi, one: str, name: Any, found: str
) -> None:
    answer = api.call("POST", f"{one}/binding", _binding(target={"kind": "Node", "name": name}))

    assert answer.code == 400
    assert f"json: cannot unmarshal {found} into Go struct field" in answer.message
    assert "nodeName" not in api.call("GET", one).document["spec"]


@pytest.mark.parametrize("target", [{}, {"name": None}, {"name": ""}, None])
def test_a_binding_to_no_node_is_an_error(api: RawApi, one: str, target: Any) -> None:
    answer = api.call("POST", f"{one}/binding", _binding(target=target))

    assert answer.code == 500
    assert answer.message == "target.name: Required value"
    assert "nodeName" not in api.call("GET", one).document["spec"]


def test_a_binding_is_to_a_node(api: RawApi, one: str) -> None:
    answer = api.call("POST", f"{one}/binding", _binding(target={"kind": "Pod"}))

    assert answer.code == 500
    assert answer.message == (
        '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", '
        "target.name: Required value]"
    )


@pytest.mark.parametrize("body", ["x", [], {"target": "node-a"}, {"metadata": "one"}])
def test_a_body_that_is_no_binding_is_refused(api: RawApi, one: str, body: Any) -> None:
    sent = _binding(**body) if isinstance(body, dict) else body

    assert api.call("POST", f"{one}/binding", sent).code == 400
    assert "nodeName" not in api.call("GET", one).document["spec"]


@pytest.mark.parametrize(
    ("subresource", "kind"), [("binding", "Binding"), ("eviction", "Eviction")]
)
@pytest.mark.parametrize("metadata", [{"name": "two"}, {}, None])
def test_the_body_of_a_subresource_names_its_object(
    api: RawApi, one: str, subresource: str, kind: str, metadata: Any
) -> None:
    body = {"metadata": metadata, "target": {"name": "node-a"}}

    answer = api.call("POST", f"{one}/{subresource}", body)

    assert answer.code == 400
    assert answer.message == f"name in URL does not match name in {kind} object"
    assert api.call("GET", one).code == 200


@pytest.mark.parametrize("options", ["now", ["now"], [], {"gracePeriodSeconds": "0"}])
def test_the_options_of_an_eviction_have_their_types(api: RawApi, one: str, options: Any) -> None:
    body = {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "one"}}

    answer = api.call("POST", f"{one}/eviction", {**body, "deleteOptions": options})

    assert answer.code == 400
    assert "json: cannot unmarshal" in answer.message
    assert api.call("GET", one).code == 200


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_an_eviction_may_be_of_an_older_version(api: RawApi, one: str, version: str) -> None:
    body = {"kind": "Eviction", "apiVersion": f"policy/{version}", "metadata": {"name": "one"}}

    assert api.call("POST", f"{one}/eviction", body).code == 201
    assert api.call("GET", one).code == 404


@pytest.mark.parametrize(
    "odd",
    [
        {"spec": "x"},
        {"spec": {"replicas": "1"}},
        {"spec": {"replicas": 1.5}},
        {"metadata": "x"},
        {"metadata": ["x"]},
        {"status": "x"},
    ],
)
def test_a_scale_has_its_types(kubevirt: RawApi, space: str, odd: Any) -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": vm()}
    selector = {"matchLabels": {"a": "b"}}
    spec = {"replicas": 0, "selector": selector, "virtualMachineTemplate": template}
    create(kubevirt, space, "VirtualMachinePool", spec)
    place = path(space, "VirtualMachinePool", "one")
    scale = kubevirt.call("GET", f"{place}/scale").document

    answer = kubevirt.call("PUT", f"{place}/scale", {**scale, **odd})

    assert answer.code == 400
    assert kubevirt.call("GET", place).document["spec"]["replicas"] == 0


@pytest.mark.parametrize(
    ("conditions", "found"), [("x", "string"), (["x"], "string"), ([{"type": 5}], "number")]
)
def test_conditions_of_a_status_have_their_types(
    api: RawApi, one: str, conditions: Any, found: str
) -> None:
    patch = {"status": {"conditions": conditions}}

    answer = api.call("PATCH", f"{one}/status", patch, kind=MERGE)

    assert answer.code in {400, 422}
    assert f"json: cannot unmarshal {found} into Go struct field" in answer.message
    assert api.call("POST", f"{one}/binding", _binding()).code == 201


@pytest.mark.parametrize("status", [None, {"conditions": None}, {"conditions": [None]}])
def test_a_pod_whose_status_has_nulls_is_bound(api: RawApi, one: str, status: Any) -> None:
    now = api.call("GET", one).document
    del now["metadata"]["resourceVersion"]  # a real cluster's controllers write pods too

    assert api.call("PUT", f"{one}/status", {**now, "status": status}).code in {200, 422}
    assert api.call("POST", f"{one}/binding", _binding()).code == 201


def test_a_pod_keeps_its_containers(api: RawApi, one: str) -> None:
    answer = api.call("PATCH", one, {"spec": None}, kind=MERGE)

    assert answer.code == 422
    assert "spec.containers" in answer.message
    assert api.call("GET", one).document["spec"]["containers"]


def test_a_new_object_with_null_for_metadata_has_no_name(api: RawApi, space: str) -> None:
    answer = api.call("POST", f"/api/v1/namespaces/{space}/configmaps", {"metadata": None})

    assert answer.code == 422
    assert "name or generateName is required" in answer.message
