"""Events of a watch, handed over or iterated over: the same ones, at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from support.bodies import config_map
from support.clusters import USER, new_server
from virtslo.base.clock import Clock
from virtslo.base.errors import BadRequest, ConnectionLost, ResourceExpired, VirtsloError
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.model.kubernetes.resources import CONFIG_MAPS
from virtslo.model.simulated.profile import ServerProfile
from virtslo.ports.kube_api import KubeApi, WatchEvent
from virtslo.sim.api.requests import Request
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport
from virtslo.sim.storage.watch_log import Watcher

Take = Callable[[WatchEvent], None]
Seen = list[tuple[str, str, int]]
"""(type, name, virtual nanoseconds at receipt)."""
Disturbance = Callable[[ApiServer, Watcher], Coroutine[Any, Any, None]]

DELAY_SECONDS = 0.25


async def _iterate(watcher: Watcher, take: Take) -> None:
    async for event in watcher:
        take(event)


async def _deliver(watcher: Watcher, take: Take) -> None:
    await watcher.deliver(take)


async def _write(server: ApiServer) -> None:
    api = KubeApi(DirectTransport(server, USER))
    for name in ("a", "b", "c"):
        await api.create(CONFIG_MAPS, config_map(name, key="1"))
        await asyncio.sleep(0.1)
    await api.delete(CONFIG_MAPS, "b", namespace="default")


async def _close(server: ApiServer, watcher: Watcher) -> None:
    await _write(server)
    server.close_watch(watcher)


async def _break(server: ApiServer, watcher: Watcher) -> None:
    await _write(server)
    server.break_watches(ConnectionLost("reset"))


async def _expire(server: ApiServer, watcher: Watcher) -> None:
    await _write(server)
    watcher.close(ResourceExpired("too slow"))


async def _hold(server: ApiServer, watcher: Watcher) -> None:
    server.hold_watches()
    await _write(server)
    await asyncio.sleep(5)
    server.release_watches()
    await _write_more(server)
    server.close_watch(watcher)


async def _write_more(server: ApiServer) -> None:
    await KubeApi(DirectTransport(server, USER)).create(CONFIG_MAPS, config_map("d", key="1"))


def _followed(
    read: Callable[[Watcher, Take], Awaitable[None]], disturb: Disturbance, delay: float
) -> tuple[Seen, str]:
    """What a reader of a watch sees, and how the watch ends for it."""

    async def main(clock: Clock) -> tuple[Seen, str]:
        profile = ServerProfile(watch_delay=delay)
        server = ApiServer(clock=clock, seed=1, profile=profile)
        server.set_up()
        query = {"resourceVersion": str(server.store.resource_version)}
        request = Request("watch", CONFIG_MAPS, query=query, user=USER)
        watcher = await server.open_watch(request)
        seen: Seen = []

        def take(event: WatchEvent) -> None:
            assert event.received_ns == clock.now_ns()
            seen.append((event.type, event.object["metadata"]["name"], event.received_ns))

        async with asyncio.TaskGroup() as group:
            group.create_task(disturb(server, watcher))
            try:
                await read(watcher, take)
            except VirtsloError as error:
                return seen, repr(error)
        return seen, "ended"

    return run_in_virtual_time(main)


@pytest.mark.parametrize("delay", [0.0, DELAY_SECONDS])
@pytest.mark.parametrize("disturb", [_close, _break, _expire, _hold])
def test_a_delivery_is_what_an_iteration_sees(disturb: Disturbance, delay: float) -> None:
    seen, end = _followed(_deliver, disturb, delay)
    assert (seen, end) == _followed(_iterate, disturb, delay)
    assert [name for _, name, _ in seen][:2] == ["a", "b"][: len(seen)]


def test_every_event_comes_after_the_delay_of_watches() -> None:
    seen, end = _followed(_deliver, _close, DELAY_SECONDS)
    times = [("ADDED", "a", 0.25), ("ADDED", "b", 0.35), ("ADDED", "c", 0.45)]
    assert [(kind, name, at / 1e9) for kind, name, at in seen] == [*times, ("DELETED", "b", 0.55)]
    assert end == "ended"


async def test_what_the_taker_raises_ends_the_delivery(clock: Clock) -> None:
    server = new_server(clock)
    watcher = await server.open_watch(Request("watch", CONFIG_MAPS, user=USER))

    def refuse(event: WatchEvent) -> None:
        raise ValueError(event.object["metadata"]["name"])

    async with asyncio.TaskGroup() as group:
        group.create_task(_write(server))
        with pytest.raises(ValueError, match="a"):
            await watcher.deliver(refuse)
    server.close_watch(watcher)


async def test_a_delivery_ends_with_the_time_of_its_watch(clock: Clock) -> None:
    server = new_server(clock)
    query = {"timeoutSeconds": "30", "allowWatchBookmarks": "true"}
    request = Request("watch", CONFIG_MAPS, query=query, user=USER)
    watcher = await server.open_watch(request)
    seen: list[str] = []
    begun_ns = clock.now_ns()
    await watcher.deliver(lambda event: seen.append(event.type))
    assert (clock.now_ns() - begun_ns) / 1e9 == pytest.approx(30)
    assert seen == ["BOOKMARK"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.5", 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        ("x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("9223372036854775808", 'parsing "9223372036854775808": value out of range'),
        ("9" * 5000, "value out of range"),
    ],
)
@pytest.mark.parametrize("key", ["timeoutSeconds", "limit"])
@pytest.mark.parametrize("verb", ["watch", "list"])
async def test_a_number_that_is_none_is_refused(
    clock: Clock, verb: str, key: str, text: str, words: str
) -> None:
    server = new_server(clock)
    request = Request(verb, CONFIG_MAPS, query={key: text}, user=USER)
    asked = server.open_watch(request) if verb == "watch" else server.handle(request)
    with pytest.raises(BadRequest) as refused:
        await asked
    assert words in str(refused.value)


async def test_a_watch_whose_time_is_below_nothing_ends_at_once(clock: Clock) -> None:
    server = new_server(clock)
    request = Request("watch", CONFIG_MAPS, query={"timeoutSeconds": "-1"}, user=USER)
    watcher = await server.open_watch(request)
    begun_ns = clock.now_ns()
    await watcher.deliver(lambda event: None)
    assert clock.now_ns() == begun_ns


async def test_a_watch_whose_time_is_zero_has_none(clock: Clock) -> None:
    server = new_server(clock)
    request = Request("watch", CONFIG_MAPS, query={"timeoutSeconds": "0"}, user=USER)
    watcher = await server.open_watch(request)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watcher.deliver(lambda event: None), 100)
