"""What must match for two runs to be comparable.

Invariant: no date, host or path is in it; those are in the record's `host.json`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.simulated.target import SimulatedTarget


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
