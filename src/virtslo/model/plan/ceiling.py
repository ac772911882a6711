"""The least time: no run of a plan can be faster than virt-controller's client lets it be.

Invariant: a least time is a true lower bound, since it counts no call but those without which a VMI
does not come to Running. What is usual, as measured on a real control plane in a burst, is more,
and serves deadlines alone. There is one least time, which a plan and a report both have from here.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.workload import Kind

DEFAULT_LIMIT: Final = ClientLimit(200.0, 400, "KubeVirt default")
LEAST_DEADLINE: Final = 600.0
DEADLINE_FACTOR: Final = 3.0

_OF_VMI: Final = {
    "create pods": 1,
    "patch pods/status": 1,
    "update virtualmachineinstances": 2,
}
"""The pod, its readiness gate, the phases Scheduling and Scheduled. Running is virt-handler's."""
_OF_VM: Final = {
    "patch virtualmachines": 1,
    "create controllerrevisions": 1,
    "create virtualmachineinstances": 1,
    **_OF_VMI,
}
"""The VM's finalizer and its revision come before its VMI."""
NEEDED_CALLS: Final[Mapping[Kind, Mapping[str, int]]] = {
    Kind.VMI: _OF_VMI,
    Kind.VM: _OF_VM,
    Kind.VMPOOL: {"create virtualmachines": 1, **_OF_VM},
    Kind.VMIRS: {"create virtualmachineinstances": 1, **_OF_VMI},
}
"""Calls of virt-controller that a VMI cannot come to Running without, by kind of workload. Not
among them: events, the note of API versions (a template may bring it), labels, a VM's status, and
whatever follows Scheduled."""

_USUAL_OF_VMI: Final = {
    "update virtualmachineinstances": 3.0,
    "patch virtualmachineinstances": 1.0,
    "create pods": 1.0,
    "patch pods": 1.0,
    "patch pods/status": 1.0,
    "create events": 1.0,
}
_USUAL_OF_VM: Final = {
    **_USUAL_OF_VMI,
    "create virtualmachineinstances": 1.0,
    "update virtualmachineinstances": 4.0,
    "create controllerrevisions": 1.0,
    "update virtualmachines": 1.0,
    "update virtualmachines/status": 3.0,
    "patch virtualmachines": 1.0,
    "create events": 2.0,
}
USUAL_CALLS: Final[Mapping[Kind, Mapping[str, float]]] = {
    Kind.VMI: _USUAL_OF_VMI,
    Kind.VM: _USUAL_OF_VM,
    Kind.VMPOOL: {"create virtualmachines": 1.0, **_USUAL_OF_VM},
    Kind.VMIRS: {"create virtualmachineinstances": 1.0, **_USUAL_OF_VMI},
}
"""Successful calls of virt-controller for one VMI from creation to the end of a burst, by kind of
workload, as measured on a real control plane (KUBEVIRT-CALLS 2a)."""


def needed_calls(kind: Kind) -> int:
    """Calls of virt-controller that one VMI of a workload needs before it is Running."""
    return sum(NEEDED_CALLS[kind].values())


def usual_calls(kind: Kind) -> float:
    """Calls of virt-controller for one VMI of a workload in a burst, as measured."""
    return sum(USUAL_CALLS[kind].values())


def least_seconds(kind: Kind, count: int, limit: ClientLimit | None) -> float:
    """The least time until all of `count` VMIs are Running; 0 where no bucket limits it."""
    return (limit or DEFAULT_LIMIT).least_seconds(needed_calls(kind) * count)


def usual_seconds(kind: Kind, count: int, limit: ClientLimit | None) -> float:
    """How long the usual calls of `count` VMIs take through the token bucket."""
    return (limit or DEFAULT_LIMIT).least_seconds(usual_calls(kind) * count)


def least_seconds_of(scenario: Scenario, limit: ClientLimit | None) -> float:
    """The least time of a scenario; of a replay that of all it creates, at once."""
    return (limit or DEFAULT_LIMIT).least_seconds(
        sum(needed_calls(kind) * count for kind, count in _by_kind(scenario).items())
    )


def usual_calls_of(scenario: Scenario) -> float:
    """The usual calls of virt-controller for everything that a scenario creates."""
    return sum(usual_calls(kind) * count for kind, count in _by_kind(scenario).items())


def usual_seconds_of(scenario: Scenario, limit: ClientLimit | None) -> float:
    """How long a scenario's usual calls take through the token bucket."""
    return (limit or DEFAULT_LIMIT).least_seconds(usual_calls_of(scenario))


def _by_kind(scenario: Scenario) -> Mapping[Kind, int]:
    """VMIs by the kind that they are created as."""
    workload, replay = scenario.workload, scenario.load.replay
    if replay is None:
        return {workload.kind: workload.count}
    counts: Counter[Kind] = Counter()
    for arrival in replay.arrivals:
        counts[arrival.kind] += arrival.members
    return counts


def default_deadline(usual: float) -> float:
    """How long to wait where nothing was said: 10 min, or three times what usual calls take."""
    return max(LEAST_DEADLINE, DEADLINE_FACTOR * usual)
