"""What must match for two runs to be comparable.

Invariant: no date, host or path is in it; those are in the record's `host.json`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SimulatedTarget:
    """The simulated cluster a run was on."""

    profile: str
    seed: int
    nodes: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientLimit:
    """A component's client-side token bucket: requests per second and bucket size."""

    qps: float
    burst: int
    source: str

    def least_seconds(self, calls: float) -> float:
        """The least time that `calls` take through the token bucket; 0 where it is off."""
        return max(0.0, calls - self.burst) / self.qps if self.qps > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Environment:
    """The cluster under test."""

    kubernetes_version: str | None
    kubevirt_version: str | None
    nodes: int | None
    node_shape: Mapping[str, str] = field(default_factory=dict)
    """Allocatable resources of the most common node: cpu, memory, pods, devices."""
    schedulable_nodes: int | None = None
    simulated: SimulatedTarget | None = None
    client_limits: Mapping[str, ClientLimit] = field(default_factory=dict)
    feature_gates: tuple[str, ...] = ()
    virtual_time: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
