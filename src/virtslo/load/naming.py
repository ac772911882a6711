"""Names and namespaces of planned objects, and the template variables of each.

Invariant: a name depends only on kind, run label, slot and generation; it is a DNS label, and no
two objects of a run have the same one.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from virtslo.model.plan.scenario import GENERATION, Scenario
from virtslo.model.plan.workload import TRAITS, Kind

MAX_LABEL: Final = 40
"""Longest run label that names carry as it is; what comes after it must fit into 63 too."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One object to be: its place in the population and how often the place was filled before."""

    index: int
    generation: int = 0
    is_warm_up: bool = False
    replica: int = 1
    """What the load generator of KubeVirt calls its running number, from 1."""


def object_count(scenario: Scenario) -> int:
    """How many objects the run itself creates in the ramp-up."""
    workload, replay = scenario.workload, scenario.load.replay
    if replay is not None:
        return len(replay.arrivals)
    return workload.groups if TRAITS[workload.kind].is_group else workload.count


def kind_of(scenario: Scenario, slot: Slot) -> Kind:
    """The kind of the object in a slot: a replay's own, else the workload's."""
    replay = scenario.load.replay
    if replay is None or slot.is_warm_up:
        return scenario.workload.kind
    return replay.arrivals[slot.index].kind


def namespaces_of(scenario: Scenario, run_label: str) -> tuple[str, ...]:
    """The namespaces of a run, in the order in which they are filled."""
    workload = scenario.workload
    if workload.namespace is not None:
        return (workload.namespace,)
    return _own_namespaces(_short(run_label), workload.namespaces)


@lru_cache(maxsize=4)
def _own_namespaces(label: str, count: int) -> tuple[str, ...]:
    """The same texts for all objects of a run, each of which has its namespace for good."""
    return tuple(f"virtslo-{label}-{number}" for number in range(count))


def namespace_of(scenario: Scenario, run_label: str, slot: Slot) -> str:
    """The namespace of the object in a slot."""
    namespaces = namespaces_of(scenario, run_label)
    each = scenario.workload.objects_per_namespace
    place = slot.index if each is None else slot.index // each
    return namespaces[place % len(namespaces)]


def name_of(scenario: Scenario, run_label: str, slot: Slot) -> str:
    """The name of the object in a slot."""
    kind = kind_of(scenario, slot).value
    warm_up = "w" if slot.is_warm_up else ""
    generation = f"-g{slot.generation}" if slot.generation else ""
    return f"{kind}-{_short(run_label)}-{warm_up}{slot.index:05d}{generation}"


def context_of(scenario: Scenario, run_label: str, slot: Slot) -> dict[str, Any]:
    """The template variables of the object in a slot."""
    context: dict[str, Any] = {
        "index": slot.index,
        "name": name_of(scenario, run_label, slot),
        "namespace": namespace_of(scenario, run_label, slot),
        "run_id": run_label,
        "replica": slot.replica,
        GENERATION: slot.generation,
    }
    replay = scenario.load.replay
    if replay is not None and not slot.is_warm_up:
        arrival = replay.arrivals[slot.index]
        sizes = {"cpu": arrival.cpu, "memory": arrival.memory}
        context |= {name: size for name, size in sizes.items() if size is not None}
    if TRAITS[kind_of(scenario, slot)].is_group:
        context["replicas"] = members_of(scenario, slot)
        context["group"] = slot.index
    return context


def members_of(scenario: Scenario, slot: Slot) -> int:
    """How many VMIs the object in a slot stands for; a warm-up object stands for one."""
    workload, replay = scenario.workload, scenario.load.replay
    if slot.is_warm_up:
        return 1
    if replay is not None:
        return replay.arrivals[slot.index].members
    if not TRAITS[workload.kind].is_group:
        return 1
    least, rest = divmod(workload.count, workload.groups)
    return least + (slot.index < rest)


def ramp_up_slots(scenario: Scenario) -> list[Slot]:
    """The slots of the population."""
    return [Slot(index, replica=index + 1) for index in range(object_count(scenario))]


def warm_up_slots(scenario: Scenario) -> list[Slot]:
    """The slots of the objects that are made and removed before anything is measured."""
    return [Slot(index, is_warm_up=True, replica=index + 1) for index in range(scenario.warm_up)]


def _short(run_label: str) -> str:
    if len(run_label) <= MAX_LABEL:
        return run_label
    return run_label[: MAX_LABEL - 9] + "-" + hashlib.sha256(run_label.encode()).hexdigest()[:8]
