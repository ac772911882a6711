"""What every implementation of the API port does alike: in process, and over HTTP."""

import pytest

from support.bodies import config_map, held, machine, pod
from support.clusters import EVERY_WAY, OURS, Cluster
from virtslo.base.errors import (
    AlreadyExists,
    Conflict,
    Invalid,
    NotFound,
)
from virtslo.model.kubernetes.resources import CONFIG_MAPS, PODS, VMI_REPLICA_SETS, VMIS
from virtslo.ports.kube_api import PatchType, Selection

HERE = Selection(namespace="default")
pytestmark = pytest.mark.parametrize("cluster", EVERY_WAY, indirect=True)


async def test_what_is_created_can_be_read(cluster: Cluster) -> None:
    created = await cluster.api.create(CONFIG_MAPS, config_map("one", key="value"))
    read = await cluster.api.get(CONFIG_MAPS, "one", namespace="default")

    assert read == created
    assert read["kind"] == "ConfigMap"
    assert read["data"] == {"key": "value"}
    assert read["metadata"]["uid"]


async def test_a_generated_name_is_completed_by_the_server(cluster: Cluster) -> None:
    body = machine("unused")
    body["metadata"] = {"generateName": "vmi-", "namespace": "default"}

    created = await cluster.api.create(VMIS, body)

    assert created["metadata"]["name"].startswith("vmi-")
    assert len(created["metadata"]["name"]) == len("vmi-") + 5


async def test_a_namespace_may_be_given_beside_the_body(cluster: Cluster) -> None:
    body = config_map("one")
    del body["metadata"]["namespace"]

    created = await cluster.api.create(CONFIG_MAPS, body, namespace="kube-system")

    assert created["metadata"]["namespace"] == "kube-system"


async def test_a_dry_run_stores_nothing(cluster: Cluster) -> None:
    await cluster.api.create(CONFIG_MAPS, config_map("one"), dry_run=True)

    with pytest.raises(NotFound):
        await cluster.api.get(CONFIG_MAPS, "one", namespace="default")


async def test_a_second_object_of_a_name_is_refused(cluster: Cluster) -> None:
    await cluster.api.create(CONFIG_MAPS, config_map("one"))

    with pytest.raises(AlreadyExists, match='configmaps "one" already exists') as refused:
        await cluster.api.create(CONFIG_MAPS, config_map("one"))

    assert refused.value.code == 409
    assert refused.value.reason == "AlreadyExists"
    assert refused.value.details["name"] == "one"


async def test_what_does_not_exist_is_not_found(cluster: Cluster) -> None:
    words = 'virtualmachineinstances.kubevirt.io "none" not found'
    with pytest.raises(NotFound, match=words):
        await cluster.api.get(VMIS, "none", namespace="default")
    with pytest.raises(NotFound, match=words):
        await cluster.api.delete(VMIS, "none", namespace="default")
    with pytest.raises(NotFound, match=words):
        await cluster.api.patch(VMIS, "none", {}, patch_type=PatchType.MERGE, namespace="default")
    with pytest.raises(NotFound, match=words):
        await cluster.api.update(VMIS, machine("none"))


async def test_an_object_that_is_not_valid_is_refused_with_its_causes(cluster: Cluster) -> None:
    with pytest.raises(Invalid) as refused:
        await cluster.api.create(CONFIG_MAPS, config_map("Not_A_Name"))

    assert refused.value.code == 422
    assert refused.value.details["causes"][0]["field"] == "metadata.name"


async def test_a_machine_without_memory_is_refused_by_the_webhook(cluster: Cluster) -> None:
    body = machine("one")
    body["spec"] = {"domain": {"devices": {}}}

    with pytest.raises(Invalid, match="admission webhook"):
        await cluster.api.create(VMIS, body)


async def test_an_update_from_an_old_version_conflicts(cluster: Cluster) -> None:
    first = await cluster.api.create(CONFIG_MAPS, config_map("one", key="a"))
    second = await cluster.api.update(CONFIG_MAPS, {**first, "data": {"key": "b"}})

    with pytest.raises(Conflict, match="the object has been modified"):
        await cluster.api.update(CONFIG_MAPS, {**first, "data": {"key": "c"}})

    assert second["data"] == {"key": "b"}
    assert int(second["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])


@pytest.mark.parametrize(
    ("patch_type", "patch"),
    [
        (PatchType.JSON, [{"op": "add", "path": "/data/new", "value": "x"}]),
        (PatchType.MERGE, {"data": {"new": "x"}}),
        (PatchType.STRATEGIC, {"data": {"new": "x"}}),
        (
            PatchType.APPLY,
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "one"},
                "data": {"new": "x"},
            },
        ),
    ],
)
async def test_patches_of_every_type_change_what_they_name(
    patch_type: PatchType, patch: object, cluster: Cluster
) -> None:
    await cluster.api.create(CONFIG_MAPS, config_map("one", old="y"))

    patched = await cluster.api.patch(
        CONFIG_MAPS, "one", patch, patch_type=patch_type, namespace="default"
    )

    assert patched["data"] == {"old": "y", "new": "x"}


async def test_a_binding_puts_a_pod_on_a_node(cluster: Cluster) -> None:
    await cluster.api.create(PODS, pod("one"))
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "one", "namespace": "default"},
        "target": {"kind": "Node", "name": "node-1"},
    }

    await cluster.api.create(PODS, binding, namespace="default", name="one", subresource="binding")

    bound = await cluster.api.get(PODS, "one", namespace="default")
    assert bound["spec"]["nodeName"] == "node-1"


async def test_a_status_is_written_apart_from_the_rest(cluster: Cluster) -> None:
    created = await cluster.api.create(PODS, pod("one", node="node-1"))
    changed = {**created, "status": {"phase": "Running"}, "spec": {"containers": []}}

    updated = await cluster.api.update(PODS, changed, subresource="status")

    assert updated["status"]["phase"] == "Running"
    assert updated["spec"] == created["spec"]


async def test_a_pool_is_scaled_through_its_scale(cluster: Cluster) -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": machine("x")["spec"]}
    await cluster.api.create(
        VMI_REPLICA_SETS,
        {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachineInstanceReplicaSet",
            "metadata": {"name": "one", "namespace": "default"},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"a": "b"}},
                "template": template,
            },
        },
    )

    scaled = await cluster.api.patch(
        VMI_REPLICA_SETS,
        "one",
        {"spec": {"replicas": 3}},
        patch_type=PatchType.MERGE,
        namespace="default",
        subresource="scale",
    )
    scale = await cluster.api.get(VMI_REPLICA_SETS, "one", namespace="default", subresource="scale")

    assert scaled["kind"] == "Scale"
    assert scale["spec"]["replicas"] == 3


async def test_a_deletion_waits_for_finalizers(cluster: Cluster) -> None:
    await cluster.api.create(VMIS, held(machine("one")))
    await cluster.api.delete(VMIS, "one", namespace="default", propagation="Background")
    marked = await cluster.api.get(VMIS, "one", namespace="default")

    await cluster.api.patch(
        VMIS,
        "one",
        [{"op": "remove", "path": "/metadata/finalizers"}],
        patch_type=PatchType.JSON,
        namespace="default",
    )

    assert marked["metadata"]["deletionTimestamp"]
    with pytest.raises(NotFound):
        await cluster.api.get(VMIS, "one", namespace="default")


async def test_a_pod_on_a_node_is_given_its_grace_period(cluster: Cluster) -> None:
    await cluster.api.create(PODS, pod("one", node="node-1"))

    left = await cluster.api.delete(PODS, "one", namespace="default", grace_period_seconds=7)
    await cluster.api.delete(PODS, "one", namespace="default", grace_period_seconds=0)

    assert left["metadata"]["deletionGracePeriodSeconds"] == 7
    with pytest.raises(NotFound):
        await cluster.api.get(PODS, "one", namespace="default")


async def test_a_deletion_of_another_uid_conflicts(cluster: Cluster) -> None:
    await cluster.api.create(CONFIG_MAPS, config_map("one"))

    with pytest.raises(Conflict):
        await cluster.api.delete(CONFIG_MAPS, "one", namespace="default", uid="another")


async def test_a_collection_is_deleted_as_far_as_it_is_selected(cluster: Cluster) -> None:
    for name, colour in (("a", "red"), ("b", "blue"), ("c", "red")):
        body = config_map(name)
        body["metadata"]["labels"] = {"colour": colour}
        await cluster.api.create(CONFIG_MAPS, body)

    await cluster.api.delete_objects(
        CONFIG_MAPS, Selection(namespace="default", label_selector="colour=red")
    )

    left = await cluster.api.list_objects(CONFIG_MAPS, OURS)
    assert [item["metadata"]["name"] for item in left.items] == ["b"]


async def test_lists_are_selected_by_namespace_labels_and_fields(cluster: Cluster) -> None:
    await cluster.api.create(PODS, pod("one", node="node-1"))
    await cluster.api.create(PODS, pod("two", node="node-2"))
    await cluster.api.create(VMIS, machine("red", colour="red"))
    await cluster.api.create(VMIS, machine("blue", colour="blue"))

    on_node = await cluster.api.list_objects(PODS, Selection(field_selector="spec.nodeName=node-2"))
    red = await cluster.api.list_objects(VMIS, Selection(label_selector="colour in (red)"))
    elsewhere = await cluster.api.list_objects(VMIS, Selection(namespace="kube-system"))

    assert [item["metadata"]["name"] for item in on_node.items] == ["two"]
    assert [item["metadata"]["name"] for item in red.items] == ["red"]
    assert red.items[0]["kind"] == "VirtualMachineInstance"
    assert elsewhere.items == ()


async def test_pages_make_up_the_list_of_their_first_version(cluster: Cluster) -> None:
    for index in range(5):
        await cluster.api.create(PODS, pod(f"pod-{index}"))

    first = await cluster.api.list_objects(PODS, HERE, limit=3)
    await cluster.api.create(PODS, pod("pod-9"))
    second = await cluster.api.list_objects(
        PODS, HERE, limit=3, continue_token=first.continue_token
    )

    names = [item["metadata"]["name"] for item in (*first.items, *second.items)]
    assert names == [f"pod-{index}" for index in range(5)]
    assert first.remaining == 2
    assert second.resource_version == first.resource_version
    assert second.continue_token is None
