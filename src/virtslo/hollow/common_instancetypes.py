"""Instance types and preferences that come with KubeVirt, as far as load tests name them.

Invariant: data; sizes as in kubevirt/common-instancetypes.
"""

from typing import Any, Final

from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource

_SIZES: Final = {
    "u1.nano": (1, "512Mi"),
    "u1.micro": (1, "1Gi"),
    "u1.small": (1, "2Gi"),
    "u1.medium": (1, "4Gi"),
    "u1.2xmedium": (2, "4Gi"),
    "u1.large": (2, "8Gi"),
    "u1.xlarge": (4, "16Gi"),
    "u1.2xlarge": (8, "32Gi"),
}
_SYSTEMS: Final = ("alpine", "centos.stream9", "cirros", "debian", "fedora", "ubuntu")


def common_objects() -> list[tuple[Resource, dict[str, Any]]]:
    """Every instance type and preference, with its resource."""
    made: list[tuple[Resource, dict[str, Any]]] = []
    for name, (cpu, memory) in _SIZES.items():
        spec: dict[str, Any] = {"cpu": {"guest": cpu}, "memory": {"guest": memory}}
        made.append(_object(resources.CLUSTER_INSTANCETYPES, name, spec))
    for name in _SYSTEMS:
        devices = {"preferredDiskBus": "virtio", "preferredInterfaceModel": "virtio"}
        made.append(_object(resources.CLUSTER_PREFERENCES, name, {"devices": devices}))
    return made


def _object(resource: Resource, name: str, spec: dict[str, Any]) -> tuple[Resource, dict[str, Any]]:
    body = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name},
        "spec": spec,
    }
    return resource, body
