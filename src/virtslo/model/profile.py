"""How long things take in a simulated cluster, as data.

Invariant: a profile holds numbers and distributions, no behaviour; with a seed it fixes a run.
All durations are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

GET_NODES: Final = "GET nodes"
PATCH_VMIS: Final = "PATCH virtualmachineinstances"
SUPERFLUOUS_CALLS: Final = (GET_NODES, PATCH_VMIS)
"""What a profile may ask for in `extra_calls`, by `VERB resource`."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A duration's distribution, seconds.

    `constant` (value), `uniform` (low, high), `normal` (mean, deviation, cut at 0),
    `lognormal` (median, sigma). Nothing below `least`.
    """

    shape: str = "constant"
    value: float = 0.0
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    deviation: float = 0.0
    median: float = 0.0
    sigma: float = 0.0
    least: float = 0.0


ZERO = Distribution()


@dataclass(frozen=True, slots=True)
class NodeShape:
    """A hollow node's allocatable resources and how many there are at least."""

    count: int = 2
    cpu: str = "32"
    memory: str = "256Gi"
    pods: int = 110
    kvm: int = 1000


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """The API server as a queue: seconds of service per request, and how many at once."""

    workers: int = 0
    """Requests served at once; 0: no queue, service takes its time but never waits."""
    cores: int = 0
    """Cores that all requests being served, and controllers' and played nodes' own work, share
    evenly; 0: each has a machine of its own."""
    reads_in_flight: int = 0
    """How many reads, but for watches, may be unanswered at once before others are answered 429, as
    kube-apiserver's `--max-requests-inflight`; 0: any number."""
    writes_in_flight: int = 0
    """The same for writes, as `--max-mutating-requests-inflight`."""
    read: float = 0.0
    write: float = 0.0
    list_base: float = 0.0
    list_per_object: float = 0.0
    webhook: Mapping[str, float] = field(default_factory=dict)
    """Extra seconds of service by `verb resource` or `verb resource/subresource`: admission
    webhooks, large objects."""
    spread: float = 0.0
    """Share by which a service time differs from its mean, both ways, evenly; 0: it never does."""
    after_write: float = 0.0
    """Seconds that a worker is busy with a write after it was answered: events for watchers."""
    second_write: float = 1.0
    """What a second write to the store within one request takes, as a share of a write."""
    watch_delay: float = 0.0
    """From a write to its delivery on a watch; with `cores`, seconds of a core that is not shared:
    events wait their turn as everything else does."""
    watch_delays: Mapping[str, float] = field(default_factory=dict)
    """The same for single resources, by plural: large objects with many watchers take longer."""


@dataclass(frozen=True, slots=True)
class ComponentLimits:
    """A component's client token bucket; qps 0 turns it off."""

    qps: float
    burst: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A simulated cluster's time, whole."""

    name: str
    description: str
    nodes: NodeShape = field(default_factory=NodeShape)
    server: ServerProfile = field(default_factory=ServerProfile)
    limits: Mapping[str, ComponentLimits] = field(default_factory=dict)
    """By component: virt-controller, virt-handler, virt-api, garbage-collector, …"""
    delays: Mapping[str, Distribution] = field(default_factory=dict)
    """By step: `schedule`, `pod_create`, `pod_start`, `domain_define`, `boot`, `shutdown`,
    `pod_stop`, `migration_prepare`, `migrate`; a step not named takes no time."""
    node_work: float = 0.0
    """Seconds that one process, which plays every node, works on each step of a VMI, one after
    another; 0 where nodes work for themselves."""
    pod_work: float = 0.0
    """The same for each step of a pod: larger objects, and two requests where a VMI has one."""
    reconcile: Mapping[str, Distribution] = field(default_factory=dict)
    """A controller's own work per reconcile, by controller: `vmi`, `vm`, `snapshot`, `pool`,
    `replica_set`, `migration`; one not named takes no time."""
    extra_calls: Mapping[str, int] = field(default_factory=dict)
    """Documented regressions: superfluous calls per object, by `VERB resource`."""
