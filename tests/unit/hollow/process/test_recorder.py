"""Events are sent in the background, repeated as PATCHes, combined, and held back as spam."""

import asyncio
from collections import Counter
from typing import Any

from support.clusters import USER, new_server
from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.recorder import EventRecorder
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import EVENTS
from virtslo.sim.direct import DirectTransport

ABOUT: Object = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachine",
    "metadata": {"name": "a", "namespace": "default", "uid": "1"},
}


def _calls(messages: list[str]) -> Counter[str]:
    """The calls that so many events about one object make, by verb."""

    async def main(clock: Clock) -> Counter[str]:
        component = Component(USER, DirectTransport(new_server(clock), USER), clock)
        recorder = EventRecorder(component, "test")
        for message in messages:
            recorder.send(ABOUT, "Created", message)
        assert component.account.calls == 0
        async with asyncio.TaskGroup() as group:
            task = group.create_task(recorder.run())
            await asyncio.sleep(1)
            task.cancel()
        return Counter(component.account.calls_by_verb())

    return run_in_virtual_time(main)


def test_the_same_again_is_a_patch() -> None:
    assert _calls(["one", "one", "one"]) == {"CREATE": 1, "PATCH": 2}


def test_from_the_tenth_similar_one_on_events_are_combined() -> None:
    assert _calls([str(number) for number in range(20)]) == {"CREATE": 10, "PATCH": 10}


def test_no_more_than_the_spam_filter_lets_through_is_sent_about_one_object() -> None:
    assert _calls([str(number) for number in range(100)]) == {"CREATE": 10, "PATCH": 15}


def test_an_event_that_expired_is_created_anew_and_counts_on() -> None:
    """As client-go: the same name and first time, and nothing is lost."""

    async def main(clock: Clock) -> tuple[Counter[str], Any, int]:
        server = new_server(clock)
        component = Component(USER, DirectTransport(server, USER), clock)
        recorder = EventRecorder(component, "test")
        async with asyncio.TaskGroup() as group:
            task = group.create_task(recorder.run())
            recorder.send(ABOUT, "Created", "one")
            recorder.send(ABOUT, "Created", "one")
            await clock.sleep_until(clock.now_ns() + to_nanoseconds(3700.0))
            recorder.send(ABOUT, "Created", "one")
            await asyncio.sleep(1)
            task.cancel()
        calls = Counter(component.account.calls_by_verb())
        events = list(server.store.collection(EVENTS).objects.values())
        return calls, events, recorder.dropped

    calls, (event,), dropped = run_in_virtual_time(main)

    assert calls == {"CREATE": 2, "PATCH": 2}
    assert dropped == 0
    assert event["count"] == 3
    assert event["firstTimestamp"] < event["lastTimestamp"]
