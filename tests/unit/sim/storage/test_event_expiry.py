"""Events are forgotten an hour after they were written last, and nothing else is."""

import asyncio

from support.clusters import in_process
from virtslo.base.clock import Clock
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import CONFIG_MAPS, EVENTS
from virtslo.ports.kube_api import Selection
from virtslo.sim.storage.event_expiry import EventExpiry
from virtslo.sim.storage.object_store import DELETED, ObjectStore

HOUR = 3600.0


def named(name: str) -> Object:
    return {"metadata": {"namespace": "n", "name": name}}


async def test_an_event_is_forgotten_an_hour_after_its_last_write(clock: Clock) -> None:
    store = ObjectStore()
    expiry = EventExpiry(store, clock)
    store.put(EVENTS, ("n", "first"), named("first"))
    store.put(EVENTS, ("n", "written again"), named("written again"))
    store.put(CONFIG_MAPS, ("n", "kept"), named("kept"))
    await asyncio.sleep(HOUR / 2)
    store.put(EVENTS, ("n", "written again"), named("written again"))
    expiry.expire()
    before = set(store.collection(EVENTS).objects)
    await asyncio.sleep(HOUR / 2)
    expiry.expire()

    assert before == {("n", "first"), ("n", "written again")}
    assert set(store.collection(EVENTS).objects) == {("n", "written again")}
    assert set(store.collection(CONFIG_MAPS).objects) == {("n", "kept")}


async def test_events_may_be_kept_for_less(clock: Clock) -> None:
    store = ObjectStore()
    expiry = EventExpiry(store, clock, ttl=60.0)
    store.put(EVENTS, ("n", "one"), named("one"))
    await asyncio.sleep(59.0)
    expiry.expire()
    before = len(store.collection(EVENTS).objects)
    await asyncio.sleep(1.0)
    expiry.expire()

    assert before == 1
    assert not store.collection(EVENTS).objects


async def test_watches_see_that_an_event_is_forgotten(clock: Clock) -> None:
    store = ObjectStore()
    expiry = EventExpiry(store, clock)
    store.put(EVENTS, ("n", "one"), named("one"))
    version = store.resource_version
    await asyncio.sleep(HOUR)
    expiry.expire()

    (change,) = store.changes_since(EVENTS, version)
    assert (change.type, change.object["metadata"]["name"]) == (DELETED, "one")


async def test_an_event_that_was_deleted_is_not_removed_again(clock: Clock) -> None:
    store = ObjectStore()
    expiry = EventExpiry(store, clock)
    store.put(EVENTS, ("n", "one"), named("one"))
    store.remove(EVENTS, ("n", "one"))
    await asyncio.sleep(HOUR)
    expiry.expire()

    assert not store.collection(EVENTS).objects


async def test_an_event_that_comes_back_under_its_name_has_an_hour_of_its_own(clock: Clock) -> None:
    store = ObjectStore()
    expiry = EventExpiry(store, clock)
    store.put(EVENTS, ("n", "one"), named("one"))
    store.remove(EVENTS, ("n", "one"))
    await asyncio.sleep(HOUR / 2)
    store.put(EVENTS, ("n", "one"), named("one"))
    await asyncio.sleep(HOUR / 2)
    expiry.expire()
    before = len(store.collection(EVENTS).objects)
    await asyncio.sleep(HOUR / 2)
    expiry.expire()

    assert before == 1
    assert not store.collection(EVENTS).objects


async def test_events_written_over_hours_stay_bounded(clock: Clock) -> None:
    """One a minute for five hours: those of the last hour are there."""
    store = ObjectStore()
    expiry = EventExpiry(store, clock)
    for number in range(300):
        store.put(EVENTS, ("n", str(number)), named(str(number)))
        expiry.expire()
        await asyncio.sleep(60)

    assert len(store.collection(EVENTS).objects) == 60


async def test_the_api_server_forgets_events_after_an_hour(clock: Clock) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "one", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "namespace": "default", "name": "x"},
    }
    async with in_process(clock) as cluster:
        await cluster.api.create(EVENTS, body)
        await asyncio.sleep(HOUR - 1)
        before = (await cluster.api.list_objects(EVENTS, Selection("default"))).items
        await asyncio.sleep(2)
        after = (await cluster.api.list_objects(EVENTS, Selection("default"))).items

    assert [event["metadata"]["name"] for event in before] == ["one"]
    assert after == ()
