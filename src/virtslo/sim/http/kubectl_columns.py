"""What `kubectl get` shows of each kind: columns and where their values are.

Invariant: data and pure functions of one object and the date; the names, order and priorities are
those of Kubernetes and of KubeVirt's CRDs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from virtslo.model.identifiers import Object
from virtslo.sim.http.pod_columns import pod_status, ready_containers, restarts

Read = Callable[[Object, datetime], Any]


INVALID: Final = "<invalid>"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, type and how a value is read."""

    name: str
    read: Read
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def cell(self, target: Object, now: datetime) -> Any:
        """What stands in the column; `<invalid>` of fields that no such kind has."""
        try:
            return self.read(target, now)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return INVALID


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


def _or_unknown(path: str) -> Read:
    """The value at a path, or that it is not known."""
    read = _at(path)
    return lambda target, now: read(target, now) or "<unknown>"


def _condition(kind: str) -> Read:
    """The status of a condition."""

    def read(target: Object, _: datetime) -> Any:
        for condition in target.get("status", {}).get("conditions") or ():
            if condition.get("type") == kind:
                return condition.get("status")
        return None

    return read


def _age(target: Object, now: datetime) -> str:
    return _since(target["metadata"].get("creationTimestamp"), now)


def _since(stamp: Any, now: datetime) -> str:
    if not isinstance(stamp, str) or not stamp:
        return "<unknown>"
    return human_duration((now - datetime.fromisoformat(stamp)).total_seconds())


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
    if days < 730:
        return f"{days}d"
    return _two(days // 365, "y", days % 365 if days < 8 * 365 else 0, "d")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def _count_of(*keys: str) -> Read:
    """How many entries these fields have together."""
    return lambda target, _: sum(len(target.get(key) or ()) for key in keys)


def _first_address(target: Object, _: datetime) -> Any:
    interfaces = target.get("status", {}).get("interfaces") or ()
    return interfaces[0].get("ipAddress") if interfaces else None


def _address(kind: str) -> Read:
    """A node's address of a kind."""

    def read(target: Object, _: datetime) -> str:
        for address in target.get("status", {}).get("addresses") or ():
            if address.get("type") == kind:
                return str(address.get("address"))
        return "<none>"

    return read


def _readiness_gates(target: Object, now: datetime) -> str:
    gates = target.get("spec", {}).get("readinessGates") or ()
    if not gates:
        return "<none>"
    kinds = [str(gate.get("conditionType")) for gate in gates]
    return f"{sum(_condition(kind)(target, now) == 'True' for kind in kinds)}/{len(gates)}"


def _controller(target: Object, _: datetime) -> str:
    for owner in target["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return f"{str(owner.get('kind', '')).lower()}/{owner.get('name')}"
    return "<none>"


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


def _event_source(target: Object, _: datetime) -> str:
    source = target.get("source") or {}
    parts = (source.get("component") or target.get("reportingComponent"), source.get("host"))
    return ", ".join(str(part) for part in parts if part)


def _last_seen(target: Object, now: datetime) -> str:
    series = target.get("series") or {}
    stamp = series.get("lastObservedTime") or target.get("lastTimestamp")
    return _since(stamp or _first_stamp(target), now)


def _first_seen(target: Object, now: datetime) -> str:
    return _since(target.get("firstTimestamp") or _first_stamp(target), now)


def _first_stamp(target: Object) -> Any:
    return target.get("eventTime") or target["metadata"].get("creationTimestamp")


def _event_object(target: Object, _: datetime) -> str:
    involved = target.get("involvedObject") or {}
    return f"{str(involved.get('kind', '')).lower()}/{involved.get('name', '')}"


NAME: Final = Column("Name", _at("metadata.name"), format="name")
AGE: Final = Column("Age", _age)
_DATE: Final = Column("Age", _age, type="date")
_VMI: Final = (
    NAME,
    _DATE,
    Column("Phase", _at("status.phase")),
    Column("IP", _first_address),
    Column("NodeName", _at("status.nodeName")),
    Column("Ready", _condition("Ready")),
    Column("Live-Migratable", _condition("LiveMigratable"), priority=1),
    Column("Paused", _condition("Paused"), priority=1),
)
_REPLICAS: Final = (
    NAME,
    Column("Desired", _at("spec.replicas"), type="integer"),
    Column("Current", _at("status.replicas"), type="integer"),
    Column("Ready", _at("status.readyReplicas"), type="integer"),
    _DATE,
)


def _service_ports(target: Object, _: datetime) -> str:
    ports = target["spec"].get("ports") or ()
    return ",".join(f"{port['port']}/{port.get('protocol', 'TCP')}" for port in ports) or "<none>"


def _selector(path: str) -> Read:
    """The pairs of a selector, sorted."""
    read = _at(path)

    def pairs(target: Object, now: datetime) -> str:
        selector = read(target, now) or {}
        return ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or "<none>"

    return pairs


_NODES: Final = (
    NAME,
    Column("Status", _node_status),
    Column("Roles", _node_roles),
    AGE,
    Column("Version", _at("status.nodeInfo.kubeletVersion")),
    Column("Internal-IP", _address("InternalIP"), priority=1),
    Column("External-IP", _address("ExternalIP"), priority=1),
    Column("OS-Image", _or_unknown("status.nodeInfo.osImage"), priority=1),
    Column("Kernel-Version", _or_unknown("status.nodeInfo.kernelVersion"), priority=1),
    Column("Container-Runtime", _or_unknown("status.nodeInfo.containerRuntimeVersion"), priority=1),
)
_PODS: Final = (
    NAME,
    Column("Ready", lambda target, _: ready_containers(target)),
    Column("Status", lambda target, _: pod_status(target)),
    Column("Restarts", lambda target, _: restarts(target)),
    AGE,
    Column("IP", _or_none("status.podIP"), priority=1),
    Column("Node", _or_none("spec.nodeName"), priority=1),
    Column("Nominated Node", _or_none("status.nominatedNodeName"), priority=1),
    Column("Readiness Gates", _readiness_gates, priority=1),
)
_EVENTS: Final = (
    Column("Last Seen", _last_seen),
    Column("Type", _at("type")),
    Column("Reason", _at("reason")),
    Column("Object", _event_object),
    Column("Subobject", _at("involvedObject.fieldPath"), priority=1),
    Column("Source", _event_source, priority=1),
    Column("Message", _at("message")),
    Column("First Seen", _first_seen, priority=1),
    Column("Count", lambda target, _: target.get("count") or 1, type="integer", priority=1),
    Column("Name", _at("metadata.name"), priority=1),
)

_SERVICES: Final = (
    NAME,
    Column("Type", _at("spec.type")),
    Column("Cluster-IP", _or_none("spec.clusterIP")),
    Column("External-IP", lambda target, _: target["spec"].get("externalName") or "<none>"),
    Column("Port(s)", _service_ports),
    AGE,
    Column("Selector", _selector("spec.selector"), priority=1),
)


def _count(name: str, path: str, priority: int = 0) -> Column:
    """A number of a workload's, 0 where it is not said."""
    read = _at(path)
    return Column(name, lambda target, now: read(target, now) or 0, "integer", priority=priority)


def _of_desired(target: Object, _: datetime) -> str:
    """How many replicas of a deployment are ready, of how many."""
    ready = (target.get("status") or {}).get("readyReplicas") or 0
    return f"{ready}/{target['spec'].get('replicas', 0)}"


_DAEMON_SETS: Final = (
    NAME,
    _count("Desired", "status.desiredNumberScheduled"),
    _count("Current", "status.currentNumberScheduled"),
    _count("Ready", "status.numberReady"),
    _count("Up-to-date", "status.updatedNumberScheduled"),
    _count("Available", "status.numberAvailable"),
    Column("Node Selector", _selector("spec.template.spec.nodeSelector")),
    AGE,
)
_DEPLOYMENTS: Final = (
    NAME,
    Column("Ready", _of_desired),
    _count("Up-to-date", "status.updatedReplicas"),
    _count("Available", "status.availableReplicas"),
    AGE,
)
_REPLICA_SETS: Final = (
    NAME,
    _count("Desired", "spec.replicas"),
    _count("Current", "status.replicas"),
    _count("Ready", "status.readyReplicas"),
    AGE,
)
DEFAULT_COLUMNS: Final = (NAME, AGE)
COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "virtualmachineinstances": _VMI,
    "virtualmachines": (
        NAME,
        _DATE,
        Column("Status", _at("status.printableStatus")),
        Column("Ready", _condition("Ready")),
    ),
    "virtualmachineinstancereplicasets": _REPLICAS,
    "virtualmachinepools": _REPLICAS,
    "virtualmachineinstancemigrations": (
        NAME,
        Column("Phase", _at("status.phase")),
        Column("VMI", _at("spec.vmiName")),
    ),
    "kubevirts": (NAME, _DATE, Column("Phase", _at("status.phase"))),
    "namespaces": (NAME, Column("Status", _at("status.phase")), AGE),
    "nodes": _NODES,
    "pods": _PODS,
    "configmaps": (NAME, Column("Data", _count_of("data", "binaryData")), AGE),
    "secrets": (
        NAME,
        Column("Type", _at("type")),
        Column("Data", _count_of("data")),
        AGE,
    ),
    "serviceaccounts": (NAME, Column("Secrets", _count_of("secrets")), AGE),
    "services": _SERVICES,
    "leases": (NAME, Column("Holder", _at("spec.holderIdentity")), AGE),
    "controllerrevisions": (
        NAME,
        Column("Controller", _controller),
        Column("Revision", _at("revision"), type="integer"),
        AGE,
    ),
    "customresourcedefinitions": (NAME, Column("Created At", _at("metadata.creationTimestamp"))),
    "events": _EVENTS,
    "daemonsets": _DAEMON_SETS,
    "deployments": _DEPLOYMENTS,
    "replicasets": _REPLICA_SETS,
}
"""All columns of a kind, by its plural."""
