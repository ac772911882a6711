"""What KubeVirt's mutating webhooks add to its objects before they are stored.

Invariant: pure; the object given is untouched, and defaults that do not differ between objects are
shared constants.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from virtslo.base.quantity import read_quantity
from virtslo.model.identifiers import Object

VMI_FINALIZER: Final = "kubevirt.io/foregroundDeleteVirtualMachine"
MATCHER_KINDS: Final[Mapping[str, str]] = {
    "instancetype": "VirtualMachineClusterInstancetype",
    "preference": "VirtualMachineClusterPreference",
}

_CPU: Final = {"cores": 1, "maxSockets": 4, "model": "host-model", "sockets": 1, "threads": 1}
_FEATURES: Final = {"acpi": {"enabled": True}}
_MACHINE: Final = {"type": "q35"}
_NETWORKS: Final = [{"name": "default", "pod": {}}]
_INTERFACES: Final = [{"masquerade": {}, "name": "default"}]
_DISK: Final = {"disk": {"bus": "sata"}}
_TOPOLOGY: Final = {"kubevirt.io/pci-topology-version": "v3"}
_GUEST_OS: Final[Mapping[str, Any]] = {}
_NOTHING: Final[Mapping[str, Any]] = {}


def vmi_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A VMI's spec with KubeVirt's defaults, but for the firmware's own UUID."""
    domain = spec.get("domain") or _NOTHING
    devices = dict(domain.get("devices") or _NOTHING)
    disks = _disks(devices, spec.get("volumes") or ())
    if disks:
        devices["disks"] = disks
    new_spec = {"architecture": "amd64", **spec}
    if devices.get("autoattachPodInterface", True) and not spec.get("networks"):
        devices.setdefault("interfaces", _INTERFACES)
        new_spec["networks"] = _NETWORKS
    new_spec["domain"] = {
        **domain,
        "cpu": {**_CPU, **(domain.get("cpu") or _NOTHING)},
        "devices": devices,
        "features": {**_FEATURES, **(domain.get("features") or _NOTHING)},
        "machine": domain.get("machine") or _MACHINE,
        "memory": _memory(domain),
    }
    return new_spec


def _disks(devices: Mapping[str, Any], volumes: Sequence[Any]) -> list[Any]:
    """The disks with their buses, and one for every volume that has none."""
    disks = [_with_bus(disk) for disk in devices.get("disks") or ()]
    attached = [
        each.get("name")
        for each in (*disks, *(devices.get("filesystems") or ()))
        if isinstance(each, Mapping)
    ]
    return disks + [
        {"name": volume.get("name"), **_DISK}
        for volume in volumes
        if isinstance(volume, Mapping)
        and "memoryDump" not in volume
        and volume.get("name") not in attached
    ]


def _with_bus(disk: Any) -> Any:
    if not isinstance(disk, Mapping):
        return disk
    targets = [key for key in ("disk", "lun", "cdrom") if disk.get(key) is not None]
    if not targets:
        return {**disk, **_DISK}
    if disk[targets[0]].get("bus"):
        return disk
    return {**disk, targets[0]: {**disk[targets[0]], "bus": "sata"}}


def _memory(domain: Mapping[str, Any]) -> Any:
    memory = domain.get("memory") or _NOTHING
    resources = domain.get("resources") or _NOTHING
    requested = (resources.get("requests") or _NOTHING).get("memory")
    if memory.get("guest") or not requested or not read_quantity(requested):
        return memory
    return {**memory, "guest": requested}


def with_uuid(spec: Mapping[str, Any], uuid: str) -> Mapping[str, Any]:
    """A VMI's spec with a firmware UUID, where it has none."""
    domain = spec["domain"]
    firmware = domain.get("firmware") or _NOTHING
    if firmware.get("uuid"):
        return spec
    return {**spec, "domain": {**domain, "firmware": {**firmware, "uuid": uuid}}}


def has_uuid(spec: Mapping[str, Any]) -> bool:
    """Whether a VMI's spec states its firmware's UUID."""
    firmware = (spec.get("domain") or _NOTHING).get("firmware") or _NOTHING
    return bool(firmware.get("uuid"))


def vmi_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A VMI's metadata with KubeVirt's finalizer and annotation."""
    finalizers = metadata.get("finalizers") or []
    if VMI_FINALIZER not in finalizers:
        finalizers = [*finalizers, VMI_FINALIZER]
    annotations = metadata.get("annotations") or {}
    return {
        **metadata,
        "finalizers": finalizers,
        "annotations": {**annotations, **_TOPOLOGY} if annotations else _TOPOLOGY,
    }


def vmi_status(target: Object, now: str) -> dict[str, Any]:
    """The status that a VMI is born with; of one that is given, only its VM's revision stays."""
    revision = (target.get("status") or _NOTHING).get("virtualMachineRevisionName")
    kept = {"virtualMachineRevisionName": revision} if revision else {}
    return {
        **kept,
        "guestOSInfo": _GUEST_OS,
        "phase": "Pending",
        "phaseTransitionTimestamps": [_pending_since(now)],
        "runtimeUser": 107,
    }


@lru_cache(maxsize=64)
def _pending_since(now: str) -> Mapping[str, Any]:
    return {"phase": "Pending", "phaseTransitionTimestamp": now}


def vm_spec(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """A VM's spec with KubeVirt's defaults: architecture, machine type, kinds of what it names."""
    template = spec.get("template")
    if not isinstance(template, Mapping):
        return spec
    changed = dict(spec)
    for key, kind in MATCHER_KINDS.items():
        matcher = spec.get(key)
        if isinstance(matcher, Mapping) and not matcher.get("kind"):
            changed[key] = {**matcher, "kind": kind}
    below = template.get("spec") or _NOTHING
    domain = below.get("domain") or _NOTHING
    machine = domain.get("machine") or _NOTHING
    changed["template"] = {
        **template,
        "spec": {
            "architecture": "amd64",
            **below,
            "domain": {
                "devices": _NOTHING,
                "resources": _NOTHING,
                **domain,
                "machine": machine if machine.get("type") else {**machine, **_MACHINE},
            },
        },
    }
    return changed
