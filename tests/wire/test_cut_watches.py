"""A watch that is cut is told apart from one that ends, over sockets, in real time."""

import asyncio
from collections.abc import Sequence

import pytest

from support.bodies import config_map
from support.clusters import Served, connected
from support.faulty_clusters import faulty_server
from virtslo.base.clock import SystemClock
from virtslo.base.errors import ConnectionLost
from virtslo.client.reflector import Reflector
from virtslo.kube.connector import Endpoint
from virtslo.kube.http_transport import open_api
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import WatchEvent
from virtslo.sim.http.certificates import make_certificates
from virtslo.sim.http.server import HttpServer

LINE = b'{"type":"ADDED","object":{"metadata":{"name":"one","uid":"1","resourceVersion":"2"}}}\n'
CHUNK = b"%x\r\n%s\r\n" % (len(LINE), LINE)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


async def names_until_the_end(answer: bytes) -> list[str]:
    """What a watch gives whose server sends these bytes and then closes the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.close()
        await writer.wait_closed()
        is_closed.set()

    is_closed = asyncio.Event()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        async with (
            open_api(Endpoint(f"http://127.0.0.1:{port}", "test/1"), SystemClock()) as api,
            api.watch(resources.CONFIG_MAPS, resource_version="1") as events,
        ):
            try:
                return [event.object["metadata"]["name"] async for event in events]
            finally:
                await is_closed.wait()


def test_a_stream_that_ends_with_its_last_chunk_ends() -> None:
    assert asyncio.run(names_until_the_end(HEAD + CHUNK + b"0\r\n\r\n")) == ["one"]


@pytest.mark.parametrize(
    "answer",
    [HEAD + CHUNK, HEAD + CHUNK + CHUNK[:20]],
    ids=["between_chunks", "within_a_chunk"],
)
def test_a_stream_that_is_closed_before_its_last_chunk_is_lost(answer: bytes) -> None:
    with pytest.raises(ConnectionLost, match="within the answer"):
        asyncio.run(names_until_the_end(answer))


class Seen:
    """A handler that remembers."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.breaks: list[str] = []
        self.lists = 0
        self.all_ten = asyncio.Event()

    def listed(self, objects: Sequence[Object], received_ns: int, relist: bool) -> None:
        self.lists += 1

    def changed(self, event: WatchEvent) -> None:
        self.names.append(event.object["metadata"]["name"])
        if len(self.names) == 10:
            self.all_ten.set()

    def bookmark(self, received_ns: int) -> None:
        return

    def lost(self, reason: str) -> None:
        self.breaks.append(reason)


async def follow(seen: Seen, *faults: str, end_watches: bool = False) -> int:
    """Follow ten creations, one every 0.3 s; how often the watch was resumed as a broken one."""
    async with faulty_server(SystemClock(), faults) as server:
        certificates = make_certificates()
        http = HttpServer(server, certificates)
        there = Served(server, await http.start(0), http.token, certificates, http)
        try:
            async with connected(there) as api, connected(there) as writer:
                reflector = Reflector(api, resources.CONFIG_MAPS, handler=seen, clock=SystemClock())
                task = asyncio.ensure_future(reflector.run())
                await reflector.synced.wait()
                for index in range(10):
                    await asyncio.sleep(0.3)
                    body = config_map(f"map-{index}")
                    await writer.create(resources.CONFIG_MAPS, body, namespace="default")
                    if end_watches and index == 5:
                        for watcher in server.hub.watchers():
                            server.close_watch(watcher)
                async with asyncio.timeout(600):
                    await seen.all_ten.wait()
                task.cancel()
                await asyncio.wait([task])
        finally:
            await http.stop()
    return reflector.resumed


def test_who_follows_a_collection_is_told_of_a_cut_and_misses_nothing() -> None:
    seen = Seen()

    resumed = asyncio.run(follow(seen, "dropped-watches:at=2s"))

    assert resumed == 1
    assert len(seen.breaks) == 1
    assert seen.names == [f"map-{index}" for index in range(10)]
    assert seen.lists == 1


def test_who_follows_a_collection_is_not_told_of_a_clean_end() -> None:
    seen = Seen()

    resumed = asyncio.run(follow(seen, end_watches=True))

    assert resumed == 0
    assert seen.breaks == []
    assert seen.names == [f"map-{index}" for index in range(10)]
