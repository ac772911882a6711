"""A scenario: what to create, under which load, judged by what.

Invariant: a `Scenario` is complete and valid; every default has been applied and every problem
refused by `config` before one exists. Durations are seconds, rates are per second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

from virtslo.model.plan.actions import ActionStep
from virtslo.model.plan.objectives import ObjectiveSet
from virtslo.model.plan.trace import MIXED, Replay
from virtslo.model.plan.workload import Kind


class Pattern(StrEnum):
    """A load pattern, as the field's documents name it."""

    BURST = "burst"
    STEADY_STATE = "steady-state"
    CONSTANT_CHURN = "constant-churn"
    REPLAY = "replay"

    @property
    def has_churn(self) -> bool:
        """Whether a churn stage follows the ramp-up, and fills the tables in its place."""
        return self in {Pattern.STEADY_STATE, Pattern.CONSTANT_CHURN}

    @property
    def key(self) -> str:
        """The pattern as the JSON document spells it."""
        return self.value.replace("-", "_")


class ArrivalProcess(StrEnum):
    """An arrival process. `burst` is closed loop by definition; the others are open loop."""

    BURST = "burst"
    CONSTANT = "constant"
    POISSON = "poisson"
    RAMP = "ramp"
    RECORDED = "recorded"
    """A replay's: the times of its trace."""


class Dialect(StrEnum):
    """The language of a template."""

    JINJA = "jinja"
    GO = "go"
    """As KubeVirt's perfscale-load-generator reads it: html/template."""
    GO_TEXT = "go-text"
    """As kube-burner reads it: text/template with sprig's functions."""


class Victims(StrEnum):
    """How the slots to be replaced are chosen."""

    RANDOM = "random"
    OLDEST = "oldest"
    NEWEST = "newest"


class ChurnMode(StrEnum):
    """What a replacement is; the forms measure different things and are named apart."""

    OBJECTS = "objects"
    """Delete the object and create another. For a pool: delete its VMs, the pool replaces them."""
    SCALE = "scale"
    """Scale a pool or replica set in by the number of churned objects, and out again."""
    RESTART = "restart"
    """Delete the VMI of a VM that runs always; the VM starts another."""


GENERATION: Final = "how often the place was filled before"
"""A template variable of every object, for reckoning others from; no template can name it."""


@dataclass(frozen=True, slots=True)
class Template:
    """The text an object's manifest is made from."""

    name: str
    text: str
    dialect: Dialect = Dialect.JINJA


@dataclass(frozen=True, slots=True)
class Workload:
    """The objects of a scenario."""

    kind: Kind
    count: int
    """How many objects; for pools and replica sets, how many members in all."""
    template: Template
    variables: Mapping[str, Any] = field(default_factory=dict)
    namespaces: int = 1
    """Over how many namespaces, made by the run, the objects are spread."""
    objects_per_namespace: int | None = None
    """How many consecutive objects one namespace takes before the next; None: round robin."""
    namespace: str | None = None
    """A namespace of the scenario's own choice, used instead (created only if absent)."""
    templates: Mapping[Kind, Template] = field(default_factory=dict)
    """Of a replay's other kinds: the template of each."""
    groups: int = 1
    """Over how many pools or replica sets `count` is spread; 1 for other kinds."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """When operations are intended."""

    process: ArrivalProcess = ArrivalProcess.BURST
    rate: float | None = None
    """Arrivals per second; for `ramp`, the rate at the end. None for `burst`."""
    start_rate: float | None = None
    """For `ramp`: the rate at the start."""
    at_once: int = 1
    """For `constant`: how many arrive at t0, as from a full token bucket; the rest at the rate."""


@dataclass(frozen=True, slots=True)
class Churn:
    """Deletes and creates that keep the population constant."""

    objects: int
    cycles: int = 5
    every: float = 60.0
    victims: Victims = Victims.RANDOM
    mode: ChurnMode = ChurnMode.OBJECTS
    rate: float | None = None
    """For constant churn: replacements per second."""
    duration: float | None = None
    """For constant churn: seconds."""


@dataclass(frozen=True, slots=True)
class Load:
    """The load pattern in time."""

    pattern: Pattern
    arrival: Arrival = field(default_factory=Arrival)
    max_in_flight: int = 100
    churn: Churn | None = None
    settle: float = 5.0
    """How long the cluster must be quiet before a window closes, seconds."""
    settle_limit: float = 60.0
    """How long to wait for quiet, seconds; not quiet by then is a finding."""
    hold: float = 0.0
    """How long the objects are left alone before they are deleted, seconds."""
    actions: tuple[ActionStep, ...] = ()
    """What is asked of the machines once they run, before they are deleted."""
    replay: Replay | None = None
    """For a replay: what of a recorded trace is played."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When waiting ends, seconds. None: max(10 min, 3 × the ceiling's least time)."""

    running: float | None = None
    gone: float | None = None


CountsFrom = Literal["auto", "components", "audit-log", "api-server", "prometheus", "none"]
"""Where counts of requests may come from; `auto`: from the best source that can be read."""


@dataclass(frozen=True, slots=True)
class Observe:
    """What else is read besides the watch."""

    rest_calls: CountsFrom = "auto"
    prometheus: str | None = None
    audit_log: str | None = None


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a scenario says of the simulated cluster; without effect on a real one."""

    profile: str | None = None
    document: Mapping[str, Any] | None = None
    """The values of a profile from a file; None for a built-in one."""
    nodes: int | None = None
    settings: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What to do, whole."""

    name: str
    workload: Workload
    load: Load
    warm_up: int = 1
    """How many objects are created and deleted before anything is measured."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    observe: Observe = field(default_factory=Observe)
    objectives: ObjectiveSet | None = None
    repeat: int = 1
    faults: tuple[str, ...] = ()
    """What goes wrong with the simulated cluster, each as it was written."""
    simulated: Simulation | None = None
    source: str = "command line"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of what it creates: of a replay those of its arrivals, else one."""
        replay = self.load.replay
        return (self.workload.kind,) if replay is None else replay.kinds

    @property
    def peak(self) -> int:
        """How many VMIs are wanted at once, at most: of a replay less than it creates in all."""
        replay = self.load.replay
        return self.workload.count if replay is None else replay.peak_members

    @property
    def kind_name(self) -> str:
        """What its kind is called in tables: `mixed` where there are several."""
        return self.workload.kind.value if len(self.kinds) == 1 else MIXED
