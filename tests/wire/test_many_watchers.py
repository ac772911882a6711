"""Many watchers over sockets on many changing objects: nobody misses an event."""

import asyncio

import pytest

from support.bodies import config_map
from support.clusters import connected, served
from virtslo.model.kubernetes.resources import CONFIG_MAPS
from virtslo.ports.kube_api import KubeApi, PatchType, Selection

HERE = Selection(namespace="default", label_selector="mine=yes")
AT_ONCE = 20

Told = list[tuple[str, str, str]]


@pytest.mark.parametrize(
    ("watchers", "objects"),
    [
        pytest.param(10, 50, id="10 on 50"),
        pytest.param(50, 1000, id="50 on 1000", marks=[pytest.mark.slow]),
    ],
)
async def test_every_watcher_is_told_of_every_change_in_order(watchers: int, objects: int) -> None:
    async with served(log_size=100) as there:
        async with asyncio.TaskGroup() as group, connected(there) as writer:
            version = (await writer.list_objects(CONFIG_MAPS, HERE)).resource_version
            opened = [asyncio.Event() for _ in range(watchers)]

            async def follow(index: int) -> Told:
                async with connected(there) as api:
                    return await _follow(api, version, objects * 3, opened[index])

            tasks = [group.create_task(follow(index)) for index in range(watchers)]
            for event in opened:
                await event.wait()
            await _change(writer, objects)
        told = [task.result() for task in tasks]

    first = told[0]
    assert len(first) == objects * 3
    assert all(each == first for each in told)
    for name in {name for _, name, _ in first}:
        kinds = [kind for kind, found, _ in first if found == name]
        assert kinds == ["ADDED", "MODIFIED", "DELETED"]
    versions = [int(version) for _, _, version in first]
    assert versions == sorted(set(versions))


async def _follow(api: KubeApi, version: str, count: int, opened: asyncio.Event) -> Told:
    told: Told = []
    async with api.watch(CONFIG_MAPS, HERE, resource_version=version, bookmarks=False) as events:
        opened.set()
        async for event in events:
            metadata = event.object["metadata"]
            told.append((event.type, metadata["name"], metadata["resourceVersion"]))
            if len(told) == count:
                break
    return told


async def _change(api: KubeApi, objects: int) -> None:
    """Create, change and delete every object, some at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(index: int) -> None:
        async with gate:
            body = config_map(f"map-{index:04d}", key="a")
            body["metadata"]["labels"] = {"mine": "yes"}
            await api.create(CONFIG_MAPS, body)
            await api.patch(
                CONFIG_MAPS,
                f"map-{index:04d}",
                {"data": {"key": "b"}},
                patch_type=PatchType.MERGE,
                namespace="default",
            )
            await api.delete(CONFIG_MAPS, f"map-{index:04d}", namespace="default")

    async with asyncio.TaskGroup() as group:
        for index in range(objects):
            group.create_task(one(index))
