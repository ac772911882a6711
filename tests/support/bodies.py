"""Objects that tests create."""

from typing import Any


def namespace(name: str) -> dict[str, Any]:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def config_map(name: str, **data: str) -> dict[str, Any]:
    """A config map in the default namespace."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default"},
        "data": data,
    }


def machine(name: str, **labels: str) -> dict[str, Any]:
    """A VMI in the default namespace."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {"domain": {"devices": {}, "resources": {"requests": {"memory": "90Mi"}}}},
    }


def held(body: dict[str, Any]) -> dict[str, Any]:
    """An object that stays, marked as deleted, until its finalizer is taken away."""
    return {**body, "metadata": {**body["metadata"], "finalizers": ["virtslo.test/hold"]}}


def pod(name: str, *, node: str = "") -> dict[str, Any]:
    """A pod in the default namespace."""
    spec: dict[str, Any] = {"containers": [{"name": "compute", "image": "launcher"}]}
    if node:
        spec["nodeName"] = node
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }
