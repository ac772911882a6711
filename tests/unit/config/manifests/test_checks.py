"""A document is a manifest of its kind, or every reason why not is told."""

from typing import Any

import pytest

from virtslo.config.manifests.checks import current, manifest_problems
from virtslo.model.plan.workload import TRAITS, Kind

CONTEXT = {"namespace": "ns"}


def places(document: Any, kind: Kind = Kind.VMI) -> list[str]:
    return [problem.place for problem in manifest_problems(document, "mine", kind, CONTEXT)]


@pytest.mark.parametrize("kind", list(Kind))
def test_the_least_manifest_of_every_kind_will_do(kind: Kind) -> None:
    resource = TRAITS[kind].resource
    document = {"apiVersion": resource.api_version, "kind": resource.kind, "spec": {}}

    assert places(document, kind) == []


def test_another_version_of_the_same_group_will_do() -> None:
    document = {"apiVersion": "pool.kubevirt.io/v1alpha1", "kind": "VirtualMachinePool", "spec": {}}

    assert places(document, Kind.VMPOOL) == []
    assert places({**document, "apiVersion": "pool.kubevirt.io"}, Kind.VMPOOL) != []
    assert places({**document, "apiVersion": "pool.kubevirt.io/v1"}, Kind.VMPOOL) != []


@pytest.mark.parametrize("status", [{}, None, {"ready": True}])
def test_a_manifest_is_sent_in_the_current_version_without_a_status(status: Any) -> None:
    spec: dict[str, Any] = {}
    document = {
        "apiVersion": "kubevirt.io/v1alpha3",
        "kind": "VirtualMachine",
        "spec": spec,
        "status": status,
    }

    assert places(document, Kind.VM) == []
    sent = current(document, Kind.VM)
    assert sent == {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": spec}
    assert current(sent, Kind.VM) is sent


def test_everything_that_is_wrong_is_told_at_once() -> None:
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": "other", "finalizers": ["x"], "uid": "u", "labels": 1},
        "status": 1,
        "more": 1,
        "spec": {},
    }

    assert places(document) == [
        "template mine: apiVersion",
        "template mine: kind",
        "template mine: more",
        "template mine: status",
        "template mine: metadata.namespace",
        "template mine: metadata.finalizers",
        "template mine: metadata.uid",
        "template mine: metadata.labels",
    ]


def test_labels_must_be_reachable_down_to_the_vmi() -> None:
    document = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": {"template": 1}}

    assert places(document, Kind.VM) == ["template mine: spec.template"]
