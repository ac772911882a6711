"""The VMI as virt-controller wants it, given its pods: pure functions.

Invariant: the very same object comes back if nothing is to be changed; a phase never goes back; a
condition is replaced only if its status or reason changes.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from virtslo.hollow.client_go.conditions import Condition, find_condition, not_ready, with_condition
from virtslo.hollow.client_go.finalizers import without_finalizers
from virtslo.hollow.vmi.launcher import OVERHEAD_MIB
from virtslo.hollow.vmi.run_strategy import RECEIVER_ANNOTATION
from virtslo.model.identifiers import Object

VMI_FINALIZER: Final = "kubevirt.io/foregroundDeleteVirtualMachine"
VM_FINALIZER: Final = "kubevirt.io/virtualMachineControllerFinalize"
NODE_LABEL: Final = "kubevirt.io/nodeName"
PLACED: Final = "PodScheduled"
PAUSED: Final = {
    "type": "Paused",
    "status": "True",
    "reason": "PausedByUser",
    "message": "VMI was paused by user",
}
"""The condition of a paused machine, but for its time."""
_MEMORY: Final = {"memoryOverhead": f"{OVERHEAD_MIB}Mi"}
_INTERFACES: Final = [{"name": "default", "podInterfaceName": "eth0"}]
_NO_POD: Final = {
    "status": "False",
    "reason": "PodNotExists",
    "message": "virt-launcher pod has not yet been scheduled",
}
_POD_ENDS: Final = {
    "status": "False",
    "reason": "PodTerminating",
    "message": "virt-launcher pod is terminating",
}
_NO_GUEST: Final = {
    "status": "False",
    "reason": "GuestNotRunning",
    "message": "Guest VM is not reported as running",
}
_POD_IS_SILENT: Final = {
    "status": "False",
    "reason": "PodConditionMissing",
    "message": "virt-launcher pod is missing the Ready condition",
}
_UNPROCESSED: Final = frozenset({"", "Pending"})
_BEGINNING: Final = _UNPROCESSED | {"WaitingForSync"}
_FINAL: Final = frozenset({"Succeeded", "Failed"})
_NODES: Final = frozenset({"Scheduled", "Running"})


def is_final(vmi: Object) -> bool:
    """Whether the VMI has ended."""
    return vmi["status"].get("phase") in _FINAL


def is_the_nodes(vmi: Object) -> bool:
    """Whether virt-handler owns the VMI, so that virt-controller only patches it."""
    return vmi["status"].get("phase") in _NODES


def is_receiver(vmi: Object) -> bool:
    """Whether the VMI waits for another cluster's VMI to be migrated into it."""
    annotations = vmi["metadata"].get("annotations") or {}
    return annotations.get(RECEIVER_ANNOTATION) == "true"


def needs_pod(vmi: Object) -> bool:
    """Whether a VMI without a pod is to get one."""
    return vmi["status"].get("phase", "") in _UNPROCESSED and not is_receiver(vmi)


def is_going_down(pod: Object) -> bool:
    """Whether a pod has ended or is being deleted."""
    return "deletionTimestamp" in pod["metadata"] or is_pod_over(pod)


def is_pod_over(pod: Object) -> bool:
    """Whether a pod has ended."""
    return (pod.get("status") or {}).get("phase") in _FINAL


def with_phase(status: Mapping[str, Any], phase: str, now: str) -> dict[str, Any]:
    """The status in a new phase, with its first transition noted."""
    transitions = [
        *status.get("phaseTransitionTimestamps", ()),
        _transition(phase, now),
    ]
    return {**status, "phase": phase, "phaseTransitionTimestamps": transitions}


@lru_cache(maxsize=256)
def _transition(phase: str, now: str) -> Mapping[str, Any]:
    """One for all VMIs of a second: parts of objects are never changed."""
    return {"phase": phase, "phaseTransitionTimestamp": now}


def next_vmi(
    vmi: Object, pod: Object | None, *, active: Mapping[str, str], has_vm: bool, now: str
) -> Object:
    """The VMI as it should be, given its pod; `vmi` itself if it is.

    `active` is every pod of it in the cache, uid to node. Whether the VM that controls it is still
    there is asked of what has ended alone.
    """
    status, metadata = vmi["status"], vmi["metadata"]
    phase: str = status.get("phase", "")
    new: dict[str, Any] = dict(status)
    if active:
        new["activePods"] = active
    else:
        new.pop("activePods", None)
    _set_ready(new, phase, pod, now)
    if pod is not None:
        new["launcherContainerImageVersion"] = pod["spec"]["containers"][0]["image"]
    if phase in _FINAL:
        metadata = _let_go(metadata, new, is_gone=not active, has_vm=has_vm)
    elif phase in _BEGINNING:
        new = _begun(vmi, new, pod, now)
    elif pod is None:
        new = with_phase(new, "Failed", now)
    elif phase == "Scheduling":
        metadata, new = _scheduling(vmi, new, pod, now)
    if new == status and metadata is vmi["metadata"]:
        return vmi
    return {**vmi, "metadata": metadata, "status": new}


def _let_go(
    metadata: Mapping[str, Any], new: dict[str, Any], *, is_gone: bool, has_vm: bool
) -> Mapping[str, Any]:
    """The metadata of a VMI that has ended; `is_gone` says that it has no pod any more."""
    names = [VMI_FINALIZER] if is_gone else []
    if is_gone:
        new.pop("launcherContainerImageVersion", None)
    if not has_vm:
        names.append(VM_FINALIZER)
    return without_finalizers(metadata, names)


def _begun(vmi: Object, new: dict[str, Any], pod: Object | None, now: str) -> dict[str, Any]:
    """The status of a VMI that had no pod before."""
    if pod is not None:
        new = with_phase(new, "Scheduling", now)
        new["memory"] = {**new["memory"], **_MEMORY} if "memory" in new else _MEMORY
    elif "deletionTimestamp" in vmi["metadata"]:
        new = with_phase(new, "Failed", now)
    elif is_receiver(vmi) and vmi["status"].get("phase") != "WaitingForSync":
        new = with_phase(new, "WaitingForSync", now)
    return new


def _scheduling(
    vmi: Object, new: dict[str, Any], pod: Object, now: str
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    metadata, status = vmi["metadata"], pod.get("status") or {}
    new["qosClass"] = status.get("qosClass", "Burstable")
    placed = find_condition(status, PLACED)
    if placed is not None and placed["status"] == "False":
        new["conditions"] = with_condition(new.get("conditions"), placed)
    elif find_condition(new, PLACED) is not None:
        new["conditions"] = [item for item in new["conditions"] if item["type"] != PLACED]
    if is_pod_ready(pod) and "deletionTimestamp" not in metadata:
        node = pod["spec"]["nodeName"]
        labels = {**(metadata.get("labels") or {}), NODE_LABEL: node}
        metadata = {**metadata, "labels": labels}
        volumes = tuple(volume["name"] for volume in vmi["spec"].get("volumes") or ())
        new = with_phase(new, "Scheduled", now)
        new.update(
            nodeName=node,
            interfaces=_INTERFACES,
            migrationTransport="Unix",
            volumeStatus=_volume_status(volumes),
        )
    elif is_going_down(pod):
        new = with_phase(new, "Failed", now)
    return metadata, new


@lru_cache(maxsize=64)
def _volume_status(names: tuple[str, ...]) -> list[Mapping[str, str]]:
    """One for all VMIs of a template: parts of objects are never changed."""
    return [{"name": name, "target": ""} for name in names]


def vmi_patch(vmi: Object, wanted: Object) -> list[dict[str, Any]]:
    """The patch that makes a VMI of its node what is wanted, as virt-controller makes it."""
    patch: list[dict[str, Any]] = []
    before, after = vmi["status"], wanted["status"]
    for key in ("conditions", "activePods", "phase", "launcherContainerImageVersion"):
        if before.get(key) == after.get(key):
            continue
        path = f"/status/{key}"
        if key in before:
            patch.append({"op": "test", "path": path, "value": before[key]})
        if key in after:
            op = "replace" if key in before else "add"
            patch.append({"op": op, "path": path, "value": after[key]})
        else:
            patch.append({"op": "remove", "path": path})
    return patch


def is_pod_ready(pod: Object) -> bool:
    """Whether a pod runs on a node and its containers are ready, as virt-controller sees it."""
    status = pod.get("status") or {}
    if "deletionTimestamp" in pod["metadata"]:
        return False
    if status.get("phase") != "Running" or not pod["spec"].get("nodeName"):
        return False
    return all(item.get("ready") for item in status.get("containerStatuses", ()))


def _set_ready(new: dict[str, Any], phase: str, pod: Object | None, now: str) -> None:
    """As KubeVirt compares conditions: a new message alone is no change."""
    said, current = _readiness(phase, pod), find_condition(new, "Ready")
    if (
        current is None
        or current.get("status") != said.get("status")
        or current.get("reason") != said.get("reason")
    ):
        new["conditions"] = with_condition(new.get("conditions"), _ready(said, now))


def _readiness(phase: str, pod: Object | None) -> Condition:
    """What the pod says of itself, where it is asked; else why it is not."""
    if pod is None:
        return _NO_POD
    if is_going_down(pod):
        return _POD_ENDS
    if phase != "Running":
        return _NO_GUEST
    return find_condition(pod.get("status") or {}, "Ready") or _POD_IS_SILENT


def _ready(said: Condition, now: str) -> Condition:
    """The condition `Ready` of a VMI."""
    if "type" not in said:
        return not_ready(said["reason"], said["message"], now)
    ready = _ready_since(said["status"], said["lastTransitionTime"])
    words = {key: said[key] for key in ("reason", "message") if key in said}
    return {**ready, **words} if words else ready


@lru_cache(maxsize=256)
def _ready_since(status: str, moment: str) -> Condition:
    """One for all VMIs of a second."""
    return {
        "lastProbeTime": None,
        "lastTransitionTime": moment,
        "status": status,
        "type": "Ready",
    }
