"""What a simulated cluster keeps while VMIs come and go and watches are opened and dropped.

Counted, not weighed: objects, changes and watches of the server, what its components remember of
events, every object of the process that Python's collector knows, and every block of memory that
Python has given out, which strings and numbers take too. `make soak` weighs a server of its own for
half an hour.
"""

import asyncio
import gc
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from support.clusters import USER
from virtslo.base.clock import Clock, to_nanoseconds, to_seconds
from virtslo.config.profiles import load_profile
from virtslo.hollow.cluster import HollowCluster
from virtslo.hollow.process.recorder import FORGOTTEN_AFTER_NS, EventRecorder
from virtslo.model.kubernetes.resources import EVENTS, PODS, VMIS
from virtslo.ports.kube_api import KubeApi
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport

LOG_SIZE = 100
EVENT_TTL = 60.0
LIFE = 3.0
RATE = 2.0
LOADED = 60.0
QUIET = 2 * to_seconds(FORGOTTEN_AFTER_NS) + 60.0
"""Seconds after which what was created in a round is gone, its events too, and what components
remember of it may be forgotten."""
ROUNDS = 4
MOST_BLOCKS = 20
"""More blocks of memory for each VMI there was: the caches of texts, which have bounds, take ten;
what recorders remember of a VMI is a hundred and more."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is at one moment."""

    machines: int
    pods: int
    events: int
    changes: int
    watches: int
    remembered: int
    """Series of events, aggregates and objects that recorders remember."""
    tracked: int
    """Objects of the process that the collector knows."""
    blocks: int
    """Blocks of memory that Python has given out."""


@asynccontextmanager
async def cluster(clock: Clock) -> AsyncIterator[ApiServer]:
    profile = load_profile("instant")
    server = ApiServer(
        clock=clock, seed=1, profile=profile.server, log_size=LOG_SIZE, event_ttl=EVENT_TTL
    )
    server.set_up()
    hollow = HollowCluster(
        connect=lambda identity: DirectTransport(server, identity, is_trusted=True),
        clock=clock,
        profile=profile,
        seed=1,
        nodes=2,
        register_metrics=server.register_proxy,
        work=server.work,
    )
    await hollow.install()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(hollow.run())
        await hollow.synced.wait()
        yield server
        task.cancel()


async def come_and_go(api: KubeApi, rate: float) -> None:
    """Create a VMI at a time, and delete each after its life."""
    body = {
        "apiVersion": VMIS.api_version,
        "kind": VMIS.kind,
        "metadata": {"generateName": "soak-", "namespace": "default"},
        "spec": {"domain": {"devices": {}, "memory": {"guest": "64Mi"}}},
    }

    async def one() -> None:
        made = await api.create(VMIS, body)
        await asyncio.sleep(LIFE)
        await api.delete(VMIS, made["metadata"]["name"], namespace="default")

    async with asyncio.TaskGroup() as group:
        while True:
            group.create_task(one())
            await asyncio.sleep(1 / rate)


async def watch_and_drop(api: KubeApi, chance: random.Random) -> None:
    """Open a watch, read it or not, and leave it."""
    while True:
        async with api.watch(chance.choice((EVENTS, PODS, VMIS))) as events:
            try:
                async with asyncio.timeout(chance.uniform(1, 10)):
                    if chance.random() < 0.5:
                        await asyncio.sleep(60)
                    async for _ in events:
                        pass
            except TimeoutError:
                continue


def kept(server: ApiServer) -> Kept:
    gc.collect()
    store, known = server.store, gc.get_objects()
    return Kept(
        machines=len(store.collection(VMIS).objects),
        pods=len(store.collection(PODS).objects),
        events=len(store.collection(EVENTS).objects),
        changes=sum(len(each.log) for each in store.collections()),
        watches=len(server.hub.watchers()),
        remembered=sum(each.remembered for each in known if isinstance(each, EventRecorder)),
        tracked=len(known),
        blocks=sys.getallocatedblocks(),
    )


async def loaded(api: KubeApi, clock: Clock) -> None:
    """One round of load."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(come_and_go(api, RATE))]
        tasks += [group.create_task(watch_and_drop(api, random.Random(seed))) for seed in range(10)]
        await clock.sleep_until(clock.now_ns() + to_nanoseconds(LOADED))
        for task in tasks:
            task.cancel()
    # Those whose delete was cancelled with the load.
    for item in (await api.list_objects(VMIS)).items:
        await api.delete(VMIS, item["metadata"]["name"], namespace="default")


@pytest.mark.slow
async def test_what_is_kept_stays_the_same(clock: Clock) -> None:
    seen: list[Kept] = []
    async with cluster(clock) as server:
        api = KubeApi(DirectTransport(server, USER))
        for _ in range(ROUNDS):
            await loaded(api, clock)
            await clock.sleep_until(clock.now_ns() + to_nanoseconds(QUIET))
            seen.append(kept(server))

    first, last = seen[1], seen[-1]
    machines = int(RATE * LOADED) * (ROUNDS - 2)
    assert {each.machines for each in seen} == {0}
    assert {each.events for each in seen} == {0}
    assert len({(each.pods, each.watches) for each in seen}) == 1
    assert last.remembered == first.remembered
    assert last.changes - first.changes < machines / 2
    assert last.tracked - first.tracked < machines / 2
    assert last.blocks - first.blocks < machines * MOST_BLOCKS
