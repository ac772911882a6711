"""Refusals of what was allowed before: those of an API server that has just been started pass."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from support.bodies import config_map
from support.scripted_transport import ScriptedTransport, list_object
from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError, ConnectionLost, Forbidden
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.client.reflector import FIRST_DELAY, REFUSED_SECONDS, Reflector
from virtslo.model.identifiers import Object
from virtslo.model.resources import CONFIG_MAPS
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


def test_what_was_never_allowed_is_raised_at_once() -> None:
    async def main(clock: Clock) -> int:
        starting = Starting(clock, refusals=5)
        starting.watches = 1
        reflector = Reflector(starting.api, CONFIG_MAPS, handler=Seen(), clock=clock)
        reflector.synced.clear()
        with pytest.raises(Forbidden):
            await _watch_only(reflector)
        return starting.watches

    assert run_in_virtual_time(main) == 2


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
def test_a_watch_that_lived_is_resumed_at_once_and_one_that_did_not_after_a_delay(
    after: float, gap: float
) -> None:
    async def main(clock: Clock) -> list[float]:
        breaking = Breaking(clock, after=after)
        reflector = Reflector(breaking.api, CONFIG_MAPS, handler=Seen(), clock=clock)
        task = asyncio.ensure_future(reflector.run())
        await asyncio.sleep(100)
        task.cancel()
        await asyncio.wait([task])
        return breaking.opened

    first, second = run_in_virtual_time(main)

    assert second - first == pytest.approx(after + gap)
