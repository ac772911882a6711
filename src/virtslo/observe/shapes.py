"""The shape of an object: its size class, and whose it is; read, never kept.

Invariant: only numbers and names of the API itself come out; whatever a user wrote, or a value of
another type than the API has, is left out and never fails.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.quantity import parse_quantity
from virtslo.model.kubernetes.resources import KUBEVIRT_GROUP
from virtslo.model.plan.trace import Shape
from virtslo.model.plan.workload import BY_API_KIND, Kind

DEVICES: Final = ("disks", "filesystems", "gpus", "hostDevices", "inputs", "interfaces")
VOLUMES: Final = frozenset({
    "cloudInitConfigDrive", "cloudInitNoCloud", "configMap", "containerDisk", "containerPath",
    "dataVolume", "downwardAPI", "downwardMetrics", "emptyDisk", "ephemeral", "hostDisk",
    "memoryDump", "persistentVolumeClaim", "secret", "serviceAccount", "sysprep",
})  # fmt: skip
OTHER: Final = "other"
MOST: Final = 1_000_000_000
"""No number of vCPUs, devices or members is larger; what is, is not believed."""
MOST_BYTES: Final = 2**53
_WAITING: Final = frozenset({"Halted", "Manual", "WaitAsReceiver"})
_SPEC: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.VMI: (),
    Kind.VM: ("template", "spec"),
    Kind.VMPOOL: ("virtualMachineTemplate", "spec", "template", "spec"),
    Kind.VMIRS: ("template", "spec"),
}
_VM_SPEC: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.VM: (),
    Kind.VMPOOL: ("virtualMachineTemplate", "spec"),
}
GROUPS: Final = (Kind.VMPOOL, Kind.VMIRS)


def shape_of(kind: Kind, target: Any) -> Shape | None:
    """The shape of an object of a kind; None where its spec is not there."""
    spec = _mapping(_mapping(target).get("spec"))
    if not spec:
        return None
    machine = _below(spec, _SPEC[kind])
    domain = _mapping(machine.get("domain"))
    requests = _mapping(_mapping(domain.get("resources")).get("requests"))
    memory = _amount(requests.get("memory")) or _amount(_mapping(domain.get("memory")).get("guest"))
    cpu = _amount(requests.get("cpu"))
    devices = _mapping(domain.get("devices"))
    return Shape(
        vcpus=_vcpus(_mapping(domain.get("cpu"))),
        cpu_milli=None if cpu is None else -(-cpu // 1_000_000),
        memory_bytes=None if memory is None else min(MOST_BYTES, -(-memory // 1_000_000_000)),
        devices={name: count for name in DEVICES if (count := len(_sequence(devices.get(name))))},
        volumes=_volumes(_sequence(machine.get("volumes"))),
        starts=_starts(kind, spec),
    )


def members_of(kind: Kind, target: Any) -> int | None:
    """How many VMIs a pool or replica set shall have; None for other kinds."""
    if kind not in GROUPS:
        return None
    replicas = _mapping(_mapping(target).get("spec")).get("replicas", 1)
    return replicas if _is_number(replicas) and 0 <= replicas <= MOST else 1


def owner_of(target: Any) -> tuple[Kind, str, str] | None:
    """Kind, name and uid of the object of KubeVirt's whose controller made this one."""
    for reference in _sequence(_mapping(_mapping(target).get("metadata")).get("ownerReferences")):
        owner = _mapping(reference)
        kind = BY_API_KIND.get(str(owner.get("kind")))
        is_ours = str(owner.get("apiVersion")).partition("/")[0].endswith(KUBEVIRT_GROUP)
        if owner.get("controller") is True and kind is not None and is_ours:
            return kind, str(owner.get("name", "")), str(owner.get("uid", ""))
    return None


def _volumes(volumes: Any) -> dict[str, int]:
    found: Counter[str] = Counter()
    for volume in volumes:
        sources = [key for key in _mapping(volume) if key != "name"]
        found.update({next((key for key in sources if key in VOLUMES), OTHER): 1})
    return dict(sorted(found.items()))


def _starts(kind: Kind, spec: Mapping[str, Any]) -> bool:
    path = _VM_SPEC.get(kind)
    if path is None:
        return True
    machine = _below(spec, path)
    strategy = machine.get("runStrategy")
    if strategy is None:
        return machine.get("running") is not False
    return strategy not in _WAITING


def _vcpus(cpu: Mapping[str, Any]) -> int | None:
    if not cpu:
        return None
    total = 1
    for name in ("cores", "sockets", "threads"):
        value = cpu.get(name, 1)
        if not _is_number(value) or not 0 <= value <= MOST:
            return None
        total *= value or 1
    return min(MOST, total)


def _amount(value: Any) -> int | None:
    """A quantity in nano-units; None for what is none."""
    if _is_number(value):
        value = str(value)
    if not isinstance(value, str):
        return None
    try:
        nano = parse_quantity(value).nano
    except ValueError:
        return None
    return nano if 0 < nano <= MOST_BYTES * 1_000_000_000 else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _below(value: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    for key in path:
        value = _mapping(value.get(key))
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
