"""Pages follow each other by their tokens, and an expired token is told."""

import asyncio

import pytest

from support.scripted_transport import ScriptedTransport
from virtslo.base.errors import ResourceExpired
from virtslo.client.paging import PAGE_SIZE, list_all
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import PODS
from virtslo.ports.kube_api import Call, KubeApi, Selection

HERE = Selection(namespace="here", label_selector="a=b")


def _page(names: list[str], token: str | None) -> Object:
    items = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}} for name in names]
    return {"metadata": {"resourceVersion": "1", "continue": token}, "items": items}


def listed(script: list[Object | Exception]) -> tuple[list[str], list[Call]]:
    async def main() -> tuple[list[str], list[Call]]:
        async def answer(_: Call) -> Object:
            page = script.pop(0)
            if isinstance(page, Exception):
                raise page
            return page

        transport = ScriptedTransport(answer)
        found = await list_all(KubeApi(transport), PODS, HERE)
        return [item["metadata"]["name"] for item in found], transport.calls

    return asyncio.run(main())


def test_every_page_is_read_with_the_token_of_the_one_before() -> None:
    names, calls = listed([_page(["a", "b"], "next"), _page([], "last"), _page(["c"], None)])

    assert names == ["a", "b", "c"]
    limit = str(PAGE_SIZE)
    assert [call.query for call in calls] == [
        {"limit": limit},
        {"limit": limit, "continue": "next"},
        {"limit": limit, "continue": "last"},
    ]
    assert {call.selection for call in calls} == {HERE}


def test_an_empty_collection_is_one_page() -> None:
    names, calls = listed([_page([], None)])

    assert (names, len(calls)) == ([], 1)


def test_a_token_that_expired_is_raised_and_not_skipped() -> None:
    with pytest.raises(ResourceExpired):
        listed([_page(["a"], "next"), ResourceExpired("too old")])
