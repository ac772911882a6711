"""The HTTP client against servers that misbehave: nothing of the network's escapes."""

import asyncio
from collections.abc import Awaitable, Callable

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
from virtslo.model.resources import VMIS
from virtslo.ports.kube_api import KubeApi

Answer = Callable[[bytes], bytes | None]


def against(answer: Answer, test: Callable[[KubeApi], Awaitable[None]]) -> list[bytes]:
    """Run a test against a server that answers each request's head with these bytes, then closes;
    the heads it was sent."""
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

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        endpoint = Endpoint(url=f"http://127.0.0.1:{port}", user_agent="me/1")
        try:
            async with open_api(endpoint, SystemClock()) as api:
                await test(api)
        finally:
            server.close()
            await server.wait_closed()

    asyncio.run(main())
    return heads


def reply(body: bytes, *, status: str = "200 OK", headers: str = "", length: int = -1) -> bytes:
    size = len(body) if length < 0 else length
    head = f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}\r\n"
    return head.encode() + body


def test_a_connection_that_closes_before_the_answer_is_lost_and_not_tried_again() -> None:
    async def test(api: KubeApi) -> None:
        with pytest.raises(ConnectionLost, match=r"127\.0\.0\.1:\d+") as told:
            await api.get(VMIS, "one", namespace="here")
        assert "GET /apis/kubevirt.io/v1/namespaces/here" in told.value.message

    heads = against(lambda _: None, test)

    assert len(heads) == 1


def test_an_answer_that_is_cut_is_lost() -> None:
    async def test(api: KubeApi) -> None:
        with pytest.raises(ConnectionLost, match="closed within the answer"):
            await api.get(VMIS, "one", namespace="here")

    against(lambda _: reply(b"{}", length=100), test)


def test_a_port_where_nobody_listens_is_lost() -> None:
    async def main() -> None:
        endpoint = Endpoint(url="http://127.0.0.1:1", user_agent="me/1")
        async with open_api(endpoint, SystemClock()) as api:
            with pytest.raises(ConnectionLost, match=r"127\.0\.0\.1:1"):
                await api.read_raw("/version")

    asyncio.run(main())


def test_an_answer_that_is_no_http_is_lost() -> None:
    async def test(api: KubeApi) -> None:
        with pytest.raises(ConnectionLost):
            await api.read_raw("/version")

    against(lambda _: b"\x16\x03\x01 nonsense\r\n\r\n", test)


def test_a_proxy_that_answers_in_html_is_told_with_its_code() -> None:
    async def test(api: KubeApi) -> None:
        with pytest.raises(ClusterError, match="HTTP 502: <html>"):
            await api.get(VMIS, "one", namespace="here")

    against(lambda _: reply(b"<html>", status="502 Bad Gateway"), test)


def test_a_redirection_is_not_followed() -> None:
    async def test(api: KubeApi) -> None:
        with pytest.raises(ClusterError):
            await api.get(VMIS, "one", namespace="here")

    heads = against(
        lambda _: reply(b"", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n"), test
    )

    assert len(heads) == 1


def test_a_refusal_says_when_to_come_back() -> None:
    async def test(api: KubeApi) -> None:
        with pytest.raises(TooManyRequests) as refused:
            await api.create(VMIS, {"metadata": {"name": "one"}}, namespace="here")
        assert refused.value.retry_after_seconds == 2

    against(lambda _: reply(b"", status="429 Slow", headers="Retry-After: 2\r\n"), test)


def test_requests_say_who_asks_and_what_they_accept() -> None:
    async def test(api: KubeApi) -> None:
        assert await api.get(VMIS, "one", namespace="here") == {"kind": "x"}

    (head,) = against(lambda _: reply(b'{"kind":"x"}'), test)

    assert b"User-Agent: me/1" in head
    assert b"Accept: application/json" in head
    assert b"Accept-Encoding: identity" in head


def test_a_watch_that_is_cut_within_a_chunk_is_lost() -> None:
    async def test(api: KubeApi) -> None:
        with pytest.raises(ConnectionLost, match="within the answer"):
            async with api.watch(VMIS) as events:
                _ = [event async for event in events]

    line = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1"}}}\n'
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    against(lambda _: head + b"%x\r\n%s\r\nff\r\n{" % (len(line), line), test)


def test_an_error_within_a_watch_is_raised() -> None:
    async def test(api: KubeApi) -> None:
        with pytest.raises(ResourceExpired):
            async with api.watch(VMIS, resource_version="1") as events:
                await anext(events)

    status = b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n'
    against(lambda _: reply(status), test)


def test_a_watch_that_is_refused_is_refused_on_entry() -> None:
    async def test(api: KubeApi) -> None:
        with pytest.raises(NotFound):
            async with api.watch(VMIS):
                pytest.fail("the watch was not refused")

    against(lambda _: reply(b"", status="404 Not Found"), test)


def test_a_connection_that_is_closed_says_so() -> None:
    async def test(api: KubeApi) -> None:
        transport = api.transport
        assert isinstance(transport, HttpTransport)
        await transport.__aexit__(None, None, None)
        with pytest.raises(ClusterError, match="the connection is closed"):
            await api.read_raw("/version")

    against(lambda _: None, test)
