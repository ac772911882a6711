"""The ceiling: no run of a plan can be faster than a component's own client lets it be.

Invariant: calls per object are data, as measured on a real control plane in a burst
(KUBEVIRT-CALLS 2a: 1000 VMIs; 100 of the other kinds), successful calls of virt-controller only;
a call that a busy plane merges away is not counted, so that the least time stays a least time.
"""

from collections.abc import Mapping
from typing import Final

from virtslo.model.environment import ClientLimit
from virtslo.model.workload import Kind

DEFAULT_LIMIT: Final = ClientLimit(200.0, 400, "KubeVirt default")
LEAST_DEADLINE: Final = 600.0
DEADLINE_FACTOR: Final = 3.0

CREATE_CALLS: Final[Mapping[Kind, Mapping[str, float]]] = {
    Kind.VMI: {
        "update virtualmachineinstances": 3.0,
        "patch virtualmachineinstances": 1.0,
        "create pods": 1.0,
        "patch pods": 1.0,
        "patch pods/status": 1.0,
        "create events": 1.0,
    },
    Kind.VM: {
        "create virtualmachineinstances": 1.0,
        "update virtualmachineinstances": 4.0,
        "patch virtualmachineinstances": 1.0,
        "create pods": 1.0,
        "patch pods": 1.0,
        "patch pods/status": 1.0,
        "create controllerrevisions": 1.0,
        "update virtualmachines": 1.0,
        "update virtualmachines/status": 3.0,
        "patch virtualmachines": 1.0,
        "create events": 2.0,
    },
    Kind.VMPOOL: {
        "create virtualmachines": 1.0,
        "create virtualmachineinstances": 1.0,
        "update virtualmachineinstances": 4.0,
        "patch virtualmachineinstances": 1.0,
        "create pods": 1.0,
        "patch pods": 1.0,
        "patch pods/status": 1.0,
        "create controllerrevisions": 1.0,
        "update virtualmachines": 1.0,
        "update virtualmachines/status": 3.0,
        "patch virtualmachines": 1.0,
        "create events": 2.0,
    },
    Kind.VMIRS: {
        "create virtualmachineinstances": 1.0,
        "update virtualmachineinstances": 3.0,
        "patch virtualmachineinstances": 1.0,
        "create pods": 1.0,
        "patch pods": 1.0,
        "patch pods/status": 1.0,
        "create events": 1.0,
    },
}
"""Calls of virt-controller for one VMI from creation to Running, by kind of workload."""


def calls_per_object(kind: Kind) -> float:
    """Calls of virt-controller for one VMI of a workload, from creation to Running."""
    return sum(CREATE_CALLS[kind].values())


def least_seconds(calls: float, count: int, qps: float, burst: float) -> float:
    """The least time of `count` objects of `calls` calls each through a token bucket.

    0 where the bucket is off (qps of 0).
    """
    if qps <= 0:
        return 0.0
    return max(0.0, calls * count - burst) / qps


def default_deadline(least: float) -> float:
    """How long to wait where nothing was said: 10 min, or three times the least time."""
    return max(LEAST_DEADLINE, DEADLINE_FACTOR * least)
