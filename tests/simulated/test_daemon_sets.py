"""Daemonsets of the simulated cluster: a pod on each node, counted, replaced and removed."""

import asyncio
from typing import Any

import pytest

from support.hollow_clusters import NAMESPACE, Hollow
from virtslo.base.errors import NotFound
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.other_resources import DAEMON_SETS
from virtslo.ports.kube_api import PatchType, Selection

pytestmark = pytest.mark.hollow(nodes=3, is_shared=True)


def daemon_set(**spec: Any) -> Object:
    pod = {"containers": [{"name": "c", "image": "pause"}], **spec}
    labels = {"app": "agent"}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "agent"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


async def created(hollow: Hollow, **spec: Any) -> None:
    await hollow.api.create(DAEMON_SETS, daemon_set(**spec), namespace=NAMESPACE)
    await asyncio.sleep(5)


async def nodes_of_pods(hollow: Hollow) -> list[str]:
    """The nodes on which pods of the daemonset are Running."""
    return sorted(
        pod["spec"]["nodeName"]
        for pod in await hollow.list_objects(resources.PODS)
        if pod["status"]["phase"] == "Running"
    )


async def status(hollow: Hollow) -> Object:
    found = await hollow.get(DAEMON_SETS, "agent")
    assert found is not None
    return dict(found["status"])


async def patched_node(hollow: Hollow, node: str, patch: Object) -> None:
    await hollow.api.patch(resources.NODES, node, patch, patch_type=PatchType.MERGE)
    await asyncio.sleep(5)


async def test_each_node_has_a_pod_and_the_status_counts_them(hollow: Hollow) -> None:
    await created(hollow)

    assert await nodes_of_pods(hollow) == list(hollow.cluster.node_names)
    assert await status(hollow) == {
        "currentNumberScheduled": 3,
        "desiredNumberScheduled": 3,
        "numberAvailable": 3,
        "numberMisscheduled": 0,
        "numberReady": 3,
        "observedGeneration": 1,
        "updatedNumberScheduled": 3,
    }


async def test_pods_go_with_their_daemonset(hollow: Hollow) -> None:
    await created(hollow)
    await hollow.api.delete(DAEMON_SETS, "agent", namespace=NAMESPACE)
    await asyncio.sleep(60)

    assert await hollow.list_objects(resources.PODS) == ()
    assert await hollow.list_objects(resources.CONTROLLER_REVISIONS) == ()


async def test_a_pod_that_is_deleted_comes_back(hollow: Hollow) -> None:
    await created(hollow)
    first = (await hollow.list_objects(resources.PODS))[0]["metadata"]
    await hollow.api.delete(resources.PODS, first["name"], namespace=NAMESPACE)
    await asyncio.sleep(60)

    pods = await hollow.list_objects(resources.PODS)
    assert await nodes_of_pods(hollow) == list(hollow.cluster.node_names)
    assert first["uid"] not in {pod["metadata"]["uid"] for pod in pods}


async def test_a_new_node_gets_a_pod_and_a_node_that_goes_loses_it(hollow: Hollow) -> None:
    await created(hollow)
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "extra"}}
    await hollow.api.create(resources.NODES, node)
    await asyncio.sleep(5)

    pods = await hollow.list_objects(resources.PODS)
    counts = await status(hollow)
    await hollow.api.delete(resources.NODES, "extra")
    await asyncio.sleep(5)

    assert len(pods) == 4
    assert (counts["desiredNumberScheduled"], counts["numberUnavailable"]) == (4, 1)
    assert await nodes_of_pods(hollow) == list(hollow.cluster.node_names)
    assert (await status(hollow))["desiredNumberScheduled"] == 3


async def test_only_chosen_nodes_have_a_pod(hollow: Hollow) -> None:
    last = hollow.cluster.node_names[-1]
    await created(hollow, nodeSelector={"rack": "b"})
    before = await status(hollow)
    await patched_node(hollow, last, {"metadata": {"labels": {"rack": "b"}}})
    chosen = await nodes_of_pods(hollow)
    await patched_node(hollow, last, {"metadata": {"labels": {"rack": None}}})
    await asyncio.sleep(60)

    assert before["desiredNumberScheduled"] == 0
    assert chosen == [last]
    assert await nodes_of_pods(hollow) == []


async def test_a_cordoned_node_keeps_its_pod_and_gets_one(hollow: Hollow) -> None:
    first = hollow.cluster.node_names[0]
    await patched_node(hollow, first, {"spec": {"unschedulable": True}})
    await created(hollow)

    assert await nodes_of_pods(hollow) == list(hollow.cluster.node_names)


@pytest.mark.parametrize(("effect", "is_left"), [("NoSchedule", True), ("NoExecute", False)])
async def test_a_taint_keeps_new_pods_away_and_one_that_executes_removes_them(
    effect: str, is_left: bool, hollow: Hollow
) -> None:
    first, *others = hollow.cluster.node_names
    await created(hollow)
    taint = {"key": "example.org/x", "value": "y", "effect": effect}
    await patched_node(hollow, first, {"spec": {"taints": [taint]}})
    await asyncio.sleep(60)

    assert await nodes_of_pods(hollow) == ([first] if is_left else []) + others
    counts = await status(hollow)
    assert counts["desiredNumberScheduled"] == 2
    assert counts["numberMisscheduled"] == int(is_left)


async def test_a_pod_that_tolerates_a_taint_is_there(hollow: Hollow) -> None:
    first = hollow.cluster.node_names[0]
    taint = {"key": "example.org/x", "value": "y", "effect": "NoSchedule"}
    await patched_node(hollow, first, {"spec": {"taints": [taint]}})
    await created(hollow, tolerations=[{"key": "example.org/x", "operator": "Exists"}])

    assert first in await nodes_of_pods(hollow)


async def test_a_new_template_replaces_pods_one_after_another(hollow: Hollow) -> None:
    await created(hollow)
    old = {pod["metadata"]["uid"] for pod in await hollow.list_objects(resources.PODS)}
    image = {"containers": [{"name": "c", "image": "pause:2"}]}
    await hollow.api.patch(
        DAEMON_SETS, "agent", {"spec": {"template": {"spec": image}}},
        patch_type=PatchType.MERGE, namespace=NAMESPACE,
    )  # fmt: skip
    await asyncio.sleep(0.001)
    going = [
        pod
        for pod in await hollow.list_objects(resources.PODS)
        if pod["metadata"].get("deletionTimestamp")
    ]
    await asyncio.sleep(200)

    pods = await hollow.list_objects(resources.PODS)
    assert len(going) <= 1
    assert len(pods) == 3
    assert not old & {pod["metadata"]["uid"] for pod in pods}
    assert {pod["spec"]["containers"][0]["image"] for pod in pods} == {"pause:2"}
    assert (await status(hollow))["updatedNumberScheduled"] == 3
    revisions = await hollow.list_objects(resources.CONTROLLER_REVISIONS)
    assert [item["revision"] for item in revisions] in ([1, 2], [2, 1])


async def test_kubevirts_own_pods_have_their_workloads(hollow: Hollow) -> None:
    page = await hollow.api.list_objects(resources.PODS, Selection("kubevirt"))
    owners = {pod["metadata"]["name"]: pod["metadata"]["ownerReferences"][0] for pod in page.items}
    handler = next(name for name in owners if name.startswith("virt-handler"))
    await hollow.api.delete(resources.PODS, handler, namespace="kubevirt")
    await asyncio.sleep(60)

    back = await hollow.api.get(resources.PODS, handler, namespace="kubevirt")
    assert {owner["kind"] for owner in owners.values()} == {"DaemonSet", "ReplicaSet"}
    assert back["status"]["phase"] == "Running"


@pytest.mark.hollow(nodes=1)
async def test_a_cluster_of_a_runs_own_has_no_workloads(hollow: Hollow) -> None:
    page = await hollow.api.list_objects(resources.PODS, Selection("kubevirt"))

    with pytest.raises(NotFound):
        await hollow.api.get(DAEMON_SETS, "virt-handler", namespace="kubevirt")
    assert not any(pod["metadata"].get("ownerReferences") for pod in page.items)


@pytest.mark.parametrize("value", [None, "x%", "abc", [], 10**400])
async def test_limits_that_a_server_would_refuse_do_not_keep_pods_away(
    hollow: Hollow, value: Any
) -> None:
    body = daemon_set()
    body["spec"]["updateStrategy"] = {"rollingUpdate": {"maxUnavailable": value}}
    await hollow.api.create(DAEMON_SETS, body, namespace=NAMESPACE)
    await asyncio.sleep(5)

    assert await nodes_of_pods(hollow) == list(hollow.cluster.node_names)


async def _revisions(hollow: Hollow) -> dict[str, int]:
    """The number of the revision of each image."""
    return {
        each["data"]["spec"]["template"]["spec"]["containers"][0]["image"]: each["revision"]
        for each in await hollow.list_objects(resources.CONTROLLER_REVISIONS)
    }


async def _change(hollow: Hollow, **spec: Any) -> None:
    patch = {"spec": spec}
    await hollow.api.patch(
        DAEMON_SETS, "agent", patch, patch_type=PatchType.MERGE, namespace=NAMESPACE
    )
    await asyncio.sleep(300)


def _template(image: str) -> Object:
    return {"spec": {"containers": [{"name": "c", "image": image}]}}


async def test_a_template_that_returns_has_the_newest_revision(hollow: Hollow) -> None:
    await created(hollow)
    await _change(hollow, updateStrategy={"type": "RollingUpdate"})
    await _change(hollow, template=_template("new"))
    before = await _revisions(hollow)
    await _change(hollow, template=_template("pause"))

    assert before == {"pause": 1, "new": 2}
    assert await _revisions(hollow) == {"pause": 3, "new": 2}


async def test_revisions_beyond_the_limit_go(hollow: Hollow) -> None:
    await created(hollow)
    await _change(hollow, revisionHistoryLimit=1)
    for image in ("a", "b", "c"):
        await _change(hollow, template=_template(image))

    found = await _revisions(hollow)
    assert found.keys() >= {"b", "c"}
    assert "pause" not in found


async def test_pods_that_nothing_owns_go_with_their_node(hollow: Hollow) -> None:
    await created(hollow)
    lost, *others = hollow.cluster.node_names
    await hollow.api.delete(DAEMON_SETS, "agent", namespace=NAMESPACE, propagation="Orphan")
    await asyncio.sleep(5)
    await hollow.api.delete(resources.NODES, lost)
    await asyncio.sleep(30)
    before = await hollow.list_objects(resources.PODS)
    await asyncio.sleep(60)

    assert len(before) == 3
    assert await nodes_of_pods(hollow) == others
    assert len(await hollow.list_objects(resources.PODS)) == 2
