"""Hollow nodes and a hollow KubeVirt, put on an API server and taken away, in process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from support.bodies import machine
from support.clusters import USER, Cluster
from virtslo.app.cluster.hollow_cluster import install, node_names, remove, require_no_kubevirt
from virtslo.base.errors import ClusterError
from virtslo.config.profiles import load_profile
from virtslo.hollow.definitions import DEFINED, MANAGED_LABEL, definition_of, vmi_policy
from virtslo.hollow.kubernetes.namespace import NamespaceController
from virtslo.hollow.process.component import Component
from virtslo.model.kubernetes.resources import KUBEVIRTS, NAMESPACES, NODES, VMIS, VMS


async def put(cluster: Cluster, *, nodes: int) -> list[str]:
    told: list[str] = []
    await install(
        cluster.api,
        cluster.clock,
        load_profile("instant"),
        nodes=nodes,
        seed=1,
        install_definitions=False,
        tell=told.append,
    )
    return told


@asynccontextmanager
async def namespaces_end(cluster: Cluster) -> AsyncIterator[None]:
    """A namespace controller at work, without which none that is deleted is ever gone."""
    component = Component(USER, cluster.api.transport, cluster.clock)
    controller = NamespaceController(component, component.watch(NAMESPACES))

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            for reflector in component.reflectors:
                group.create_task(reflector.run())
            controller.start(group)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(work())
        yield
        task.cancel()


async def test_what_is_put_there_is_taken_away_again_and_nothing_else(cluster: Cluster) -> None:
    other = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "theirs"}}
    await cluster.api.create(NODES, other)
    await put(cluster, nodes=2)
    nodes = (await cluster.api.list_objects(NODES)).items
    marked = [node for node in nodes if MANAGED_LABEL in node["metadata"].get("labels", {})]
    assert {node["metadata"]["name"] for node in marked} == set(node_names(2))
    assert all(node["spec"]["taints"][0]["effect"] == "NoSchedule" for node in marked)

    async with namespaces_end(cluster):
        assert await remove(cluster.api, cluster.clock, lambda _: None) == ()

    left = (await cluster.api.list_objects(NODES)).items
    assert [node["metadata"]["name"] for node in left] == ["theirs"]
    assert (await cluster.api.list_objects(KUBEVIRTS)).items == ()


async def test_whoever_is_killed_meanwhile_leaves_no_node_without_our_mark(
    cluster: Cluster,
) -> None:
    async with cluster.api.watch(NODES) as watch:
        await put(cluster, nodes=3)
        begun = [(await anext(watch)).object for _ in range(3)]
    assert [each["metadata"]["labels"].get(MANAGED_LABEL) for each in begun] == ["true"] * 3
    assert all(each["spec"]["taints"][0]["key"] == MANAGED_LABEL for each in begun)


async def test_a_namespace_that_does_not_end_is_told(cluster: Cluster) -> None:
    await put(cluster, nodes=1)
    (left,) = await remove(cluster.api, cluster.clock, lambda _: None)

    assert left == "Namespace kubevirt (still ending after 120 s)"


async def test_a_second_one_and_a_real_one_are_refused(cluster: Cluster) -> None:
    await put(cluster, nodes=1)
    with pytest.raises(ClusterError, match="already"):
        await require_no_kubevirt(cluster.api)
    played = (await cluster.api.list_objects(KUBEVIRTS)).items[0]
    metadata = {**played["metadata"], "annotations": {}}
    await cluster.api.update(KUBEVIRTS, {**played, "metadata": metadata})
    with pytest.raises(ClusterError, match="a real KubeVirt is installed here"):
        await require_no_kubevirt(cluster.api)


async def test_a_namespace_that_was_there_before_stays(cluster: Cluster) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kubevirt"}}
    await cluster.api.create(NAMESPACES, body)
    await put(cluster, nodes=1)
    await cluster.api.create(VMIS, machine("one"))
    await remove(cluster.api, cluster.clock, lambda _: None)

    assert await cluster.api.get(NAMESPACES, "kubevirt")


def test_a_definition_has_the_subresources_of_the_real_one() -> None:
    (version,) = definition_of(VMS)["spec"]["versions"]
    assert list(version["subresources"]) == ["status"]
    (machines,) = definition_of(VMIS)["spec"]["versions"]
    assert "subresources" not in machines, "a VMI's status is written with the VMI"
    assert len({definition_of(each)["metadata"]["name"] for each in DEFINED}) == len(DEFINED)


def test_a_new_machine_is_pending_and_kept_until_its_controller_lets_it_go() -> None:
    (mutation,) = vmi_policy()["spec"]["mutations"]
    expression = mutation["jsonPatch"]["expression"]

    assert '"phase": "Pending"' in expression
    assert "kubevirt.io/foregroundDeleteVirtualMachine" in expression
