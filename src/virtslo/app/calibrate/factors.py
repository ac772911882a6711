"""The parts of a profile that are scaled as one, and a profile scaled by them.

Invariant: scaling by 1 gives the profile back; a factor touches no value of another.
"""

from collections.abc import Mapping
from typing import Any, Final

CAPACITY: Final = "capacity"
STARTING: Final = "starting"
BOOTING: Final = "booting"
STOPPING: Final = "stopping"
PARTS: Final[Mapping[str, str]] = {
    CAPACITY: "work of the API server, the controllers and the played nodes",
    STARTING: "steps from a pod's creation to its containers' start",
    BOOTING: "steps from the launcher's start to a running guest",
    STOPPING: "steps from deletion to the pod's end",
}
_SERVER: Final = ("read", "write", "list_base", "list_per_object", "after_write", "watch_delay")
_SERVER_MAPS: Final = ("webhook", "watch_delays")
_WORK: Final = ("node_work", "pod_work")
_STEPS: Final = {
    STARTING: ("schedule", "pod_create", "pod_start"),
    BOOTING: ("domain_define", "boot"),
    STOPPING: ("shutdown", "pod_stop"),
}
_SECONDS: Final = ("value", "low", "high", "mean", "deviation", "median", "least")
DIGITS: Final = 6


def scaled(document: Mapping[str, Any], factors: Mapping[str, float]) -> dict[str, Any]:
    """A profile's document with its parts multiplied."""
    capacity = factors.get(CAPACITY, 1.0)
    result = dict(document)
    server = dict(document.get("server", {}))
    for key in _SERVER:
        if key in server:
            server[key] = _times(server[key], capacity)
    for key in _SERVER_MAPS:
        if key in server:
            server[key] = {name: _times(value, capacity) for name, value in server[key].items()}
    if server:
        result["server"] = server
    for key in _WORK:
        if key in document:
            result[key] = _times(document[key], capacity)
    if "reconcile" in document:
        result["reconcile"] = {
            name: _distribution(of, capacity) for name, of in document["reconcile"].items()
        }
    if "delays" in document:
        result["delays"] = {
            step: _distribution(of, _factor_of(step, factors))
            for step, of in document["delays"].items()
        }
    return result


def _factor_of(step: str, factors: Mapping[str, float]) -> float:
    for name, steps in _STEPS.items():
        if step in steps:
            return factors.get(name, 1.0)
    return 1.0


def _distribution(of: Mapping[str, Any], factor: float) -> dict[str, Any]:
    return {key: _times(value, factor) if key in _SECONDS else value for key, value in of.items()}


def _times(value: Any, factor: float) -> Any:
    return value if factor == 1.0 else float(f"{value * factor:.{DIGITS}g}")
