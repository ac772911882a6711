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
    settings: Mapping[str, str | int | float] = field(default_factory=dict)
    """What was put over the profile, by name: `kubevirt.virtController.qps`."""
    document: Mapping[str, Any] | None = None
    """The values of a profile from a file; None for a built-in one."""

    @property
    def description(self) -> str:
        """The profile and what was put over it: `ci with kubevirt.virtController.qps=20`."""
        given = ", ".join(
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
            for name, value in sorted(self.settings.items())
        )
        return f"{self.profile} with {given}" if given else self.profile

    def beside_the_profile(self) -> dict[str, Any]:
        """The settings and the values of a profile from a file, where there are any."""
        facts: dict[str, Any] = {}
        if self.settings:
            facts["settings"] = dict(self.settings)
        if self.document is not None:
            facts["document"] = dict(self.document)
        return facts


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
