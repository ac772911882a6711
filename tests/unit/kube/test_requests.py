"""HTTP requests say what a call says, byte for byte."""

import msgspec
import pytest

from virtslo.kube.requests import raw_request, request_of
from virtslo.model.kubernetes.resources import NODES, PODS, VMIS
from virtslo.ports.kube_api import Call, PatchType, Selection

VMI = "/apis/kubevirt.io/v1/namespaces/here/virtualmachineinstances"


def test_a_creation_posts_its_body_to_the_namespace() -> None:
    body = {"metadata": {"name": "one", "namespace": "here"}}

    request = request_of(Call("create", VMIS, "here", body=body, query={"dryRun": "All"}))

    assert (request.method, request.path, request.query) == ("POST", VMI, {"dryRun": "All"})
    assert msgspec.json.decode(request.body or b"") == body
    assert request.headers["Content-Type"] == "application/json"


def test_a_subresource_is_created_below_its_object() -> None:
    request = request_of(Call("create", PODS, "here", "one", "binding", {}))

    assert request.path == "/api/v1/namespaces/here/pods/one/binding"


def test_names_cannot_leave_their_segment() -> None:
    request = request_of(Call("get", VMIS, "a/b", "../../x"))

    assert request.path == (
        "/apis/kubevirt.io/v1/namespaces/a%2Fb/virtualmachineinstances/..%2F..%2Fx"
    )


def test_an_update_is_put_at_its_object() -> None:
    request = request_of(Call("update", VMIS, "here", "one", "status", {}))

    assert (request.method, request.path) == ("PUT", f"{VMI}/one/status")


@pytest.mark.parametrize("patch_type", list(PatchType))
def test_a_patch_has_its_media_type(patch_type: PatchType) -> None:
    request = request_of(Call("patch", VMIS, "here", "one", body={}, patch_type=patch_type))

    assert (request.method, request.body) == ("PATCH", b"{}")
    assert request.headers["Content-Type"] == patch_type.value


def test_a_deletion_without_options_has_no_body() -> None:
    request = request_of(Call("delete", NODES, name="one"))

    assert (request.method, request.path, request.body) == ("DELETE", "/api/v1/nodes/one", None)
    assert "Content-Type" not in request.headers


def test_a_collection_is_deleted_as_selected() -> None:
    selection = Selection(namespace="here", label_selector="a=b")

    request = request_of(Call("deletecollection", VMIS, "here", selection=selection))

    assert (request.method, request.path) == ("DELETE", VMI)
    assert request.query == {"labelSelector": "a=b"}


def test_a_list_has_its_selectors_and_then_its_parameters() -> None:
    selection = Selection(field_selector="metadata.name=x")

    request = request_of(Call("list", VMIS, selection=selection, query={"limit": "5"}))

    assert (request.method, request.path) == (
        "GET",
        "/apis/kubevirt.io/v1/virtualmachineinstances",
    )
    assert list(request.query.items()) == [("fieldSelector", "metadata.name=x"), ("limit", "5")]


def test_a_watch_is_a_list_that_says_so_first() -> None:
    request = request_of(Call("watch", VMIS, "here", query={"timeoutSeconds": "60"}))

    assert list(request.query.items()) == [("watch", "true"), ("timeoutSeconds", "60")]


def test_a_raw_path_is_taken_as_it_is() -> None:
    request = raw_request("/metrics", {"a": "b"})

    assert (request.method, request.path, request.query) == ("GET", "/metrics", {"a": "b"})
