"""Refusals of what was allowed before: those of an API server that has just been started pass."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from support.bodies import config_map
from support.scripted_transport import ScriptedTransport, list_object
from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError, ConnectionLost, Forbidden, ResourceExpired
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.client.reflector import FIRST_DELAY, REFUSED_SECONDS, Reflector
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import CONFIG_MAPS
from virtslo.ports.kube_api import Call, KubeApi, WatchEvent


async def no_objects(call: Call) -> Object:
    assert call.verb == "list"
    return list_object()


class Starting:
    """An API whose watches are refused so many times, after one that ends at once."""

    def __init__(self, clock: Clock, *, refusals: int) -> None:
        self._clock = clock
        self._refusals = refusals
        self.watches = 0
        self.api = KubeApi(ScriptedTransport(no_objects, events=self._open))

    async def _open(self, _: Call) -> AsyncIterator[WatchEvent]:
        self.watches += 1
        if 1 < self.watches <= 1 + self._refusals:
            raise Forbidden("not now")
        return self._events()

    async def _events(self) -> AsyncIterator[WatchEvent]:
        if self.watches == 1:
            return
        body = config_map("one")
        body["metadata"]["resourceVersion"] = "2"
        yield WatchEvent("ADDED", body, self._clock.now_ns())
        await self._clock.sleep_until(self._clock.now_ns() + 10**15)


class Seen:
    """A handler that remembers."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.breaks: list[str] = []
        self.first = asyncio.Event()

    def listed(self, objects: Sequence[Object], received_ns: int, relist: bool) -> None:
        return

    def changed(self, event: WatchEvent) -> None:
        self.names.append(event.object["metadata"]["name"])
        self.first.set()

    def bookmark(self, received_ns: int) -> None:
        return

    def lost(self, reason: str) -> None:
        self.breaks.append(reason)


def reflect(refusals: int) -> Seen:
    async def main(clock: Clock) -> Seen:
        seen = Seen()
        api = Starting(clock, refusals=refusals).api
        reflector = Reflector(api, CONFIG_MAPS, handler=seen, clock=clock)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(reflector.run())
            await seen.first.wait()
            task.cancel()
        return seen

    return run_in_virtual_time(main)


def test_refusals_that_pass_are_waited_out_and_told() -> None:
    seen = reflect(3)

    assert seen.names == ["one"]
    assert seen.breaks == ["not now"] * 3


def test_refusals_that_last_are_raised() -> None:
    with pytest.raises(ExceptionGroup) as raised:
        reflect(int(REFUSED_SECONDS))

    (error,) = raised.value.exceptions
    assert isinstance(error, ClusterError)


async def test_what_was_never_allowed_is_raised_at_once(clock: Clock) -> None:
    starting = Starting(clock, refusals=5)
    starting.watches = 1
    reflector = Reflector(starting.api, CONFIG_MAPS, handler=Seen(), clock=clock)
    reflector.synced.clear()
    with pytest.raises(Forbidden):
        await _watch_only(reflector)

    assert starting.watches == 2


async def _watch_only(reflector: Reflector) -> None:
    reflector._version = "1"
    await reflector.run()


class Breaking:
    """An API whose first watch breaks after so many seconds; when each was opened."""

    def __init__(self, clock: Clock, *, after: float) -> None:
        self._clock = clock
        self._after = after
        self.opened: list[float] = []
        self.api = KubeApi(ScriptedTransport(no_objects, events=self._open))

    async def _open(self, _: Call) -> AsyncIterator[WatchEvent]:
        self.opened.append(self._clock.now_ns() / 1e9)
        return self._events()

    async def _events(self) -> AsyncIterator[WatchEvent]:
        await asyncio.sleep(self._after if len(self.opened) == 1 else 1000)
        if len(self.opened) == 1:
            raise ConnectionLost("cut")
        yield WatchEvent("BOOKMARK", {"metadata": {"resourceVersion": "2"}}, 0)


@pytest.mark.parametrize(("after", "gap"), [(5.0, 0.0), (1.0, 0.0), (0.5, FIRST_DELAY)])
async def test_a_watch_that_lived_is_resumed_at_once_and_one_that_did_not_after_a_delay(
    after: float, gap: float, clock: Clock
) -> None:
    breaking = Breaking(clock, after=after)
    reflector = Reflector(breaking.api, CONFIG_MAPS, handler=Seen(), clock=clock)
    task = asyncio.ensure_future(reflector.run())
    await asyncio.sleep(100)
    task.cancel()
    await asyncio.wait([task])
    first, second = breaking.opened

    assert second - first == pytest.approx(after + gap)


class Expiring:
    """An API whose lists succeed and whose watches end at once, by an error or by themselves."""

    def __init__(self, clock: Clock, error: ClusterError | None) -> None:
        self._clock, self._error = clock, error
        self.listed: list[float] = []
        self.opened: list[float] = []
        self.api = KubeApi(ScriptedTransport(self._list, events=self._open))

    async def _list(self, _: Call) -> Object:
        self.listed.append(self._clock.now_ns() / 1e9)
        return list_object()

    async def _open(self, _: Call) -> AsyncIterator[WatchEvent]:
        self.opened.append(self._clock.now_ns() / 1e9)
        return self._events()

    async def _events(self) -> AsyncIterator[WatchEvent]:
        if self._error is not None:
            raise self._error
        nothing: tuple[WatchEvent, ...] = ()
        for event in nothing:
            yield event


@pytest.mark.parametrize("error", [ResourceExpired("too old resource version"), None])
async def test_a_server_whose_watches_do_not_last_is_asked_ever_more_seldom(
    error: ClusterError | None, clock: Clock
) -> None:
    expiring = Expiring(clock, error)
    reflector = Reflector(expiring.api, CONFIG_MAPS, handler=Seen(), clock=clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(reflector.run())
        await asyncio.sleep(110)
        task.cancel()
    asked = expiring
    start = asked.opened[0]
    expected = [0.0, 0.8, 2.4, 5.6, 12.0, 24.8, 50.4, 80.4]

    assert [round(at - start, 3) for at in asked.opened] == expected
    assert len(asked.listed) == (1 if error is None else len(expected))


class Down:
    """An API whose first watch lives and then has expired, and which cannot be reached after it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.listed: list[float] = []
        self.api = KubeApi(ScriptedTransport(self._list, events=self._open))

    async def _list(self, _: Call) -> Object:
        self.listed.append(self._clock.now_ns() / 1e9)
        assert len(self.listed) < 50, "asked without a pause"
        if len(self.listed) > 1:
            raise ConnectionLost("connection refused")
        return list_object()

    async def _open(self, _: Call) -> AsyncIterator[WatchEvent]:
        return self._events()

    async def _events(self) -> AsyncIterator[WatchEvent]:
        yield WatchEvent("BOOKMARK", {"metadata": {"resourceVersion": "2"}}, 0)
        await asyncio.sleep(60)
        raise ResourceExpired("too old resource version")


async def test_a_list_is_not_resumed_at_once_because_a_watch_before_it_had_lived(
    clock: Clock,
) -> None:
    down = Down(clock)
    reflector = Reflector(down.api, CONFIG_MAPS, handler=Seen(), clock=clock)
    task = asyncio.ensure_future(reflector.run())
    await asyncio.sleep(100)
    task.cancel()
    await asyncio.wait([task])
    start = down.listed[1]

    assert [round(at - start, 3) for at in down.listed[1:]] == [0.0, 1.6, 4.8, 11.2, 24.0]


class LongLists:
    """An API whose second page is no longer there; each list that was asked for."""

    def __init__(self) -> None:
        self.limits: list[str | None] = []
        self.api = KubeApi(ScriptedTransport(self._list))

    async def _list(self, call: Call) -> Object:
        self.limits.append(call.query.get("limit"))
        if call.query.get("continue"):
            raise ResourceExpired("the provided continue parameter is too old")
        page = list_object(config_map(f"m{len(self.limits)}"))
        if call.query.get("limit"):
            page = {**page, "metadata": {**page["metadata"], "continue": "next"}}
        return page


async def test_a_list_whose_next_page_is_gone_is_read_whole_at_once(clock: Clock) -> None:
    lists = LongLists()
    reflector = Reflector(lists.api, CONFIG_MAPS, handler=Seen(), clock=clock)
    await reflector._list()

    assert lists.limits == ["500", "500", None]
