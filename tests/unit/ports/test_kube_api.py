"""Each typed call becomes one `Call` that says all of it, in the API server's own spelling."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from support.scripted_transport import ScriptedTransport, list_object
from virtslo.base.errors import BadRequest, ClusterError
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import NODES, PODS, VMIS
from virtslo.ports.kube_api import (
    Call,
    KubeApi,
    ObjectList,
    PatchType,
    Selection,
    WatchEvent,
)

HERE = Selection(namespace="here", label_selector="a=b")


def sent(use: Callable[[KubeApi], Awaitable[Any]], answer: Object | None = None) -> Call:
    """The one call that a use of the API makes."""

    async def main() -> Call:
        async def answered(_: Call) -> Object:
            return answer or {}

        transport = ScriptedTransport(answered, events=_no_events)
        await use(KubeApi(transport))
        (call,) = transport.calls
        return call

    return asyncio.run(main())


async def _no_events(_: Call) -> AsyncIterator[WatchEvent]:
    async def none() -> AsyncIterator[WatchEvent]:
        return
        yield

    return none()


def test_a_creation_is_in_the_namespace_of_its_body_unless_another_is_given() -> None:
    body = {"metadata": {"name": "one", "namespace": "here"}}

    assert sent(lambda api: api.create(VMIS, body)) == Call("create", VMIS, "here", body=body)
    assert sent(lambda api: api.create(VMIS, body, namespace="there")).namespace == "there"
    assert sent(lambda api: api.create(NODES, body)).namespace is None


def test_a_dry_run_is_a_parameter_of_the_query() -> None:
    call = sent(lambda api: api.create(VMIS, {}, namespace="here", dry_run=True))

    assert call.query == {"dryRun": "All"}


def test_an_update_is_named_by_its_own_metadata() -> None:
    body = {"metadata": {"name": "one", "namespace": "here"}}

    call = sent(lambda api: api.update(VMIS, body, subresource="status"))

    assert call == Call("update", VMIS, "here", "one", "status", body)


@pytest.mark.parametrize("body", [{}, {"metadata": {}}, {"metadata": None}])
def test_an_update_without_a_name_is_refused(body: Object) -> None:
    with pytest.raises(BadRequest, match=r"metadata\.name"):
        sent(lambda api: api.update(VMIS, body))


@pytest.mark.parametrize("patch_type", list(PatchType))
def test_an_apply_alone_is_forced_and_ours(patch_type: PatchType) -> None:
    call = sent(lambda api: api.patch(VMIS, "one", {}, patch_type=patch_type, namespace="here"))

    forced = {"fieldManager": "virtslo", "force": "true"}
    expected = forced if patch_type is PatchType.APPLY else {}
    assert call == Call(
        "patch", VMIS, "here", "one", body={}, patch_type=patch_type, query=expected
    )


def test_options_of_a_deletion_are_its_body_where_there_are_any() -> None:
    plain = sent(lambda api: api.delete(PODS, "one", namespace="here"))
    full = sent(
        lambda api: api.delete(
            PODS,
            "one",
            namespace="here",
            grace_period_seconds=0,
            propagation="Background",
            uid="u",
        )
    )

    assert plain == Call("delete", PODS, "here", "one")
    assert full.body == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "propagationPolicy": "Background",
        "preconditions": {"uid": "u"},
    }


def test_a_collection_is_deleted_as_selected() -> None:
    call = sent(lambda api: api.delete_objects(VMIS, HERE, propagation="Orphan"))

    assert (call.verb, call.namespace, call.selection) == ("deletecollection", "here", HERE)
    assert call.body["propagationPolicy"] == "Orphan"


def test_a_list_says_which_page_at_which_version() -> None:
    call = sent(
        lambda api: api.list_objects(
            VMIS,
            HERE,
            limit=5,
            continue_token="abc",
            resource_version="7",
            resource_version_match="Exact",
        ),
        list_object(),
    )

    assert (call.verb, call.namespace, call.selection) == ("list", "here", HERE)
    assert call.query == {
        "limit": "5",
        "continue": "abc",
        "resourceVersion": "7",
        "resourceVersionMatch": "Exact",
    }


def test_a_watch_with_initial_events_states_the_match_it_needs() -> None:
    async def watch(api: KubeApi) -> None:
        async with api.watch(VMIS, HERE, timeout_seconds=60, send_initial_events=True):
            pass

    call = sent(watch)

    assert (call.verb, call.namespace, call.selection) == ("watch", "here", HERE)
    assert call.query == {
        "timeoutSeconds": "60",
        "allowWatchBookmarks": "true",
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
    }


def _page(answer: Object) -> ObjectList:
    async def main() -> ObjectList:
        async def answered(_: Call) -> Object:
            return answer

        return await KubeApi(ScriptedTransport(answered)).list_objects(PODS)

    return asyncio.run(main())


def test_items_of_a_list_get_the_kind_that_the_server_leaves_out() -> None:
    whole = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "two"}}

    page = _page(
        {
            "kind": "PodList",
            "metadata": {"resourceVersion": "9", "continue": "c", "remainingItemCount": 4},
            "items": [{"metadata": {"name": "one"}}, whole],
        }
    )

    assert page.items[0] == {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}}
    assert page.items[1] is whole
    assert (page.resource_version, page.continue_token, page.remaining) == ("9", "c", 4)


def test_null_items_are_an_empty_list() -> None:
    page = _page({"metadata": {"continue": ""}, "items": None})

    assert (page.items, page.continue_token, page.resource_version) == ((), None, "")


@pytest.mark.parametrize("answer", [{"kind": "Pod"}, {"kind": "Table", "rows": []}, {"a": 1}])
def test_an_answer_without_items_is_no_empty_list(answer: Object) -> None:
    with pytest.raises(ClusterError, match="the list of pods: expected an object with items"):
        _page(answer)
