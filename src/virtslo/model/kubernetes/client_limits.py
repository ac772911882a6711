"""Client limits: the defaults of KubeVirt's and Kubernetes' components, and where KubeVirt's object
sets others.

Invariant: as in KubeVirt's `pkg/virt-config/virt-config.go`; written here alone.
"""

from dataclasses import dataclass
from typing import Final

from virtslo.model.kubernetes.components import (
    VIRT_API,
    VIRT_CONTROLLER,
    VIRT_HANDLER,
    VIRT_OPERATOR,
)

DEFAULT_LIMITS: Final = {
    VIRT_API: (200.0, 400),
    VIRT_CONTROLLER: (200.0, 400),
    VIRT_HANDLER: (50.0, 100),
}
"""Requests per second and burst of each component's token bucket."""

GARBAGE_COLLECTOR: Final = "garbage-collector"
COMPONENT_LIMITS: Final = {
    **DEFAULT_LIMITS,
    VIRT_OPERATOR: (200.0, 400),
    "kube-scheduler": (50.0, 100),
    "kubelet": (50.0, 100),
    GARBAGE_COLLECTOR: (40.0, 30),
}
"""The same for every client that is played. kube-controller-manager's controllers have a client
each; the garbage collector's is the one that is felt: 20 deletions a second, each with its GET."""

LIMIT_KEYS: Final = {
    VIRT_API: "apiConfiguration",
    VIRT_CONTROLLER: "controllerConfiguration",
    VIRT_HANDLER: "handlerConfiguration",
}
"""The key of a KubeVirt object's configuration under which a component's limits are."""


@dataclass(frozen=True, slots=True)
class ClientLimit:
    """A component's client-side token bucket: requests per second and bucket size."""

    qps: float
    burst: int
    source: str

    def least_seconds(self, calls: float) -> float:
        """The least time that `calls` take through the token bucket; 0 where it is off."""
        return max(0.0, calls - self.burst) / self.qps if self.qps > 0 else 0.0
