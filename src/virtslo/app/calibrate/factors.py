"""The parts of a profile that are scaled as one, and a profile scaled by them.

Invariant: scaling by 1 gives the profile back; a factor touches no value of another.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.model.simulated.profile import Step

CAPACITY: Final = "capacity"
READS: Final = "reads"
WRITES: Final = "writes"
WEBHOOKS: Final = "webhooks"
OWNERS: Final = "owners"
PLAYING: Final = "playing"
STARTING: Final = "starting"
BOOTING: Final = "booting"
STOPPING: Final = "stopping"
PARTS: Final[Mapping[str, str]] = {
    CAPACITY: "work of the API server and of the VMI controller",
    READS: "answers to reads, as capacity where no times of requests tell them",
    WRITES: "answers to writes, likewise",
    WEBHOOKS: "admission webhooks, likewise",
    OWNERS: "work for VMs, pools and replica sets: their controllers' own, and webhooks",
    PLAYING: "work of one process that plays all nodes; none where nodes are real",
    STARTING: "steps from a pod's creation to its containers' start",
    BOOTING: "steps from the launcher's start to a running guest",
    STOPPING: "steps from deletion to the pod's end",
}
ANSWERS: Final = frozenset({READS, WRITES, WEBHOOKS})
"""The parts that only times of requests tell from capacity, which scales them where there are
none."""
_SERVER: Final = {
    "read": READS,
    "list_base": READS,
    "list_per_object": READS,
    "write": WRITES,
    "after_write": CAPACITY,
    "watch_delay": CAPACITY,
}
"""What is scaled of the server, and by which part."""
_PLAYED: Final = ("node_work", "pod_work")
_OWNERS: Final = frozenset(
    {
        "virtualmachines",
        "virtualmachinepools",
        "virtualmachineinstancereplicasets",
        "controllerrevisions",
    }
)
_OWNING: Final = frozenset({"vm", "snapshot", "pool", "replica_set"})
"""The controllers whose work is that for owners of VMIs."""
_STEPS: Final[Mapping[str, tuple[Step, ...]]] = {
    STARTING: ("schedule", "pod_create", "pod_start"),
    BOOTING: ("domain_define", "boot"),
    STOPPING: ("shutdown", "pod_stop"),
}
_SECONDS: Final = ("value", "low", "high", "mean", "deviation", "median", "values", "least")
DIGITS: Final = 6


def scaled(document: Mapping[str, Any], factors: Mapping[str, float]) -> dict[str, Any]:
    """A profile's document with its parts multiplied; of ANSWERS by capacity if not named."""
    capacity, owners = factors.get(CAPACITY, 1.0), factors.get(OWNERS, 1.0)
    result = dict(document)
    server = dict(document.get("server", {}))
    for key, part in _SERVER.items():
        if key in server:
            server[key] = _times(server[key], factors.get(part, capacity))
    if "watch_delays" in server:
        server["watch_delays"] = {
            name: _times(value, capacity) for name, value in server["watch_delays"].items()
        }
    if "webhook" in server:
        admission = factors.get(WEBHOOKS, capacity)
        server["webhook"] = {
            name: _times(value, admission * (owners if _is_of_owner(name) else 1.0))
            for name, value in server["webhook"].items()
        }
    if server:
        result["server"] = server
    for key in _PLAYED:
        if key in document:
            result[key] = _times(document[key], factors.get(PLAYING, 1.0))
    if "reconcile" in document:
        result["reconcile"] = {
            name: _distribution(of, capacity * (owners if name in _OWNING else 1.0))
            for name, of in document["reconcile"].items()
        }
    if "delays" in document:
        result["delays"] = {
            step: _distribution(of, _factor_of(step, factors))
            for step, of in document["delays"].items()
        }
    return result


def _is_of_owner(call: str) -> bool:
    """Whether a call, `verb resource/subresource`, is of an owner of VMIs."""
    _, _, resource = call.partition(" ")
    return resource.partition("/")[0] in _OWNERS


def _factor_of(step: str, factors: Mapping[str, float]) -> float:
    for name, steps in _STEPS.items():
        if step in steps:
            return factors.get(name, 1.0)
    return 1.0


def _distribution(of: Mapping[str, Any], factor: float) -> dict[str, Any]:
    return {key: _times(value, factor) if key in _SECONDS else value for key, value in of.items()}


def _times(value: Any, factor: float) -> Any:
    if isinstance(value, list | tuple):
        return [_times(item, factor) for item in value]
    return value if factor == 1.0 else float(f"{value * factor:.{DIGITS}g}")
