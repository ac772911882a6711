"""Faults over sockets, in real time: connections are really reset and refused."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from support.bodies import config_map
from support.clusters import Served, connected
from support.coroutines import OnLoop, TestLoop
from support.faulty_clusters import faulty_server
from virtslo.base.clock import SystemClock
from virtslo.base.errors import ConnectionLost, ServerFailure, TooManyRequests
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import KubeApi
from virtslo.sim.http.certificates import make_certificates
from virtslo.sim.http.server import HttpServer

LONG = 600.0
END = b"0\r\n\r\n"
"""The last chunk of an answer that was ended properly."""


@asynccontextmanager
async def _served(*faults: str) -> AsyncIterator[Served]:
    async with faulty_server(SystemClock(), faults) as server:
        certificates = make_certificates()
        http = HttpServer(server, certificates)
        url = await http.start(0)
        try:
            async with asyncio.timeout(LONG):
                yield Served(server, url, http.token, certificates, http)
        finally:
            await http.stop()


@pytest.fixture
def there(request: pytest.FixtureRequest) -> OnLoop[Served]:
    """An API server on a loopback socket, under the faults of the mark `faults`."""
    mark = request.node.get_closest_marker("faults")
    return OnLoop(lambda _: _served(*mark.args), needs_sockets=True)


@pytest.fixture
def api(there: OnLoop[Served]) -> OnLoop[KubeApi]:
    """A connection to it."""

    @asynccontextmanager
    async def connect(loop: TestLoop) -> AsyncIterator[KubeApi]:
        async with connected(await loop.open(there)) as opened:
            yield opened

    return OnLoop(connect, needs_sockets=True)


async def _cut_watch(there: Served, version: str) -> bytes:
    """What a bare socket gets of a watch until its connection breaks."""
    port = int(there.url.rpartition(":")[2])
    context = ssl.create_default_context(cadata=there.certificates.ca_pem.decode())
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    path = f"/api/v1/configmaps?watch=true&resourceVersion={version}"
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {there.token}\r\n\r\n"
    writer.write(head.encode())
    read = b""
    try:
        while chunk := await reader.read(4096):
            read += chunk
    except ConnectionError:
        pass
    finally:
        writer.close()
    return read


async def _until_it_answers(api: KubeApi) -> None:
    while True:
        try:
            await api.read_raw("/readyz")
        except ConnectionLost:
            await asyncio.sleep(0.05)
        else:
            return


@pytest.mark.faults("api-server-restart:at=1s,for=2s")
async def test_a_restart_resets_what_is_open_refuses_the_rest_and_keeps_the_data(
    api: KubeApi, there: Served
) -> None:
    made = await api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
    version = made["metadata"]["resourceVersion"]
    assert not (await _cut_watch(there, version)).endswith(END)
    with pytest.raises(ConnectionLost):
        await api.get(resources.CONFIG_MAPS, "a", namespace="default")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(there.url.rpartition(":")[2]))
    await _until_it_answers(api)
    found = await api.get(resources.CONFIG_MAPS, "a", namespace="default")
    assert found == made


@pytest.mark.faults("latency:rate=1,delay=20s,for=1s", "api-server-restart:at=1s,for=1s")
async def test_a_request_under_way_is_reset_by_a_restart(api: KubeApi, there: Served) -> None:
    await asyncio.sleep(0.1)
    with pytest.raises(ConnectionLost):
        await api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
    await _until_it_answers(api)
    assert not there.server.store.collection(resources.CONFIG_MAPS).objects


@pytest.mark.faults("dropped-watches:at=1s")
async def test_watches_are_reset_though_nobody_asks_anything(there: Served) -> None:
    read = await _cut_watch(there, "1")
    assert read.startswith(b"HTTP/1.1 200")
    assert not read.endswith(END)
    assert not there.server.hub.watchers()


@pytest.mark.parametrize("served", [0, 1])
async def test_a_connection_is_reset_under_a_request(served: int) -> None:
    async with (
        _served(f"connection-reset:rate=1,served={served}") as there,
        connected(there) as api,
    ):
        await asyncio.sleep(0.1)
        with pytest.raises(ConnectionLost):
            await api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
        assert len(there.server.store.collection(resources.CONFIG_MAPS).objects) == served


@pytest.mark.faults("too-many-requests:rate=1,retry=3s")
async def test_too_many_requests_comes_with_retry_after(api: KubeApi) -> None:
    await asyncio.sleep(0.1)
    with pytest.raises(TooManyRequests) as caught:
        await api.get(resources.NAMESPACES, "default")
    assert caught.value.retry_after_seconds == 3


@pytest.mark.faults("server-error:rate=1,code=503")
async def test_a_server_error_comes_with_its_code(api: KubeApi) -> None:
    await asyncio.sleep(0.1)
    with pytest.raises(ServerFailure) as caught:
        await api.get(resources.NAMESPACES, "default")
    assert caught.value.code == 503


@pytest.mark.faults("stalled-watches:at=0s,for=2s")
async def test_a_stalled_watch_delivers_afterwards(api: KubeApi) -> None:
    await asyncio.sleep(0.1)
    async with api.watch(resources.CONFIG_MAPS, resource_version="1") as events:
        made = await api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
        coming = asyncio.ensure_future(anext(events))
        done, _ = await asyncio.wait([coming], timeout=0.5)
        assert not done
        assert (await coming).object == made
