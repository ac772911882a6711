"""Objects that no component can work on: logged and counted, and everything else goes on."""

import asyncio
import logging
from typing import Any

import pytest

from support.hollow_clusters import NAMESPACE, Hollow, vm, vmi
from virtslo.hollow.client_go.bad_objects import BadObjects
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import PatchType

pytestmark = pytest.mark.bad_objects


def _store(hollow: Hollow, resource: Resource, name: str, **parts: Any) -> None:
    """Put an object into the store that the API server would have refused."""
    key = (NAMESPACE if resource.namespaced else "", name)
    before = hollow.server.store.get(resource, key)
    metadata = {"name": name, "uid": f"uid-{name}"}
    if resource.namespaced:
        metadata["namespace"] = NAMESPACE
    made: Object = before or {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": metadata,
    }
    hollow.server.store.put(resource, key, {**made, **parts})


async def _runs(hollow: Hollow, name: str) -> None:
    await hollow.api.create(resources.VMIS, vmi(name), namespace=NAMESPACE)
    await hollow.until_status(resources.VMIS, name, "phase", "Running")


@pytest.mark.parametrize(
    ("resource", "parts"),
    [
        (resources.NODES, {"status": {"allocatable": {"memory": "a lot"}}}),
        (resources.NODES, {"status": {"allocatable": ["memory"]}}),
        (resources.NODES, {"spec": {"taints": [{"key": "no effect"}]}}),
        (resources.PODS, {"spec": {}}),
        (resources.PODS, {"spec": {"containers": [{}]}, "status": {"phase": "Pending"}}),
        (
            resources.PODS,
            {
                "spec": {
                    "containers": [{"name": "c", "resources": {"requests": {"cpu": "x"}}}],
                    "nodeName": "node-00000",
                },
                "status": {"phase": "Pending"},
            },
        ),
        (resources.VMIS, {"spec": None, "status": {"phase": "Scheduled"}}),
        (resources.VMIS, {"spec": {"domain": []}, "status": None}),
        (resources.VMS, {"spec": {"runStrategy": "Always"}}),
        (resources.VM_POOLS, {"spec": {"replicas": "many"}}),
        (resources.VMI_REPLICA_SETS, {"spec": {"replicas": []}}),
        (resources.VMI_MIGRATIONS, {"spec": None}),
        (resources.LEASES, {"spec": None}),
        (resources.KUBEVIRTS, {"spec": "none"}),
    ],
    ids=lambda value: value.kind if isinstance(value, Resource) else None,
)
async def test_one_bad_object_stops_nothing(
    resource: Resource, parts: dict[str, Any], hollow: Hollow
) -> None:
    await _runs(hollow, "before")
    _store(hollow, resource, "bad", **parts)
    await asyncio.sleep(1)
    await _runs(hollow, "after")
    await hollow.api.create(resources.VMS, vm("machine"), namespace=NAMESPACE)
    await hollow.until_status(resources.VMS, "machine", "ready", True)
    await hollow.api.delete(resources.VMIS, "before", namespace=NAMESPACE)
    await hollow.until_gone(resources.VMIS, "before")


def test_what_cannot_be_worked_on_is_logged_once_and_counted_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad = BadObjects("kubelet")

    for _ in range(3):
        with caplog.at_level(logging.WARNING), bad.working_on("Pod w/one"):
            raise ValueError("no quantity")

    assert bad.count == 3
    assert [record.getMessage() for record in caplog.records] == [
        "kubelet: cannot work on Pod w/one: ValueError: no quantity"
    ]


def test_a_broken_assertion_is_no_bad_object() -> None:
    bad = BadObjects("kubelet")

    with pytest.raises(AssertionError), bad.working_on("Pod w/one"):
        raise AssertionError

    assert bad.count == 0


@pytest.mark.parametrize("amount", ["1e3", "129e6", "5.", ".5k", "+2", "1500000u", "1E3"])
async def test_a_device_may_be_counted_in_any_form_of_a_quantity(
    amount: str, hollow: Hollow
) -> None:
    for node in hollow.cluster.node_names:
        await hollow.api.patch(
            resources.NODES,
            node,
            {"status": {"allocatable": {"example.org/dongle": amount}}},
            patch_type=PatchType.MERGE,
            subresource="status",
        )
    await _runs(hollow, "one")
    container = {"name": "c", "image": "i", "resources": {"requests": {"memory": amount}}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod"},
        "spec": {"containers": [container]},
    }
    await hollow.api.create(resources.PODS, pod, namespace=NAMESPACE)
    await hollow.until_status(resources.PODS, "pod", "phase", "Running")
