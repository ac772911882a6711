"""The plan of a run: every object, name and intended time, before anything is touched.

Invariant: pure; the same scenario, run label and seed give the same plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from virtslo.load.arrivals import offsets
from virtslo.load.churn import CycleSchedule, churn_schedule
from virtslo.load.machine_actions import PlannedStep, plan_steps
from virtslo.load.manifests import without_place
from virtslo.load.naming import (
    Slot,
    context_of,
    kind_of,
    members_of,
    name_of,
    namespace_of,
    namespaces_of,
    ramp_up_slots,
    warm_up_slots,
)
from virtslo.load.planned import PlannedCycle, PlannedObject, PlannedOperation
from virtslo.load.replacing import plan_cycles, replacement_slots
from virtslo.load.replaying import plan_deletions
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.plan.ceiling import (
    DEFAULT_LIMIT,
    default_deadline,
    least_seconds_of,
    usual_seconds_of,
)
from virtslo.model.plan.scenario import Scenario

__all__ = [
    "Plan",
    "PlannedCycle",
    "PlannedObject",
    "PlannedOperation",
    "contexts",
    "make_plan",
    "replacement_contexts",
    "warm_up_contexts",
]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run means to do."""

    run_label: str
    namespaces: tuple[str, ...]
    owned_namespaces: bool
    """Whether the namespaces are the run's own, to be made and removed by it."""
    objects: tuple[PlannedObject, ...]
    warm_up: tuple[PlannedObject, ...]
    offsets_ns: tuple[int, ...]
    """Ramp-up: the intended time of each of `objects`, from the stage's t0."""
    least_seconds: float
    """The ceiling: no run of this plan can be faster."""
    usual_seconds: float
    """How long the calls that are usual take through virt-controller's token bucket."""
    running_deadline: float
    gone_deadline: float
    cycles: tuple[PlannedCycle, ...] = ()
    """The churn stage; empty for a burst."""
    steps: tuple[PlannedStep, ...] = ()
    """The stage of actions; empty for most runs."""
    deletions: tuple[PlannedOperation, ...] = ()
    """A replay's: when what lived no longer than its trace is deleted, in order of time."""
    limit: ClientLimit = DEFAULT_LIMIT
    """virt-controller's client limit, by which the ceiling was reckoned."""

    @property
    def only_namespace(self) -> str | None:
        """The one namespace that the run is in, where the scenario names it: nothing outside it is
        watched or removed, so that rights in it are enough. None where there are several, or the
        run makes its own."""
        if self.owned_namespaces or len(self.namespaces) != 1:
            return None
        return self.namespaces[0]


def contexts(scenario: Scenario, run_label: str) -> list[dict[str, Any]]:
    """The template variables of each object of the population."""
    return [context_of(scenario, run_label, slot) for slot in ramp_up_slots(scenario)]


def warm_up_contexts(scenario: Scenario, run_label: str) -> list[dict[str, Any]]:
    """The template variables of each object of the warm-up."""
    return [context_of(scenario, run_label, slot) for slot in warm_up_slots(scenario)]


def replacement_contexts(scenario: Scenario, run_label: str, seed: int) -> list[dict[str, Any]]:
    """The template variables of each replacement that the run itself creates."""
    slots = replacement_slots(scenario, _schedule(scenario, seed))
    return [context_of(scenario, run_label, slot) for slot in slots]


@dataclass(frozen=True, slots=True)
class Rendered:
    """The rendered manifests of a scenario, one for each of its contexts."""

    ramp_up: Sequence[Object]
    warm_up: Sequence[Object] = ()
    replacements: Sequence[Object] = ()

    @classmethod
    def of(cls, manifests: Sequence[Object], *, ramp_up: int, warm_up: int) -> "Rendered":
        """The manifests of all contexts, in the order of ramp-up, warm-up and replacements."""
        begin, end = ramp_up, ramp_up + warm_up
        return cls(manifests[:begin], manifests[begin:end], manifests[end:])


def make_plan(
    scenario: Scenario,
    rendered: Rendered,
    *,
    run_label: str,
    seed: int,
    limit: ClientLimit | None = None,
) -> Plan:
    """The plan of a scenario whose manifests have been rendered, one for each context."""
    bucket = limit or DEFAULT_LIMIT
    workload, replay = scenario.workload, scenario.load.replay
    usual = usual_seconds_of(scenario, bucket)
    schedule = _schedule(scenario, seed)
    slots = ramp_up_slots(scenario)
    objects = _planned(scenario, run_label, slots, rendered.ramp_up)
    refills = replacement_slots(scenario, schedule)
    rng = Random(f"{seed}:arrivals")
    return Plan(
        run_label=run_label,
        namespaces=namespaces_of(scenario, run_label),
        owned_namespaces=workload.namespace is None,
        objects=objects,
        warm_up=_planned(scenario, run_label, warm_up_slots(scenario), rendered.warm_up),
        offsets_ns=tuple(offsets(scenario.load.arrival, len(slots), rng))
        if replay is None
        else replay.offsets_ns,
        least_seconds=least_seconds_of(scenario, bucket),
        usual_seconds=usual,
        running_deadline=scenario.deadlines.running or default_deadline(usual),
        gone_deadline=scenario.deadlines.gone or default_deadline(usual),
        cycles=plan_cycles(
            scenario,
            schedule,
            objects=objects,
            replacements=_planned(scenario, run_label, refills, rendered.replacements),
        ),
        steps=plan_steps(scenario.load.actions, objects),
        limit=bucket,
        deletions=() if replay is None else plan_deletions(replay, objects),
    )


def _schedule(scenario: Scenario, seed: int) -> tuple[CycleSchedule, ...]:
    return churn_schedule(scenario, Random(f"{seed}:churn"))


def _planned(
    scenario: Scenario, run_label: str, slots: Sequence[Slot], manifests: Sequence[Object]
) -> tuple[PlannedObject, ...]:
    planned: list[PlannedObject] = []
    template: Object = {}
    for slot, manifest in zip(slots, manifests, strict=True):
        own = without_place(manifest)
        if own != template:
            template = own
        planned.append(
            PlannedObject(
                slot.index,
                kind_of(scenario, slot),
                namespace_of(scenario, run_label, slot),
                name_of(scenario, run_label, slot),
                template,
                members_of(scenario, slot),
                slot.generation,
                run_label,
                slot.is_warm_up,
            )
        )
    return tuple(planned)
