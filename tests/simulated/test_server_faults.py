"""Every fault of the API server does what its name says, when it is to, in virtual time."""

import asyncio

import pytest

from support.bodies import config_map, machine
from support.clusters import USER, Cluster
from support.faulty_clusters import faulty_cluster, faulty_server, under_faults
from virtslo.base.clock import Clock, to_seconds
from virtslo.base.errors import (
    ConnectionLost,
    NotFound,
    ResourceExpired,
    ServerFailure,
    TooManyRequests,
)
from virtslo.base.stage_board import StageBoard
from virtslo.model.kubernetes import resources
from virtslo.model.simulated.profile import ServerProfile
from virtslo.ports.kube_api import KubeApi
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport


async def _seconds_of_a_get(cluster: Cluster) -> float:
    start_ns = cluster.clock.now_ns()
    await cluster.api.get(resources.NAMESPACES, "default")
    return to_seconds(cluster.clock.now_ns() - start_ns)


async def _waits(cluster: Cluster, count: int) -> list[float]:
    await asyncio.sleep(0.001)
    return [await _seconds_of_a_get(cluster) for _ in range(count)]


def test_latency_strikes_a_share_of_requests() -> None:
    async def test(cluster: Cluster) -> list[float]:
        return await _waits(cluster, 200)

    waits = under_faults(test, "latency:delay=2s,rate=0.25")

    assert set(waits) == {0.0, 2.0}
    assert 30 <= waits.count(2.0) <= 70
    assert under_faults(test, "latency:delay=2s,rate=0.25") == waits
    assert under_faults(test, "latency:delay=2s,rate=0.25", seed=2) != waits


def test_a_fault_changes_nobody_whom_another_one_strikes() -> None:
    async def test(cluster: Cluster) -> list[bool]:
        await asyncio.sleep(0.001)
        struck = []
        for _ in range(100):
            try:
                await cluster.api.get(resources.NAMESPACES, "default")
                struck.append(False)
            except TooManyRequests:
                struck.append(True)
        return struck

    alone = under_faults(test, "too-many-requests:rate=0.3")
    assert under_faults(test, "too-many-requests:rate=0.3", "latency:rate=0.5") == alone


@pytest.mark.faults("latency:delay=1ms,rate=1,at=4500ms,for=3s,every=10s")
async def test_a_fault_lasts_and_comes_again(cluster: Cluster) -> None:
    waits = []
    for _ in range(30):
        await asyncio.sleep(1)
        waits.append(await _seconds_of_a_get(cluster))

    struck = [index + 1 for index, wait in enumerate(waits) if wait]
    assert struck == [5, 6, 7, 15, 16, 17, 25, 26, 27]


@pytest.mark.faults("too-many-requests:rate=1,retry=7s")
async def test_too_many_requests_says_when_to_come_back(cluster: Cluster) -> None:
    await asyncio.sleep(0.001)
    with pytest.raises(TooManyRequests) as caught:
        await cluster.api.get(resources.NAMESPACES, "default")
    assert caught.value.retry_after_seconds == 7


@pytest.mark.parametrize("code", [500, 503, 504])
async def test_a_server_error_is_answered_and_changes_nothing(clock: Clock, code: int) -> None:
    async with faulty_cluster(clock, f"server-error:rate=1,code={code}") as cluster:
        await asyncio.sleep(0.001)
        with pytest.raises(ServerFailure) as caught:
            await cluster.api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
        assert caught.value.code == code
        assert not cluster.server.store.collection(resources.CONFIG_MAPS).objects


@pytest.mark.parametrize("served", [0, 1])
async def test_a_reset_loses_the_request_or_only_its_answer(clock: Clock, served: int) -> None:
    async with faulty_cluster(clock, f"connection-reset:rate=1,served={served}") as cluster:
        await asyncio.sleep(0.001)
        with pytest.raises(ConnectionLost, match="reset"):
            await cluster.api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
        assert len(cluster.server.store.collection(resources.CONFIG_MAPS).objects) == served
        assert sum(cluster.server.telemetry.metrics.requests().values()) == served


@pytest.mark.faults("slow-webhook:delay=3s")
async def test_a_slow_webhook_delays_only_what_webhooks_see(cluster: Cluster) -> None:
    await asyncio.sleep(0.001)
    api, clock = cluster.api, cluster.clock
    start_ns = clock.now_ns()
    await api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
    assert clock.now_ns() == start_ns
    made = await api.create(resources.VMIS, machine("a"), namespace="default")
    assert to_seconds(clock.now_ns() - start_ns) == 3
    await api.update(resources.VMIS, made)
    assert to_seconds(clock.now_ns() - start_ns) == 6
    await api.get(resources.VMIS, "a", namespace="default")
    await api.delete(resources.VMIS, "a", namespace="default")
    assert to_seconds(clock.now_ns() - start_ns) == 6


@pytest.mark.faults("slow-webhook:delay=30s")
async def test_a_webhook_that_does_not_answer_fails_the_request_after_10_seconds(
    cluster: Cluster,
) -> None:
    await asyncio.sleep(0.001)
    start_ns = cluster.clock.now_ns()
    with pytest.raises(ServerFailure, match="context deadline exceeded"):
        await cluster.api.create(resources.VMIS, machine("a"), namespace="default")
    assert to_seconds(cluster.clock.now_ns() - start_ns) == 10
    with pytest.raises(NotFound):
        await cluster.api.get(resources.VMIS, "a", namespace="default")


@pytest.mark.faults("dropped-watches:at=12s,every=40s")
async def test_watches_drop_at_their_time_though_nobody_asks_anything(cluster: Cluster) -> None:
    async with cluster.api.watch(resources.CONFIG_MAPS, resource_version="1") as events:
        with pytest.raises(ConnectionLost, match="reset"):
            await anext(events)
    assert to_seconds(cluster.clock.now_ns()) == 12
    async with cluster.api.watch(resources.CONFIG_MAPS, resource_version="1") as events:
        with pytest.raises(ConnectionLost):
            await anext(events)
    assert to_seconds(cluster.clock.now_ns()) == 52


@pytest.mark.faults("stalled-watches:at=2s,for=6s")
async def test_stalled_watches_deliver_everything_late_and_in_order(cluster: Cluster) -> None:
    async with cluster.api.watch(resources.CONFIG_MAPS, resource_version="1") as early:
        await asyncio.sleep(3)
        await cluster.api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
        async with cluster.api.watch(resources.CONFIG_MAPS, resource_version="1") as late:
            for events in (early, late):
                event = await anext(events)
                assert event.object["metadata"]["name"] == "a"
                assert to_seconds(event.received_ns) == 8
        await cluster.api.create(resources.CONFIG_MAPS, config_map("b"), namespace="default")
        event = await anext(early)
        assert event.object["metadata"]["name"] == "b"
        assert to_seconds(event.received_ns) == 8


@pytest.mark.faults("compaction:at=1s")
async def test_compaction_ends_watches_and_forgets_what_they_could_resume_from(
    cluster: Cluster,
) -> None:
    for name in ("a", "b", "c"):
        await cluster.api.create(resources.CONFIG_MAPS, config_map(name), namespace="default")
    page = await cluster.api.list_objects(resources.CONFIG_MAPS, limit=1)
    await cluster.api.create(resources.CONFIG_MAPS, config_map("d"), namespace="default")
    async with cluster.api.watch(resources.CONFIG_MAPS, resource_version="2") as events:
        seen = [event async for event in events]
    assert len(seen) == 4
    with pytest.raises(ResourceExpired):
        async with cluster.api.watch(resources.CONFIG_MAPS, resource_version="2") as events:
            await anext(events)
    with pytest.raises(ResourceExpired):
        await cluster.api.list_objects(
            resources.CONFIG_MAPS, limit=1, continue_token=page.continue_token
        )


@pytest.mark.faults("api-server-restart:at=5s,for=4s")
async def test_a_restarted_server_refuses_breaks_and_keeps_its_data(cluster: Cluster) -> None:
    made = await cluster.api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
    before = await cluster.api.read_raw("/metrics")
    newest = made["metadata"]["resourceVersion"]
    async with cluster.api.watch(resources.CONFIG_MAPS, resource_version=newest) as events:
        with pytest.raises(ConnectionLost, match="reset"):
            await anext(events)
    for call in (
        cluster.api.get(resources.CONFIG_MAPS, "a", namespace="default"),
        cluster.api.read_raw("/readyz"),
    ):
        with pytest.raises(ConnectionLost, match="refused"):
            await call
    await asyncio.sleep(4)
    found = await cluster.api.get(resources.CONFIG_MAPS, "a", namespace="default")
    assert found["metadata"]["name"] == "a"
    after = await cluster.api.read_raw("/metrics")
    assert b'verb="POST"' in before
    assert b'verb="POST"' not in after
    assert _started(after) == _started(before) + 9


def _started(exposition: bytes) -> float:
    (line,) = [
        line
        for line in exposition.decode().splitlines()
        if line.startswith("process_start_time_seconds ")
    ]
    return float(line.split()[1])


@pytest.mark.faults("latency:rate=1,delay=3s,for=3s", "api-server-restart:at=2s,for=1s")
async def test_a_request_under_way_when_the_server_dies_is_never_carried_out(
    cluster: Cluster,
) -> None:
    await asyncio.sleep(1)
    with pytest.raises(ConnectionLost, match="reset"):
        await cluster.api.create(resources.CONFIG_MAPS, config_map("a"), namespace="default")
    await asyncio.sleep(10)
    assert not cluster.server.store.collection(resources.CONFIG_MAPS).objects
    assert cluster.server.telemetry.metrics.in_flight == {"mutating": 0, "readOnly": 0}


async def test_a_fault_of_a_stage_strikes_in_every_such_stage_and_nowhere_else(
    clock: Clock,
) -> None:
    assert await _waits_by_stage(clock, "stage=churn") == [0, 0, 1, 0, 0, 0, 1, 0]


async def test_a_fault_without_a_stage_strikes_in_the_measured_one(clock: Clock) -> None:
    assert await _waits_by_stage(clock, "at=0s") == [0, 0, 1, 0, 0, 0, 1, 0]


async def test_a_fault_of_the_whole_run_strikes_in_every_stage_and_between(clock: Clock) -> None:
    assert await _waits_by_stage(clock, "stage=run") == [1] * 8


async def _waits_by_stage(clock: Clock, when: str) -> list[float]:
    """How long a GET takes in and after each of four stages, of which churn is measured."""
    board = StageBoard()
    board.measured = "churn"
    waits = []
    async with faulty_server(clock, [f"latency:rate=1,delay=1s,{when}"], stages=board) as it:
        cluster = Cluster(KubeApi(DirectTransport(it, USER)), it, clock)
        for name in ("ramp_up", "churn", "ramp_down", "churn"):
            board.note(name, is_over=False)
            await asyncio.sleep(1)
            waits.append(await _seconds_of_a_get(cluster))
            board.note(name, is_over=True)
            await asyncio.sleep(1)
            waits.append(await _seconds_of_a_get(cluster))

    return waits


async def test_a_pod_whose_deletion_was_begun_as_the_server_dies_goes_without_an_answer(
    clock: Clock,
) -> None:
    server = ApiServer(clock=clock, seed=1, profile=ServerProfile(write=0.01, second_write=100))
    server.set_up()
    api = KubeApi(DirectTransport(server, USER))
    spec = {"containers": [{"name": "a", "image": "b"}]}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}
    await api.create(resources.PODS, body, namespace="default")

    asking = asyncio.ensure_future(api.delete(resources.PODS, "p", namespace="default"))
    await asyncio.sleep(0.5)
    assert server.store.get(resources.PODS, ("default", "p")) is not None
    await server.go_down()

    with pytest.raises(ConnectionLost):
        await asking
    assert server.store.get(resources.PODS, ("default", "p")) is None
