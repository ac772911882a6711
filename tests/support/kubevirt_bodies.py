"""Bodies and paths of KubeVirt's kinds, for asking an API server over the wire."""

from typing import Any

from support.raw_api import Answer, RawApi

PLURALS = {
    "VirtualMachineInstance": "virtualmachineinstances",
    "VirtualMachine": "virtualmachines",
    "VirtualMachineInstanceReplicaSet": "virtualmachineinstancereplicasets",
    "VirtualMachineInstanceMigration": "virtualmachineinstancemigrations",
    "VirtualMachinePool": "virtualmachinepools",
}
MEMORY = {"resources": {"requests": {"memory": "64Mi"}}}


def path(space: str, kind: str, name: str = "", version: str = "v1") -> str:
    """Where a kind is served in a namespace."""
    group = "kubevirt.io"
    if kind == "VirtualMachinePool":
        group, version = "pool.kubevirt.io", "v1beta1" if version == "v1" else version
    base = f"/apis/{group}/{version}/namespaces/{space}/{PLURALS[kind]}"
    return f"{base}/{name}" if name else base


def body(kind: str, spec: Any, **metadata: Any) -> dict[str, Any]:
    """An object of a kind."""
    version = "pool.kubevirt.io/v1beta1" if kind == "VirtualMachinePool" else "kubevirt.io/v1"
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "one", **metadata},
        "spec": spec,
    }


def create(api: RawApi, space: str, kind: str, spec: Any, **metadata: Any) -> Answer:
    """Ask for an object of a kind to be made."""
    return api.call("POST", path(space, kind), body(kind, spec, **metadata))


def vmi(**domain: Any) -> dict[str, Any]:
    """The spec of a VMI."""
    return {"domain": {"devices": {}, **MEMORY, **domain}}


def vm(**spec: Any) -> dict[str, Any]:
    """The spec of a VM that is halted."""
    return {"runStrategy": "Halted", "template": {"spec": vmi()}, **spec}
