"""lightkube judges the simulated cluster: typed and generic resources, apply, wait, watch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

lightkube = pytest.importorskip("lightkube", reason="lightkube is not installed")
from lightkube import ApiError, Client, KubeConfig  # noqa: E402
from lightkube.generic_resource import (  # noqa: E402
    create_namespaced_resource,
)
from lightkube.models.meta_v1 import ObjectMeta  # noqa: E402
from lightkube.resources.core_v1 import ConfigMap, Namespace, Node, Pod  # noqa: E402
from lightkube.types import PatchType  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
Machine = create_namespaced_resource(
    "kubevirt.io", "v1", "VirtualMachineInstance", "virtualmachineinstances"
)
Pool = create_namespaced_resource(
    "pool.kubevirt.io",
    "v1beta1",
    "VirtualMachinePool",
    "virtualmachinepools",
    verbs=["post", "get", "list", "patch", "delete"],
)


@pytest.fixture
def api(kubeconfig: Path) -> Iterator[Any]:
    found = KubeConfig.from_file(kubeconfig).get()
    api: Any = Client(config=found, field_manager="tester")
    yield api
    api._client._client.close()


@pytest.fixture
def space(api: Any) -> Iterator[str]:
    made = api.create(Namespace(metadata=ObjectMeta(generateName="light-")))
    yield made.metadata.name
    api.delete(Namespace, made.metadata.name)


def machine(name: str) -> Any:
    domain = {"devices": {}, "resources": {"requests": {"memory": "64Mi"}}}
    return Machine(metadata=ObjectMeta(name=name), spec={"domain": domain})


def test_nodes_are_listed(api: Any) -> None:
    names = [node.metadata.name for node in api.list(Node, chunk_size=2)]

    assert names == ["node-00000", "node-00001", "node-00002"]


def test_a_machine_runs_and_goes(api: Any, space: str) -> None:
    api.create(machine("one"), namespace=space)
    running = api.wait(Machine, "one", for_conditions=["Ready"], namespace=space)

    pods = list(api.list(Pod, namespace=space, labels={"kubevirt.io": "virt-launcher"}))
    api.delete(Machine, "one", namespace=space)
    version = running.metadata.resourceVersion
    for kind, found in api.watch(Machine, namespace=space, resource_version=version):
        if kind == "DELETED" and found.metadata.name == "one":
            break

    assert running.status["phase"] == "Running"
    assert len(pods) == 1
    with pytest.raises(ApiError) as refused:
        api.get(Machine, "one", namespace=space)
    status: Any = refused.value.status
    assert status.reason == "NotFound"
    assert status.details.name == "one"


def test_fields_are_applied_and_fought_over(api: Any, space: str) -> None:
    body = ConfigMap(
        apiVersion="v1", kind="ConfigMap", metadata=ObjectMeta(name="one"), data={"a": "b"}
    )
    applied = api.apply(body, namespace=space)
    body.data = {"a": "c"}

    with pytest.raises(ApiError) as refused:
        api.apply(body, namespace=space, field_manager="other")
    forced = api.apply(body, namespace=space, field_manager="other", force=True)

    assert applied.metadata.managedFields[0].manager == "tester"
    assert refused.value.status.reason == "Conflict"
    assert forced.data == {"a": "c"}


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        (PatchType.MERGE, {"data": {"new": "x"}}),
        (PatchType.STRATEGIC, {"data": {"new": "x"}}),
        (PatchType.JSON, [{"op": "add", "path": "/data/new", "value": "x"}]),
    ],
    ids=["merge", "strategic", "json"],
)
def test_patches_of_every_type_are_taken(api: Any, space: str, kind: Any, patch: Any) -> None:
    api.create(ConfigMap(metadata=ObjectMeta(name="one"), data={"a": "b"}), namespace=space)

    changed = api.patch(ConfigMap, "one", patch, patch_type=kind, namespace=space)

    assert changed.data == {"a": "b", "new": "x"}


def test_a_pool_is_scaled(api: Any, space: str) -> None:
    labels = {"a": "b"}
    template = {
        "metadata": {"labels": labels},
        "spec": {
            "runStrategy": "Always",
            "template": {"spec": machine("x").spec},
        },
    }
    body = Pool(
        metadata=ObjectMeta(name="one"),
        spec={
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "virtualMachineTemplate": template,
        },
    )
    api.create(body, namespace=space)

    api.patch(Pool.Scale, "one", {"spec": {"replicas": 2}}, namespace=space)

    assert api.get(Pool.Scale, "one", namespace=space).spec.replicas == 2
