"""The HTTP client against servers that misbehave: nothing of the network's escapes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from virtslo.base.clock import SystemClock
from virtslo.base.errors import (
    ClusterError,
    ConnectionLost,
    NotFound,
    ResourceExpired,
    TooManyRequests,
)
from virtslo.kube.connector import Endpoint
from virtslo.kube.http_transport import HttpTransport, open_api
from virtslo.model.kubernetes.resources import VMIS
from virtslo.ports.kube_api import KubeApi

pytestmark = pytest.mark.sockets
Answer = Callable[[bytes], bytes | None]


@asynccontextmanager
async def against(answer: Answer) -> AsyncIterator[tuple[KubeApi, list[bytes]]]:
    """A connection to a server that answers each request's head with these bytes, then closes;
    and the heads it was sent."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            reply = answer(heads[-1])
            if reply is not None:
                writer.write(reply)
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    endpoint = Endpoint(url=f"http://127.0.0.1:{port}", user_agent="me/1")
    try:
        async with open_api(endpoint, SystemClock()) as api:
            yield api, heads
    finally:
        server.close()
        await server.wait_closed()


def reply(body: bytes, *, status: str = "200 OK", headers: str = "", length: int = -1) -> bytes:
    size = len(body) if length < 0 else length
    head = f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}\r\n"
    return head.encode() + body


async def test_a_connection_that_closes_before_the_answer_is_lost_and_not_tried_again() -> None:
    async with against(lambda _: None) as (api, heads):
        with pytest.raises(ConnectionLost, match=r"127\.0\.0\.1:\d+") as told:
            await api.get(VMIS, "one", namespace="here")
        assert "GET /apis/kubevirt.io/v1/namespaces/here" in told.value.message

    assert len(heads) == 1


async def test_an_answer_that_is_cut_is_lost() -> None:
    async with against(lambda _: reply(b"{}", length=100)) as (api, _):
        with pytest.raises(ConnectionLost, match="closed within the answer"):
            await api.get(VMIS, "one", namespace="here")


@pytest.mark.sockets
async def test_a_port_where_nobody_listens_is_lost() -> None:
    endpoint = Endpoint(url="http://127.0.0.1:1", user_agent="me/1")
    async with open_api(endpoint, SystemClock()) as api:
        with pytest.raises(ConnectionLost, match=r"127\.0\.0\.1:1"):
            await api.read_raw("/version")


async def test_an_answer_that_is_no_http_is_lost() -> None:
    async with against(lambda _: b"\x16\x03\x01 nonsense\r\n\r\n") as (api, _):
        with pytest.raises(ConnectionLost):
            await api.read_raw("/version")


async def test_a_proxy_that_answers_in_html_is_told_with_its_code() -> None:
    async with against(lambda _: reply(b"<html>", status="502 Bad Gateway")) as (api, _):
        with pytest.raises(ClusterError, match="HTTP 502: <html>"):
            await api.get(VMIS, "one", namespace="here")


async def test_a_redirection_is_not_followed() -> None:
    async with against(
        lambda _: reply(b"", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n")
    ) as (api, heads):
        with pytest.raises(ClusterError):
            await api.get(VMIS, "one", namespace="here")

    assert len(heads) == 1


async def test_a_refusal_says_when_to_come_back() -> None:
    async with against(lambda _: reply(b"", status="429 Slow", headers="Retry-After: 2\r\n")) as (
        api,
        _,
    ):
        with pytest.raises(TooManyRequests) as refused:
            await api.create(VMIS, {"metadata": {"name": "one"}}, namespace="here")
        assert refused.value.retry_after_seconds == 2


async def test_requests_say_who_asks_and_what_they_accept() -> None:
    async with against(lambda _: reply(b'{"kind":"x"}')) as (api, heads):
        assert await api.get(VMIS, "one", namespace="here") == {"kind": "x"}
    (head,) = heads

    assert b"User-Agent: me/1" in head
    assert b"Accept: application/json" in head
    assert b"Accept-Encoding: identity" in head


async def test_a_watch_that_is_cut_within_a_chunk_is_lost() -> None:
    line = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1"}}}\n'
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with against(lambda _: head + b"%x\r\n%s\r\nff\r\n{" % (len(line), line)) as (api, _):
        with pytest.raises(ConnectionLost, match="within the answer"):
            async with api.watch(VMIS) as events:
                _ = [event async for event in events]


async def test_an_error_within_a_watch_is_raised() -> None:
    status = b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n'
    async with against(lambda _: reply(status)) as (api, _):
        with pytest.raises(ResourceExpired):
            async with api.watch(VMIS, resource_version="1") as events:
                await anext(events)


async def test_a_watch_that_is_refused_is_refused_on_entry() -> None:
    async with against(lambda _: reply(b"", status="404 Not Found")) as (api, _):
        with pytest.raises(NotFound):
            async with api.watch(VMIS):
                pytest.fail("the watch was not refused")


async def test_a_connection_that_is_closed_says_so() -> None:
    async with against(lambda _: None) as (api, _):
        transport = api.transport
        assert isinstance(transport, HttpTransport)
        await transport.__aexit__(None, None, None)
        with pytest.raises(ClusterError, match="the connection is closed"):
            await api.read_raw("/version")
