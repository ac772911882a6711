"""The virt-launcher pod of a VMI, as virt-controller writes it.

Invariant: what does not differ between pods is shared.
"""

from collections import Counter
from functools import lru_cache
from typing import Any, Final

from virtslo.base.quantity import parse_quantity
from virtslo.model.identifiers import Object

IMAGE: Final = "quay.io/kubevirt/virt-launcher:v1.9.0-rc"
UNPAUSED_GATE: Final = "kubevirt.io/virtual-machine-unpaused"
OVERHEAD_MIB: Final = 389
DEVICES: Final = ("kvm", "tun", "vhost-net")

_CAPABILITIES: Final = {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}
_SECURITY: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": _CAPABILITIES,
    "runAsGroup": 107,
    "runAsNonRoot": True,
    "runAsUser": 107,
}
_VOLUMES: Final = [
    {"emptyDir": {}, "name": "private"},
    {"emptyDir": {}, "name": "public"},
    {"emptyDir": {}, "name": "sockets"},
    {"emptyDir": {}, "name": "virt-bin-share-dir"},
    {"emptyDir": {}, "name": "libvirt-runtime"},
    {"emptyDir": {}, "name": "ephemeral-disks"},
    {"emptyDir": {}, "name": "container-disks"},
]
_TOLERATIONS: Final = [{"key": "virtslo.io/hollow", "operator": "Exists"}]
"""Hollow nodes on a real cluster repel whatever does not tolerate them."""
_MOUNTS: Final = [
    {"mountPath": "/var/run/kubevirt-private", "name": "private"},
    {"mountPath": "/var/run/kubevirt", "name": "public"},
    {"mountPath": "/var/run/libvirt", "name": "libvirt-runtime"},
]
_ANNOTATIONS: Final = {
    "kubectl.kubernetes.io/default-container": "compute",
    "kubevirt.io/migrationTransportUnix": "true",
}


def pod_for(vmi: Object) -> Object:
    """The pod to be created for a VMI."""
    metadata = vmi["metadata"]
    labels = {
        **(metadata.get("labels") or {}),
        "kubevirt.io": "virt-launcher",
        "kubevirt.io/created-by": metadata["uid"],
        "vm.kubevirt.io/name": metadata["name"],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "annotations": {**_ANNOTATIONS, "kubevirt.io/domain": metadata["name"]},
            "generateName": f"virt-launcher-{metadata['name']}-",
            "labels": labels,
            "namespace": metadata["namespace"],
            "ownerReferences": [
                {
                    "apiVersion": vmi["apiVersion"],
                    "blockOwnerDeletion": True,
                    "controller": True,
                    "kind": vmi["kind"],
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                }
            ],
        },
        "spec": _placed(_spec(*_requests(vmi["spec"]["domain"])), vmi["spec"]),
    }


def _placed(spec: Any, vmi_spec: Any) -> Any:
    """The pod's spec, with the nodes that the VMI asks for or tolerates and its devices."""
    selector, affinity = vmi_spec.get("nodeSelector"), vmi_spec.get("affinity")
    tolerations = vmi_spec.get("tolerations")
    more = _extra_resources(vmi_spec["domain"])
    if not (selector or affinity or tolerations or more):
        return spec
    placed = dict(spec)
    if tolerations:
        placed["tolerations"] = [*spec["tolerations"], *tolerations]
    if selector:
        placed["nodeSelector"] = {**spec["nodeSelector"], **selector}
    if affinity:
        placed["affinity"] = affinity
    if more:
        (compute,) = spec["containers"]
        asked = compute["resources"]
        limits = {name: amount for name, amount in more.items() if name != "memory"}
        resources = {
            "limits": {**asked["limits"], **limits},
            "requests": {**asked["requests"], **more},
        }
        placed["containers"] = [{**compute, "resources": resources}]
    return placed


def _extra_resources(domain: Any) -> dict[str, str]:
    """GPUs, other host devices and huge pages, in bytes; memory is then for what is beside them."""
    devices = domain.get("devices") or {}
    named = [*(devices.get("gpus") or ()), *(devices.get("hostDevices") or ())]
    more: dict[str, str] = {}
    if named:
        counts = Counter(each["deviceName"] for each in named if each.get("deviceName"))
        more = {name: str(count) for name, count in counts.items()}
    memory = domain.get("memory") or {}
    size = (memory.get("hugepages") or {}).get("pageSize")
    if size:
        asked = parse_quantity(_requests(domain)[1]).units
        guest = parse_quantity(str(memory["guest"])).units if memory.get("guest") else asked
        pages = min(asked, guest)
        more[f"hugepages-{size}"] = str(pages)
        more["memory"] = str(asked - pages + OVERHEAD_MIB * 1024**2)
    return more


def _requests(domain: Any) -> tuple[str, str]:
    requests = domain.get("resources", {}).get("requests", {})
    cpu = requests.get("cpu") or f"{domain.get('cpu', {}).get('cores', 1) * 100}m"
    memory = requests.get("memory") or domain.get("memory", {}).get("guest") or "128Mi"
    return str(cpu), str(memory)


@lru_cache(maxsize=256)
def _spec(cpu: str, memory: str) -> Any:
    devices = {f"devices.kubevirt.io/{device}": "1" for device in DEVICES}
    compute = {
        "command": ["/usr/bin/virt-launcher-monitor"],
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "name": "compute",
        "resources": {
            "limits": devices,
            "requests": {"cpu": cpu, "memory": memory, **devices},
        },
        "securityContext": _SECURITY,
        "volumeMounts": _MOUNTS,
    }
    return {
        "automountServiceAccountToken": False,
        "containers": [compute],
        "enableServiceLinks": False,
        "nodeSelector": {
            "kubernetes.io/arch": "amd64",
            "kubevirt.io/schedulable": "true",
            "machine-type.node.kubevirt.io/q35": "true",
        },
        "readinessGates": [{"conditionType": UNPAUSED_GATE}],
        "restartPolicy": "Never",
        "schedulerName": "default-scheduler",
        "securityContext": {"fsGroup": 107, "runAsGroup": 107, "runAsNonRoot": True},
        "terminationGracePeriodSeconds": 30,
        "tolerations": _TOLERATIONS,
        "volumes": _VOLUMES,
    }
