"""How long things take in a simulated cluster, as data.

Invariant: a profile holds numbers and distributions, no behaviour; with a seed it fixes a run.
All durations are seconds. The types say what a value may be: the schema of a profile's file, its
reader and the settings put over it are made from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, get_args

from msgspec import Meta

from virtslo.model.kubernetes.client_limits import COMPONENT_LIMITS
from virtslo.model.kubernetes.components import VIRT_API, VIRT_CONTROLLER

GET_NODES: Final = "GET nodes"
PATCH_VMIS: Final = "PATCH virtualmachineinstances"
SUPERFLUOUS_CALLS: Final = (GET_NODES, PATCH_VMIS)
"""What a profile may ask for in `extra_calls`, by `VERB resource`."""
Step = Literal[
    "schedule",
    "pod_create",
    "pod_start",
    "domain_define",
    "boot",
    "shutdown",
    "pod_stop",
    "migration_prepare",
    "migrate",
]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
"""The steps outside the API server that take time."""
THREADS: Final[Mapping[str, int]] = {
    "vmi": 10,
    "vm": 3,
    "snapshot": 6,
    "pool": 3,
    "replica_set": 3,
    "migration": 3,
}
"""virt-controller's controllers and their default threads
(pkg/virt-controller/watch/application.go)."""
THREAD_FLAGS: Final[Mapping[str, str]] = {
    "vmi": "vmi-controller-threads",
    "vm": "vm-controller-threads",
    "snapshot": "snapshot-controller-threads",
    "pool": "pool-controller-threads",
    "replica_set": "rs-controller-threads",
    "migration": "migration-controller-threads",
}
"""The flags of virt-controller that set them, in `customizeComponents.flags.controller`."""
REPLICAS: Final[Mapping[str, int]] = {VIRT_API: 2, VIRT_CONTROLLER: 2}
"""The components whose number of processes can be set, and KubeVirt's default."""
MOST_QUANTILES: Final = 101
MOST_SECONDS: Final = 7 * 24 * 3600.0
SECONDS: Final = "seconds"
QUANTITY: Final = "quantity"

Seconds = Annotated[float, Meta(ge=0, le=MOST_SECONDS, title=SECONDS)]
Share = Annotated[float, Meta(ge=0, le=1)]
Number = Annotated[float, Meta(ge=0, le=1e9)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Positive = Annotated[int, Meta(ge=1, le=1_000_000)]
Quantity = Annotated[str, Meta(title=QUANTITY)]
Setting = str | int | float


@dataclass(frozen=True, slots=True)
class Distribution:
    """A duration's distribution, seconds.

    `constant` (value), `uniform` (low, high), `normal` (mean, deviation, cut at 0),
    `lognormal` (median, sigma), `quantiles` (values: its quantiles at equal steps from 0 to 1, with
    straight lines between them). Nothing below `least`.
    """

    shape: Literal["constant", "uniform", "normal", "lognormal", "quantiles"] = "constant"
    value: Seconds = 0.0
    low: Seconds = 0.0
    high: Seconds = 0.0
    mean: Seconds = 0.0
    deviation: Seconds = 0.0
    median: Seconds = 0.0
    sigma: Number = 0.0
    values: Annotated[tuple[Seconds, ...], Meta(max_length=MOST_QUANTILES)] = ()
    least: Seconds = 0.0


PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "constant": ("value",),
    "uniform": ("low", "high"),
    "normal": ("mean", "deviation"),
    "lognormal": ("median", "sigma"),
    "quantiles": ("values",),
}
"""What each shape of distribution is given by, beside `least`."""
ZERO = Distribution()
IN_TURN: Final = "in turn"
SHARED: Final = "shared"


@dataclass(frozen=True, slots=True)
class NodeShape:
    """A hollow node's allocatable resources and how many there are at least."""

    count: Annotated[int, Meta(ge=1, le=20_000)] = 2
    cpu: Quantity = "32"
    memory: Quantity = "256Gi"
    pods: Positive = 110
    kvm: Count = 1000


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """The API server as a queue: seconds of service per request, and how many at once."""

    workers: Count = 0
    """Requests served at once; 0: no queue, service takes its time but never waits."""
    cores: Count = 0
    """Cores that all requests being served, and controllers' and played nodes' own work, share
    evenly; 0: each has a machine of its own."""
    serving: Literal["in turn", "shared"] = IN_TURN
    """With `cores`: "in turn", `workers` requests at once, first come, first served; "shared", all
    at once, and together they get what `workers` pieces of work would: what is small is answered
    soon, however many wait, as by a server whose threads share processors."""
    reads_in_flight: Count = 0
    """How many reads, but for watches, may be unanswered at once before others are answered 429, as
    kube-apiserver's `--max-requests-inflight`; 0: any number."""
    writes_in_flight: Count = 0
    """The same for writes, as `--max-mutating-requests-inflight`."""
    read: Seconds = 0.0
    write: Seconds = 0.0
    list_base: Seconds = 0.0
    list_per_object: Seconds = 0.0
    webhook: Mapping[str, Seconds] = field(default_factory=dict)
    """Extra seconds of service by `verb resource` or `verb resource/subresource`: admission
    webhooks, large objects."""
    spread: Share = 0.0
    """Share by which a service time differs from its mean, both ways, evenly; 0: it never does."""
    after_write: Seconds = 0.0
    """Seconds that a worker is busy with a write after it was answered: events for watchers."""
    second_write: Number = 1.0
    """What a second write to the store within one request takes, as a share of a write."""
    watch_delay: Seconds = 0.0
    """From a write to its delivery on a watch; with `cores`, seconds of a core that is not shared:
    events wait their turn as everything else does."""
    watch_delays: Mapping[str, Seconds] = field(default_factory=dict)
    """The same for single resources, by plural: large objects with many watchers take longer."""


@dataclass(frozen=True, slots=True)
class ComponentLimits:
    """A component's client token bucket; qps 0 turns it off."""

    qps: Number
    burst: Count


@dataclass(frozen=True, slots=True)
class MigrationLimits:
    """How many live migrations there may be at once, as the KubeVirt object says."""

    parallel_per_cluster: Positive = 5
    parallel_outbound_per_node: Positive = 2


@dataclass(frozen=True, slots=True)
class Profile:
    """A simulated cluster's time, whole."""

    name: str
    description: str = ""
    nodes: NodeShape = field(default_factory=NodeShape)
    server: ServerProfile = field(default_factory=ServerProfile)
    limits: Mapping[str, ComponentLimits] = field(
        default_factory=dict, metadata={"keys": tuple(COMPONENT_LIMITS)}
    )
    """By component: virt-controller, virt-handler, virt-api, garbage-collector, …"""
    delays: Mapping[str, Distribution] = field(default_factory=dict, metadata={"keys": STEPS})
    """By step: `schedule`, `pod_create`, `pod_start`, `domain_define`, `boot`, `shutdown`,
    `pod_stop`, `migration_prepare`, `migrate`; a step not named takes no time."""
    between_runs: Annotated[float, Meta(ge=0, le=2)] = 0.0
    """By how much runs differ as a whole: the deviation of the logarithm of one factor, drawn from
    the seed, that every delay of a run is multiplied by; 0: runs differ by chance of single objects
    alone."""
    node_work: Seconds = 0.0
    """Seconds that one process, which plays every node, works on each step of a VMI, one after
    another; 0 where nodes work for themselves."""
    pod_work: Seconds = 0.0
    """The same for each step of a pod: larger objects, and two requests where a VMI has one."""
    reconcile: Mapping[str, Distribution] = field(
        default_factory=dict, metadata={"keys": tuple(THREADS)}
    )
    """A controller's own work per reconcile, by controller: `vmi`, `vm`, `snapshot`, `pool`,
    `replica_set`, `migration`; one not named takes no time."""
    threads: Mapping[str, Positive] = field(default_factory=dict, metadata={"keys": tuple(THREADS)})
    """Threads of virt-controller's controllers; one not named has KubeVirt's default."""
    replicas: Mapping[str, Annotated[int, Meta(ge=1, le=100)]] = field(
        default_factory=dict, metadata={"keys": tuple(REPLICAS)}
    )
    """Processes of a component: virt-api (each with a token bucket of its own) and virt-controller
    (one leads, the others stand by); one not named has KubeVirt's default, 2."""
    migrations: MigrationLimits = field(default_factory=MigrationLimits)
    extra_calls: Mapping[str, Count] = field(
        default_factory=dict, metadata={"keys": SUPERFLUOUS_CALLS}
    )
    """Documented regressions: superfluous calls per object, by `VERB resource`."""
    calibration: Mapping[str, Any] = field(default_factory=dict)
    """Where a calibrated profile's values come from; for people, and without effect."""
