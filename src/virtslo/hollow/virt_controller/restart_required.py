"""Whether a running VM was changed in a way that only a restart brings to its VMI. Pure.

Invariant: what KubeVirt updates live under its default rollout strategy never asks for a restart;
everything else in the template's spec does.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.hollow.client_go.conditions import Condition
from virtslo.model.identifiers import Object

RESTART_REQUIRED: Final = "RestartRequired"
_MESSAGE: Final = "a non-live-updatable field was changed in the template spec"
_PLACEMENT: Final = ("affinity", "nodeSelector", "tolerations")
_CLAIMS: Final = ("dataVolume", "persistentVolumeClaim")


def needs_restart(vm: Object, vmi: Object, revision: Object | None) -> bool:
    """Whether a VM asks for more than its VMI was started with, as `revision` remembers it."""
    if revision is None or vmi["metadata"].get("deletionTimestamp"):
        return False
    started, wanted = revision["data"]["spec"].get("template"), vm["spec"]["template"]
    if started is None or started is wanted or started == wanted:
        return False
    return _fixed(started["spec"], wanted["spec"]) != _fixed(wanted["spec"], started["spec"])


def restart_condition(now: str) -> Condition:
    """The condition `RestartRequired`."""
    return {
        "lastProbeTime": None,
        "lastTransitionTime": now,
        "message": _MESSAGE,
        "status": "True",
        "type": RESTART_REQUIRED,
    }


def _fixed(spec: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """What of a VMI's spec cannot be updated live, seen against what it is compared with."""
    domain, other_domain = spec.get("domain") or {}, other.get("domain") or {}
    fixed = {key: value for key, value in spec.items() if key not in _PLACEMENT}
    fixed_domain = dict(domain)
    for part, key in (("cpu", "sockets"), ("memory", "guest")):
        if domain.get(part) is not None and other_domain.get(part) is not None:
            fixed_domain[part] = _without(domain[part], key)
    plugged = _hot_plugged(spec)
    if "volumes" in spec:
        fixed["volumes"] = [each for each in spec["volumes"] if each["name"] not in plugged]
    devices = domain.get("devices")
    if devices and "disks" in devices:
        disks = [each for each in devices["disks"] if each["name"] not in plugged]
        fixed_domain["devices"] = {**devices, "disks": disks}
    return {**fixed, "domain": fixed_domain}


def _hot_plugged(spec: Mapping[str, Any]) -> dict[str, None]:
    """The volumes that may come and go while the machine runs."""
    return {
        volume["name"]: None
        for volume in spec.get("volumes") or ()
        if any((volume.get(claim) or {}).get("hotpluggable") for claim in _CLAIMS)
    }


def _without(part: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != key}
