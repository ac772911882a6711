"""Requests say what the API port was asked, byte for byte."""

import msgspec
import pytest

from virtslo.base.errors import BadRequest
from virtslo.kube import requests
from virtslo.model.resources import NODES, PODS, VMIS
from virtslo.ports.kube_api import PatchType, Selection

VMI = "/apis/kubevirt.io/v1/namespaces/here/virtualmachineinstances"


def test_a_creation_posts_to_the_namespace_of_the_body() -> None:
    body = {"metadata": {"name": "one", "namespace": "here"}}

    request = requests.create_request(
        VMIS, body, namespace=None, name=None, subresource=None, dry_run=False
    )

    assert (request.method, request.path, request.query) == ("POST", VMI, {})
    assert msgspec.json.decode(request.body or b"") == body
    assert request.headers["Content-Type"] == "application/json"


def test_a_dry_run_says_so() -> None:
    request = requests.create_request(
        VMIS, {}, namespace="here", name=None, subresource=None, dry_run=True
    )

    assert request.query == {"dryRun": "All"}


def test_a_subresource_is_created_below_its_object() -> None:
    request = requests.create_request(
        PODS, {}, namespace="here", name="one", subresource="binding", dry_run=False
    )

    assert request.path == "/api/v1/namespaces/here/pods/one/binding"


def test_names_cannot_leave_their_segment() -> None:
    request = requests.get_request(VMIS, "../../x", namespace="a/b", subresource=None)

    assert request.path == (
        "/apis/kubevirt.io/v1/namespaces/a%2Fb/virtualmachineinstances/..%2F..%2Fx"
    )


def test_an_update_is_named_by_its_own_metadata() -> None:
    body = {"metadata": {"name": "one", "namespace": "here"}}

    request = requests.update_request(VMIS, body, subresource="status")

    assert (request.method, request.path) == ("PUT", f"{VMI}/one/status")


def test_an_update_without_a_name_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"metadata\.name"):
        requests.update_request(VMIS, {"metadata": {}}, subresource=None)


@pytest.mark.parametrize("patch_type", list(PatchType))
def test_a_patch_has_its_media_type(patch_type: PatchType) -> None:
    request = requests.patch_request(
        VMIS, "one", {}, patch_type=patch_type, namespace="here", subresource=None
    )

    assert request.headers["Content-Type"] == patch_type.value
    assert ("fieldManager" in request.query) == (patch_type is PatchType.APPLY)


def test_a_deletion_without_options_has_no_body() -> None:
    request = requests.delete_request(
        NODES,
        "one",
        namespace=None,
        grace_period_seconds=None,
        propagation=None,
        uid=None,
    )

    assert (request.path, request.body) == ("/api/v1/nodes/one", None)


def test_a_deletion_carries_its_options_in_the_body() -> None:
    request = requests.delete_request(
        VMIS,
        "one",
        namespace="here",
        grace_period_seconds=0,
        propagation="Background",
        uid="u",
    )

    assert msgspec.json.decode(request.body or b"") == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "propagationPolicy": "Background",
        "preconditions": {"uid": "u"},
    }


def test_a_collection_is_deleted_as_selected() -> None:
    request = requests.delete_objects_request(
        VMIS,
        Selection(namespace="here", label_selector="a=b"),
        grace_period_seconds=None,
        propagation=None,
    )

    assert (request.method, request.path) == ("DELETE", VMI)
    assert request.query == {"labelSelector": "a=b"}


def test_a_page_names_where_it_goes_on() -> None:
    request = requests.list_request(
        VMIS,
        Selection(field_selector="metadata.name=x"),
        limit=5,
        continue_token="abc",
        resource_version="7",
        resource_version_match="Exact",
    )

    assert request.path == "/apis/kubevirt.io/v1/virtualmachineinstances"
    assert request.query == {
        "fieldSelector": "metadata.name=x",
        "limit": "5",
        "continue": "abc",
        "resourceVersion": "7",
        "resourceVersionMatch": "Exact",
    }


def test_a_watch_with_initial_events_states_the_match_it_needs() -> None:
    request = requests.watch_request(
        VMIS,
        Selection(namespace="here"),
        resource_version=None,
        timeout_seconds=60,
        bookmarks=True,
        send_initial_events=True,
    )

    assert request.query == {
        "watch": "true",
        "timeoutSeconds": "60",
        "allowWatchBookmarks": "true",
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
    }


def test_a_raw_path_is_taken_as_it_is() -> None:
    request = requests.raw_request("/metrics", {"a": "b"})

    assert (request.method, request.path, request.query) == ("GET", "/metrics", {"a": "b"})
