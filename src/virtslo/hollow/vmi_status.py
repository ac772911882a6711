"""The VMI as virt-controller wants it, given its pod: a pure function.

Invariant: the very same object comes back if nothing is to be changed; a phase never goes back.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.hollow.conditions import find_condition, with_condition
from virtslo.hollow.launcher import IMAGE, OVERHEAD_MIB
from virtslo.hollow.run_strategy import RECEIVER_ANNOTATION
from virtslo.model.identifiers import Object

VMI_FINALIZER: Final = "kubevirt.io/foregroundDeleteVirtualMachine"
_MEMORY: Final = {"memoryOverhead": f"{OVERHEAD_MIB}Mi"}
_INTERFACES: Final = [{"name": "default", "podInterfaceName": "eth0"}]
_FINAL: Final = frozenset({"Succeeded", "Failed"})


def is_final(vmi: Object) -> bool:
    """Whether the VMI has ended."""
    return vmi["status"].get("phase") in _FINAL


def is_receiver(vmi: Object) -> bool:
    """Whether the VMI waits for another cluster's VMI to be migrated into it."""
    annotations = vmi["metadata"].get("annotations") or {}
    return annotations.get(RECEIVER_ANNOTATION) == "true"


def waiting_for_sync(vmi: Object, now: str) -> Object:
    """A receiver, waiting."""
    return {**vmi, "status": with_phase(vmi["status"], "WaitingForSync", now)}


def with_phase(status: Mapping[str, Any], phase: str, now: str) -> dict[str, Any]:
    """The status in a new phase, with its first transition noted."""
    transitions = [
        *status.get("phaseTransitionTimestamps", ()),
        {"phase": phase, "phaseTransitionTimestamp": now},
    ]
    return {**status, "phase": phase, "phaseTransitionTimestamps": transitions}


def next_vmi(vmi: Object, pod: Object | None, now: str) -> Object:
    """The VMI after the next step that its pod allows; `vmi` itself if there is none."""
    status = vmi["status"]
    phase = status.get("phase")
    if phase in _FINAL:
        return vmi
    if pod is None:
        return vmi
    pod_phase = pod.get("status", {}).get("phase")
    if phase == "Pending":
        return {**vmi, "status": _scheduling(status, pod, now)}
    if phase == "Scheduling":
        if pod_phase in _FINAL:
            return {**vmi, "status": with_phase(status, "Failed", now)}
        if _is_ready(pod):
            return _scheduled(vmi, pod, now)
    active = _active(status, pod)
    if active is None:
        return vmi
    return {**vmi, "status": {**status, **active}}


def ready_patch(vmi: Object, pod: Object, now: str) -> list[dict[str, Any]] | None:
    """The patch that brings the Ready condition up to date; None if it is."""
    status = vmi["status"]
    condition = _wanted_ready(status, pod, now)
    current = find_condition(status, "Ready")
    if condition is None or (current is not None and _says_the_same(current, condition)):
        return None
    before = status.get("conditions") or []
    return [
        {"op": "test", "path": "/status/conditions", "value": before},
        {
            "op": "replace",
            "path": "/status/conditions",
            "value": with_condition(before, condition),
        },
    ]


def without_finalizer(vmi: Object, now: str) -> Object:
    """A VMI that is over, let go: no finalizer, no pods, a final phase."""
    metadata = vmi["metadata"]
    finalizers = [name for name in metadata["finalizers"] if name != VMI_FINALIZER]
    status = dict(vmi["status"])
    status.pop("activePods", None)
    status.pop("launcherContainerImageVersion", None)
    if status.get("phase") not in _FINAL:
        status = with_phase(status, "Failed", now)
    return {**vmi, "metadata": {**metadata, "finalizers": finalizers}, "status": status}


def _scheduling(status: Mapping[str, Any], pod: Object, now: str) -> Mapping[str, Any]:
    ready = {
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "message": "Guest VM is not reported as running",
        "reason": "GuestNotRunning",
        "status": "False",
        "type": "Ready",
    }
    new = with_phase(status, "Scheduling", now)
    new["conditions"] = with_condition(status.get("conditions"), ready)
    new["launcherContainerImageVersion"] = IMAGE
    new["memory"] = {**status.get("memory", {}), **_MEMORY}
    new.update(_active(status, pod) or {})
    return new


def _scheduled(vmi: Object, pod: Object, now: str) -> Object:
    node = pod["spec"]["nodeName"]
    metadata = vmi["metadata"]
    labels = {**(metadata.get("labels") or {}), "kubevirt.io/nodeName": node}
    status = with_phase(vmi["status"], "Scheduled", now)
    volumes = vmi["spec"].get("volumes") or ()
    status.update(
        _active(vmi["status"], pod) or {},
        nodeName=node,
        interfaces=_INTERFACES,
        migrationTransport="Unix",
        volumeStatus=[{"name": volume["name"], "target": ""} for volume in volumes],
    )
    return {**vmi, "metadata": {**metadata, "labels": labels}, "status": status}


def _active(status: Mapping[str, Any], pod: Object) -> dict[str, Any] | None:
    """The pods of a VMI and their nodes, if the VMI does not say so yet."""
    uid = pod["metadata"]["uid"]
    node = pod["spec"].get("nodeName", "")
    pods = status.get("activePods") or {}
    if pods.get(uid) == node:
        return None
    wanted: dict[str, Any] = {"activePods": {**pods, uid: node}}
    if node:
        wanted["qosClass"] = pod.get("status", {}).get("qosClass", "Burstable")
    return wanted


def _is_ready(pod: Object) -> bool:
    status = pod.get("status", {})
    if status.get("phase") != "Running" or not pod["spec"].get("nodeName"):
        return False
    return all(item.get("ready") for item in status.get("containerStatuses", ()))


def _wanted_ready(status: Mapping[str, Any], pod: Object, now: str) -> dict[str, Any] | None:
    if pod["metadata"].get("deletionTimestamp"):
        return {
            "lastProbeTime": now,
            "lastTransitionTime": now,
            "message": "virt-launcher pod is terminating",
            "reason": "PodTerminating",
            "status": "False",
            "type": "Ready",
        }
    if status.get("phase") == "Running":
        return {
            "lastProbeTime": None,
            "lastTransitionTime": now,
            "status": "True",
            "type": "Ready",
        }
    return None


def _says_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one["status"] == other["status"] and one.get("reason") == other.get("reason")
