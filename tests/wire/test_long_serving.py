"""What a server keeps of requests, connections and watches that come and go over sockets: nothing.

Counted, not weighed, as in `tests/simulated/test_soak.py`, which goes past HTTP. The objects stay
the same ones and the requests too, so that what has a bound (encoded objects, parsed names) is full
after the first rounds.
"""

import asyncio
import gc
import sys
from asyncio import sslproto
from dataclasses import dataclass

import pytest

from support.bodies import config_map
from support.clusters import Served, connected, served
from virtslo.base.errors import ApiError
from virtslo.base.tls_buffer import TLS_BUFFER_BYTES
from virtslo.model.kubernetes.resources import CONFIG_MAPS
from virtslo.ports.kube_api import KubeApi, PatchType

OBJECTS = 5
WATCHES = 60
UNREAD = 3
"""Every third watch is left without having been read."""
REQUESTS = 100
TRIES = 6000
"""Looks at whether connections have ended; only what hangs ends here."""
ROUNDS = 6
FIRST = 2
"""The first round whose end is compared with the last one's."""

MOST_BLOCKS = 5
"""More blocks of memory for each watch there was: fewer than a watch has."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is after a round."""

    watches: int
    connections: int
    series: int
    """Lines of the server's metrics."""
    timers: int
    tracked: int
    """Objects of the process that the collector knows."""
    blocks: int
    """Blocks of memory that Python has given out."""


async def ask(api: KubeApi, number: int) -> None:
    """Requests that succeed, and as many that fail."""
    name = f"map-{number % OBJECTS}"
    await api.get(CONFIG_MAPS, name, namespace="default")
    await api.list_objects(CONFIG_MAPS, limit=2)
    with pytest.raises(ApiError):
        await api.create(CONFIG_MAPS, config_map(name, key="a"))
    with pytest.raises(ApiError):
        await api.get(CONFIG_MAPS, "there-is-none", namespace="default")
    with pytest.raises(ApiError):
        await api.read_raw(f"/no/such/path/{number}")


async def follow(api: KubeApi, number: int, opened: asyncio.Semaphore, end: asyncio.Event) -> None:
    """Open a watch; read what comes, or nothing; and leave it."""
    async with api.watch(CONFIG_MAPS) as events:
        opened.release()
        if number % UNREAD == 0:
            await end.wait()
            return
        async for event in events:
            if event.object["metadata"]["name"] == "map-0":
                return


async def come_and_go(there: Served, number: int) -> None:
    """One round, on connections of its own."""
    opened, end = asyncio.Semaphore(0), asyncio.Event()
    async with connected(there) as api, asyncio.TaskGroup() as group:
        for index in range(WATCHES):
            group.create_task(follow(api, index, opened, end))
        for _ in range(WATCHES):
            await opened.acquire()
        for index in range(REQUESTS):
            await ask(api, index)
        for index in reversed(range(OBJECTS)):
            change = {"data": {"round": str(number)}}
            await api.patch(
                CONFIG_MAPS,
                f"map-{index}",
                change,
                patch_type=PatchType.MERGE,
                namespace="default",
            )
        end.set()


async def kept(there: Served) -> Kept:
    async with connected(there) as api:
        text = await api.read_raw("/metrics")
    for _ in range(TRIES):
        if not there.http.open_connections:
            break
        await asyncio.sleep(0.01)
    gc.collect()
    return Kept(
        watches=len(there.server.hub.watchers()),
        connections=there.http.open_connections,
        series=len(text.splitlines()),
        timers=len(getattr(asyncio.get_running_loop(), "_scheduled", ())),
        tracked=len(gc.get_objects()),
        blocks=sys.getallocatedblocks(),
    )


@pytest.mark.slow
async def test_what_is_kept_stays_the_same_over_sockets() -> None:
    seen: list[Kept] = []
    async with served(log_size=10) as there:
        async with connected(there) as api:
            for index in range(OBJECTS):
                await api.create(CONFIG_MAPS, config_map(f"map-{index}", key="a"))
        for number in range(ROUNDS):
            await come_and_go(there, number)
            seen.append(await kept(there))

    first, last = seen[FIRST], seen[-1]
    watches = WATCHES * (ROUNDS - 1 - FIRST)
    assert {(each.watches, each.connections) for each in seen} == {(0, 0)}
    assert first.series == last.series
    assert last.timers <= first.timers
    assert last.tracked - first.tracked < watches
    assert last.blocks - first.blocks < watches * MOST_BLOCKS


async def test_what_asyncio_keeps_for_each_connection_of_a_server_is_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A watch sends one request and reads no more: with asyncio's own buffer it is 256 KiB."""
    monkeypatch.setattr(sslproto.SSLProtocol, "max_size", 256 * 1024)
    async with served():
        assert sslproto.SSLProtocol.max_size == TLS_BUFFER_BYTES
