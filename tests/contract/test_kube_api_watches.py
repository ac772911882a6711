"""What watches and raw paths do alike on every implementation of the API port."""

import asyncio

import pytest

from support.bodies import config_map, machine, pod
from support.clusters import EVERY_WAY, OURS, Cluster
from virtslo.base.errors import (
    NotFound,
    ResourceExpired,
)
from virtslo.model.kubernetes.resources import CONFIG_MAPS, PODS, VM_POOLS, VMIS
from virtslo.ports.kube_api import Selection

pytestmark = pytest.mark.parametrize("cluster", EVERY_WAY, indirect=True)


async def test_a_watch_tells_every_change_after_a_version_in_order(cluster: Cluster) -> None:
    here = Selection(namespace="default")
    start = await cluster.api.list_objects(CONFIG_MAPS, here)
    before_ns = cluster.clock.now_ns()
    async with cluster.api.watch(
        CONFIG_MAPS, here, resource_version=start.resource_version
    ) as events:
        created = await cluster.api.create(CONFIG_MAPS, config_map("one", key="a"))
        await cluster.api.update(CONFIG_MAPS, {**created, "data": {"key": "b"}})
        await cluster.api.delete(CONFIG_MAPS, "one", namespace="default")
        seen = [await anext(events) for _ in range(3)]

    assert [event.type for event in seen] == ["ADDED", "MODIFIED", "DELETED"]
    assert [event.object["data"]["key"] for event in seen] == ["a", "b", "b"]
    assert all(before_ns <= event.received_ns <= cluster.clock.now_ns() for event in seen)
    versions = [int(event.object["metadata"]["resourceVersion"]) for event in seen]
    assert versions == sorted(set(versions))


async def test_a_watch_tells_only_of_what_is_selected(cluster: Cluster) -> None:
    red = Selection(label_selector="colour=red")
    start = (await cluster.api.list_objects(VMIS, red)).resource_version
    async with cluster.api.watch(VMIS, red, resource_version=start) as events:
        await cluster.api.create(VMIS, machine("blue", colour="blue"))
        one = await cluster.api.create(VMIS, machine("one", colour="red"))
        labels = {**one["metadata"], "labels": {"colour": "blue"}}
        await cluster.api.update(VMIS, {**one, "metadata": labels})
        seen = [await anext(events) for _ in range(2)]

    assert [(event.type, event.object["metadata"]["name"]) for event in seen] == [
        ("ADDED", "one"),
        ("DELETED", "one"),
    ]


async def test_a_watch_may_begin_with_what_there_is(cluster: Cluster) -> None:
    await cluster.api.create(CONFIG_MAPS, config_map("one"))
    async with cluster.api.watch(CONFIG_MAPS, OURS, send_initial_events=True) as events:
        added, bookmark = await anext(events), await anext(events)

    assert (added.type, added.object["metadata"]["name"]) == ("ADDED", "one")
    assert bookmark.type == "BOOKMARK"
    assert bookmark.object["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_a_watch_ends_when_its_time_is_over(cluster: Cluster) -> None:
    version = (await cluster.api.list_objects(VM_POOLS)).resource_version
    async with cluster.api.watch(VM_POOLS, resource_version=version, timeout_seconds=1) as events:
        seen = [event async for event in events if event.type != "BOOKMARK"]

    assert seen == []


@pytest.mark.cluster(log_size=10)
async def test_a_watch_from_a_forgotten_version_is_refused(cluster: Cluster) -> None:
    for index in range(50):
        await cluster.api.create(CONFIG_MAPS, config_map(f"map-{index}"))

    with pytest.raises(ResourceExpired) as refused:
        async with cluster.api.watch(CONFIG_MAPS, resource_version="1") as events:
            await anext(events)

    assert refused.value.code == 410


async def test_several_watches_and_writes_go_on_at_once(cluster: Cluster) -> None:
    version = (await cluster.api.list_objects(VMIS)).resource_version

    async def follow() -> list[str]:
        async with cluster.api.watch(VMIS, resource_version=version) as events:
            return [(await anext(events)).object["metadata"]["name"] for _ in range(20)]

    async def write(name: str) -> None:
        await cluster.api.create(VMIS, machine(name))

    async with asyncio.TaskGroup() as group:
        followers = [group.create_task(follow()) for _ in range(3)]
        for index in range(20):
            group.create_task(write(f"vmi-{index}"))

    told = [task.result() for task in followers]
    assert told[0] == told[1] == told[2]
    assert sorted(told[0]) == sorted(f"vmi-{index}" for index in range(20))


async def test_raw_paths_are_answered(cluster: Cluster) -> None:
    version = await cluster.api.read_raw("/version")
    metrics = await cluster.api.read_raw("/metrics")
    groups = await cluster.api.read_raw("/apis")

    assert b'"gitVersion"' in version
    assert b"apiserver_request_total" in metrics
    assert b'"kubevirt.io"' in groups
    with pytest.raises(NotFound):
        await cluster.api.read_raw("/nothing/here")


@pytest.mark.cluster
async def test_a_pod_is_read_through_the_proxy(cluster: Cluster) -> None:
    await cluster.api.create(PODS, pod("virt-api"))
    cluster.server.register_proxy("default", "virt-api", 8443, lambda path: path.encode())

    body = await cluster.api.read_raw(
        "/api/v1/namespaces/default/pods/https:virt-api:8443/proxy/metrics"
    )

    assert body == b"/metrics"
