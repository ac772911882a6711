"""Versions are forgotten five to ten minutes after they were written, as etcd's are."""

import asyncio
from typing import Any

import pytest

from support.clusters import Cluster, in_process
from virtslo.base.clock import Clock
from virtslo.base.errors import ApiError, ResourceExpired
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import CONFIG_MAPS, SECRETS
from virtslo.ports.kube_api import Selection
from virtslo.sim.storage.compaction import INTERVAL, Compaction
from virtslo.sim.storage.object_store import LEAST_KEPT, ObjectStore


def named(name: str) -> Object:
    return {"metadata": {"namespace": "n", "name": name}}


def write(store: ObjectStore, count: int) -> int:
    """Write one object many times; the version before."""
    before = store.resource_version
    for _ in range(count):
        store.put(CONFIG_MAPS, ("n", "one"), named("one"))
    return before


def is_known(store: ObjectStore, version: int) -> bool:
    try:
        store.snapshot(CONFIG_MAPS, version)
    except ResourceExpired:
        return False
    return True


async def test_a_version_is_known_for_an_interval_and_forgotten_after_two(clock: Clock) -> None:
    store = ObjectStore()
    compaction = Compaction(store, clock)
    await asyncio.sleep(INTERVAL / 2)
    version = write(store, 1)
    seen = []
    for seconds in (INTERVAL / 2, INTERVAL / 2, INTERVAL / 2 - 1, 1):
        await asyncio.sleep(seconds)
        write(store, 1)
        compaction.compact()
        seen.append(is_known(store, version))

    assert seen == [True, True, True, False]


async def test_changes_are_kept_by_age_and_not_until_there_are_many(clock: Clock) -> None:
    """Ten a second for an hour: those of ten minutes at most are there."""
    store = ObjectStore()
    compaction = Compaction(store, clock)
    most = 0
    for _ in range(360):
        write(store, 100)
        compaction.compact()
        most = max(most, len(store.collection(CONFIG_MAPS).log))
        await asyncio.sleep(10)

    assert 10 * INTERVAL <= most <= 2 * 10 * INTERVAL


async def test_watches_of_a_quiet_kind_go_on_whatever_their_age(clock: Clock) -> None:
    store = ObjectStore()
    compaction = Compaction(store, clock)
    begin = store.resource_version
    version = write(store, LEAST_KEPT)
    for _ in range(5):
        await asyncio.sleep(INTERVAL)
        compaction.compact()

    assert len(store.changes_since(CONFIG_MAPS, version)) == LEAST_KEPT
    assert store.changes_since(SECRETS, begin) == []
    assert not is_known(store, version)


async def test_one_that_is_beyond_what_is_kept_is_gone(clock: Clock) -> None:
    store = ObjectStore()
    compaction = Compaction(store, clock)
    version = write(store, LEAST_KEPT + 1)
    await asyncio.sleep(INTERVAL)
    compaction.compact()
    store.changes_since(CONFIG_MAPS, version)
    await asyncio.sleep(INTERVAL)
    compaction.compact()

    with pytest.raises(ResourceExpired, match="too old resource version"):
        store.changes_since(CONFIG_MAPS, version)
    assert len(store.changes_since(CONFIG_MAPS, version + 1)) == LEAST_KEPT


async def test_what_was_written_before_a_long_silence_is_forgotten_at_its_end(clock: Clock) -> None:
    store = ObjectStore()
    compaction = Compaction(store, clock)
    await asyncio.sleep(INTERVAL)
    compaction.compact()
    version = write(store, 2)
    await asyncio.sleep(3 * INTERVAL)
    compaction.compact()

    assert not is_known(store, version)
    assert is_known(store, store.resource_version)


@pytest.mark.parametrize("writes", [1, LEAST_KEPT + 2])
async def test_an_interval_of_its_own_begins_after_a_silence(clock: Clock, writes: int) -> None:
    store = ObjectStore()
    compaction = Compaction(store, clock)
    await asyncio.sleep(3.5 * INTERVAL)
    compaction.compact()
    version = write(store, writes)
    await asyncio.sleep(INTERVAL / 2)
    compaction.compact()

    assert is_known(store, version)


def config_map() -> dict[str, Any]:
    kind = {"apiVersion": CONFIG_MAPS.api_version, "kind": CONFIG_MAPS.kind}
    return {**kind, "metadata": {"generateName": "one-", "namespace": "default"}}


async def second_page(cluster: Cluster, minutes: int) -> int:
    """The code that the second page of a list is answered with, some minutes after the first."""
    first = await cluster.api.list_objects(CONFIG_MAPS, Selection("default"), limit=1)
    for _ in range(minutes):
        await asyncio.sleep(60.0)
        await cluster.api.create(CONFIG_MAPS, config_map())
    try:
        page = await cluster.api.list_objects(
            CONFIG_MAPS, Selection("default"), limit=1, continue_token=first.continue_token
        )
    except ApiError as error:
        return error.code
    assert len(page.items) == 1
    return 200


async def test_the_api_server_answers_410_to_a_page_of_ten_minutes_ago(clock: Clock) -> None:
    async with in_process(clock) as cluster:
        await cluster.api.create(CONFIG_MAPS, config_map())
        await cluster.api.create(CONFIG_MAPS, config_map())

        assert await second_page(cluster, 4) == 200
        assert await second_page(cluster, 11) == 410
