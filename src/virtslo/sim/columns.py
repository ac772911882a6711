"""What `kubectl get` shows of each kind: columns and where their values are.

Invariant: data and pure functions of one object and the date; the names, order and priorities are
those of Kubernetes and of KubeVirt's CRDs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from virtslo.model.identifiers import Object

Read = Callable[[Object, datetime], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, type and how a value is read."""

    name: str
    read: Read
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""


def _at(path: str) -> Read:
    """The value at a path of keys; None where there is none."""
    keys = path.split(".")

    def read(target: Object, _: datetime) -> Any:
        value: Any = target
        for key in keys:
            if not isinstance(value, Mapping):
                return None
            value = value.get(key)
        return value

    return read


def _or_none(path: str) -> Read:
    """The value at a path, or the word that built-in kinds show instead."""
    read = _at(path)
    return lambda target, now: read(target, now) or "<none>"


def _condition(kind: str) -> Read:
    """The status of a condition."""

    def read(target: Object, _: datetime) -> Any:
        for condition in target.get("status", {}).get("conditions") or ():
            if condition.get("type") == kind:
                return condition.get("status")
        return None

    return read


def _age(target: Object, now: datetime) -> str:
    created = target["metadata"].get("creationTimestamp")
    if not created:
        return "<unknown>"
    return human_duration((now - datetime.fromisoformat(created)).total_seconds())


def human_duration(seconds: float) -> str:
    """A span of time in at most two units, as kubectl writes it: `45s`, `3m10s`, `2h5m`, `3d4h`."""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    return f"{days}d"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def _count_of(key: str) -> Read:
    return lambda target, _: str(len(target.get(key) or ()))


def _first_address(target: Object, _: datetime) -> Any:
    interfaces = target.get("status", {}).get("interfaces") or ()
    return interfaces[0].get("ipAddress") if interfaces else None


def _pod_ready(target: Object, _: datetime) -> str:
    containers = target.get("spec", {}).get("containers") or ()
    statuses = target.get("status", {}).get("containerStatuses") or ()
    return f"{sum(1 for status in statuses if status.get('ready'))}/{len(containers)}"


def _pod_status(target: Object, _: datetime) -> Any:
    if target["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return target.get("status", {}).get("phase")


def _restarts(target: Object, _: datetime) -> str:
    statuses = target.get("status", {}).get("containerStatuses") or ()
    return str(sum(status.get("restartCount", 0) for status in statuses))


def _node_roles(target: Object, _: datetime) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = target["metadata"].get("labels") or {}
    roles = sorted(label.removeprefix(prefix) for label in labels if label.startswith(prefix))
    return ",".join(roles) or "<none>"


def _node_status(target: Object, now: datetime) -> str:
    is_ready = _condition("Ready")(target, now) == "True"
    word = "Ready" if is_ready else "NotReady"
    is_closed = target.get("spec", {}).get("unschedulable")
    return f"{word},SchedulingDisabled" if is_closed else word


def _event_object(target: Object, _: datetime) -> str:
    involved = target.get("involvedObject") or {}
    return f"{str(involved.get('kind', '')).lower()}/{involved.get('name', '')}"


NAME: Final = Column("Name", _at("metadata.name"), format="name")
AGE: Final = Column("Age", _age)
_VMI: Final = (
    Column("Age", _age, type="date"),
    Column("Phase", _at("status.phase")),
    Column("IP", _first_address),
    Column("NodeName", _at("status.nodeName")),
    Column("Ready", _condition("Ready")),
    Column("Live-Migratable", _condition("LiveMigratable"), priority=1),
    Column("Paused", _condition("Paused"), priority=1),
)
_REPLICAS: Final = (
    Column("Desired", _at("spec.replicas"), type="integer"),
    Column("Current", _at("status.replicas"), type="integer"),
    Column("Ready", _at("status.readyReplicas"), type="integer"),
    Column("Age", _age, type="date"),
)

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "virtualmachineinstances": _VMI,
    "virtualmachines": (
        Column("Age", _age, type="date"),
        Column("Status", _at("status.printableStatus")),
        Column("Ready", _condition("Ready")),
    ),
    "virtualmachineinstancereplicasets": _REPLICAS,
    "virtualmachinepools": _REPLICAS,
    "virtualmachineinstancemigrations": (
        Column("Phase", _at("status.phase")),
        Column("VMI", _at("spec.vmiName")),
    ),
    "kubevirts": (
        Column("Age", _age, type="date"),
        Column("Phase", _at("status.phase")),
    ),
    "namespaces": (Column("Status", _at("status.phase")), AGE),
    "nodes": (
        Column("Status", _node_status),
        Column("Roles", _node_roles),
        AGE,
        Column("Version", _at("status.nodeInfo.kubeletVersion")),
    ),
    "pods": (
        Column("Ready", _pod_ready),
        Column("Status", _pod_status),
        Column("Restarts", _restarts),
        AGE,
        Column("IP", _or_none("status.podIP"), priority=1),
        Column("Node", _or_none("spec.nodeName"), priority=1),
    ),
    "configmaps": (Column("Data", _count_of("data"), type="integer"), AGE),
    "secrets": (
        Column("Type", _at("type")),
        Column("Data", _count_of("data"), type="integer"),
        AGE,
    ),
    "leases": (Column("Holder", _at("spec.holderIdentity")), AGE),
    "controllerrevisions": (Column("Revision", _at("revision"), type="integer"), AGE),
    "customresourcedefinitions": (Column("Created At", _at("metadata.creationTimestamp")),),
    "events": (
        Column("Last Seen", _age),
        Column("Type", _at("type")),
        Column("Reason", _at("reason")),
        Column("Object", _event_object),
        Column("Message", _at("message")),
    ),
}
