"""A preference applied to a VMI: what the VMI leaves open is filled in.

Invariant: a pure function; what the VMI says itself always wins.
"""

from collections.abc import Mapping
from typing import Any

from virtslo.model.identifiers import Object


def with_preference(vmi: Object, preference: Mapping[str, Any]) -> Object:
    """The VMI with machine type, buses, models and grace period as preferred."""
    spec = dict(vmi["spec"])
    domain = dict(spec["domain"])
    devices = preference.get("devices") or {}
    domain["devices"] = _devices(domain.get("devices") or {}, devices)
    machine = (preference.get("machine") or {}).get("preferredMachineType")
    if machine and not (domain.get("machine") or {}).get("type"):
        domain["machine"] = {"type": machine}
    model = (preference.get("cpu") or {}).get("preferredCPUModel")
    if model and not (domain.get("cpu") or {}).get("model"):
        domain["cpu"] = {**(domain.get("cpu") or {}), "model": model}
    grace = preference.get("preferredTerminationGracePeriodSeconds")
    if grace is not None:
        spec.setdefault("terminationGracePeriodSeconds", grace)
    return {**vmi, "spec": {**spec, "domain": domain}}


def _devices(devices: Mapping[str, Any], preferred: Mapping[str, Any]) -> Mapping[str, Any]:
    changed = dict(devices)
    bus = preferred.get("preferredDiskBus")
    if bus and devices.get("disks"):
        changed["disks"] = [_with_bus(disk, bus) for disk in devices["disks"]]
    model = preferred.get("preferredInterfaceModel")
    if model and devices.get("interfaces"):
        changed["interfaces"] = [{"model": model, **item} for item in devices["interfaces"]]
    return changed


def _with_bus(disk: Mapping[str, Any], bus: str) -> Mapping[str, Any]:
    kinds = {"disk", "cdrom", "lun"} & disk.keys()
    if not kinds:
        return {**disk, "disk": {"bus": bus}}
    if "disk" in kinds and not (disk["disk"] or {}).get("bus"):
        return {**disk, "disk": {**(disk["disk"] or {}), "bus": bus}}
    return disk
