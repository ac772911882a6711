"""Events are sent in the background, repeated as PATCHes, combined, and held back as spam."""

import asyncio
from collections import Counter
from typing import Any

from support.bodies import config_map
from support.clusters import USER, new_server
from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.recorder import FORGOTTEN_AFTER_NS, LONGEST_MEMORY, EventRecorder
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import CONFIG_MAPS, EVENTS
from virtslo.ports.kube_api import PatchType, Selection
from virtslo.sim.direct import DirectTransport

ABOUT: Object = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachine",
    "metadata": {"name": "a", "namespace": "default", "uid": "1"},
}


async def _send(recorder: EventRecorder) -> None:
    """Send what waits and what will, until it is cancelled."""
    async with asyncio.TaskGroup() as group:
        recorder.start(group)
        await asyncio.Event().wait()


def _calls(messages: list[str]) -> Counter[str]:
    """The calls that so many events about one object make, by verb."""

    async def main(clock: Clock) -> Counter[str]:
        component = Component(USER, DirectTransport(new_server(clock), USER), clock)
        recorder = EventRecorder(component, "test")
        for message in messages:
            recorder.send(ABOUT, "Created", message)
        assert component.account.calls == 0
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_send(recorder))
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
            task = group.create_task(_send(recorder))
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


FINALIZERS = ["virtslo.test/kept"]


async def _come_and_go(clock: Clock, number: int, *, is_deleted: bool) -> int:
    """What is remembered after this many objects, each with an event, came into view and left it.

    Objects leave by their deletion, or because they are no longer selected.
    """
    component = Component(USER, DirectTransport(new_server(clock), USER), clock)
    recorder = EventRecorder(component, "test")
    cache = component.watch(CONFIG_MAPS, Selection(label_selector="mine=yes"))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_run(component))
        await component.synced()
        for index in range(number):
            name = f"a-{index}"
            body = config_map(name, key="a")
            body["metadata"] |= {"labels": {"mine": "yes"}, "finalizers": FINALIZERS}
            made = await component.api.create(CONFIG_MAPS, body)
            recorder.send(made, "Created", "one")
            if is_deleted:
                await component.api.delete(CONFIG_MAPS, name, namespace="default")
            change = {"finalizers": None} if is_deleted else {"labels": None}
            await component.api.patch(
                CONFIG_MAPS,
                name,
                {"metadata": change},
                patch_type=PatchType.MERGE,
                namespace="default",
            )
            await clock.sleep_until(clock.now_ns() + FORGOTTEN_AFTER_NS // 10)
        assert not cache.objects
        task.cancel()
    return recorder.remembered


async def _run(component: Component) -> None:
    async with asyncio.TaskGroup() as group:
        component.start(group)


def _remembered(number: int, *, is_deleted: bool) -> int:
    return run_in_virtual_time(lambda clock: _come_and_go(clock, number, is_deleted=is_deleted))


def test_an_object_that_was_deleted_is_forgotten_some_time_later() -> None:
    few, many = _remembered(40, is_deleted=True), _remembered(200, is_deleted=True)

    assert few == many
    assert few <= 3 * 22


def test_an_object_that_is_only_out_of_sight_is_not_forgotten() -> None:
    """It may come back with what was said of it before, as a VMI that migrates there and back."""
    assert _remembered(40, is_deleted=False) == 3 * 40


def test_of_very_many_objects_the_least_lately_used_is_forgotten() -> None:
    """An event that says the same again is then a first one."""

    async def main(clock: Clock) -> tuple[int, list[Counter[str]]]:
        component = Component(USER, DirectTransport(new_server(clock), USER), clock)
        recorder = EventRecorder(component, "test")
        numbers = [*range(LONGEST_MEMORY), 0, LONGEST_MEMORY, 0, 1]
        calls = []
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_send(recorder))
            for number in numbers:
                metadata = {"name": "a", "namespace": "default", "uid": str(number)}
                recorder.send({**ABOUT, "metadata": metadata}, "Created", "one")
                await asyncio.sleep(0.1)
                calls.append(Counter(component.account.calls_by_verb()))
            task.cancel()
        return recorder.remembered, calls[-4:]

    remembered, calls = run_in_virtual_time(main)

    assert remembered == 3 * LONGEST_MEMORY
    assert calls == [
        {"CREATE": LONGEST_MEMORY, "PATCH": 1},
        {"CREATE": LONGEST_MEMORY + 1, "PATCH": 1},
        {"CREATE": LONGEST_MEMORY + 1, "PATCH": 2},
        {"CREATE": LONGEST_MEMORY + 2, "PATCH": 2},
    ]


def test_the_first_event_of_a_process_that_is_being_ended_ends_nothing_else() -> None:
    """As from work in a group of its own, which goes on for a turn of the loop."""

    async def main(clock: Clock) -> tuple[str, int]:
        component = Component(USER, DirectTransport(new_server(clock), USER), clock)
        recorder = EventRecorder(component, "test")

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                recorder.send(ABOUT, "Created", "one")

        async def lose() -> None:
            await asyncio.sleep(1)
            raise KeyError

        raised = ""
        try:
            async with asyncio.TaskGroup() as group:
                recorder.start(group)
                group.create_task(work())
                group.create_task(lose())
        except* KeyError as errors:
            raised = repr(errors.exceptions)
        return raised, recorder.dropped

    assert run_in_virtual_time(main) == ("(KeyError(),)", 1)
