"""What the fields of a scenario must be to each other.

Invariant: a check reports only on fields that are valid by themselves, so that one mistake is one
problem; which fields it looked at is part of its finding.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from virtslo.config.faults import read_fault
from virtslo.config.field_types import MAX_COUNT
from virtslo.config.schema import ChurnModel, ScenarioModel
from virtslo.model.plan.scenario import ChurnMode, Pattern
from virtslo.model.plan.workload import TRAITS, Kind
from virtslo.model.stage_names import CHURN

BURST: Final = "burst"
CONSTANT_CHURN: Final = "constant-churn"
LEAST_SHARE: Final = 2


@dataclass(frozen=True, slots=True)
class Clash:
    """Fields that cannot go together; the first is where the problem is reported."""

    fields: tuple[str, ...]
    found: str
    expected: str
    hint: str = ""


def clashes(model: ScenarioModel) -> Iterator[Clash]:
    """Every clash of a scenario whose fields are valid by themselves."""
    yield from _spread(model)
    yield from _arrival(model)
    yield from _faults(model)
    yield from _actions(model)
    churn = churn_of(model)
    if churn is not None:
        yield from _churn_mode(model, churn)
        if model.load.pattern == CONSTANT_CHURN:
            yield from _constant_churn(model, churn)
        else:
            yield from _cycles(model, churn)


def _faults(model: ScenarioModel) -> Iterator[Clash]:
    """A fault of the churn stage where there is none would never strike."""
    for text in model.faults:
        fault = read_fault(text, [])
        if fault is not None and fault.stage == CHURN and churn_of(model) is None:
            yield Clash(
                ("faults", "load.pattern"),
                f"{text!r} for a {model.load.pattern}",
                "a stage that this pattern has: warm_up, ramp_up or ramp_down",
            )


def _actions(model: ScenarioModel) -> Iterator[Clash]:
    """Actions are asked of VMs that a burst made, and each option of the action that has it."""
    steps = model.load.actions
    if not steps:
        return
    if model.workload.kind is not Kind.VM:
        yield Clash(
            ("load.actions", "workload.kind"),
            f"actions for the kind {model.workload.kind.value}",
            "the kind vm",
            "KubeVirt starts, stops and restarts VMs only",
        )
    if model.load.pattern != BURST:
        yield Clash(
            ("load.actions", "load.pattern"),
            f"actions for the pattern {model.load.pattern}",
            "the pattern burst",
            "run the two one by one, each from a file",
        )
    for at, step in enumerate(steps):
        place = f"load.actions.{at}"
        if step.force and step.action not in {"stop", "restart"}:
            yield Clash((f"{place}.force",), f"force for {step.action}", "stop or restart")
        if step.paused and step.action != "start":
            yield Clash((f"{place}.paused",), f"paused for {step.action}", "start")
        if step.at_once > 1 and step.rate is None:
            yield Clash((f"{place}.atOnce",), f"{step.at_once} without a rate", "a rate")


def churn_of(model: ScenarioModel) -> ChurnModel | None:
    """The churn that applies: as given, or the defaults; None for a burst."""
    if not Pattern(model.load.pattern).has_churn:
        return None
    return model.load.churn or ChurnModel.model_validate({})


def churn_objects(objects: int | str, count: int) -> int:
    """How many objects a cycle replaces: a number, or a share of `count`, at least 2."""
    if isinstance(objects, int):
        return objects
    share = Fraction(objects.strip().removesuffix("%").strip()) / 100
    return min(count, max(LEAST_SHARE, math.ceil(count * share)))


def churn_mode(churn: ChurnModel, kind: Kind) -> ChurnMode:
    """What a replacement is: as given, or what suits the kind."""
    if churn.mode is not None:
        return ChurnMode(churn.mode)
    return ChurnMode.SCALE if kind is Kind.VMIRS else ChurnMode.OBJECTS


def replacements(rate: float, duration: float) -> int:
    """How many replacements constant churn makes."""
    return math.floor(rate * duration + 1e-9)


def _spread(model: ScenarioModel) -> Iterator[Clash]:
    workload = model.workload
    is_group = TRAITS[workload.kind].is_group
    objects = workload.groups if is_group else workload.count
    if workload.namespaces > objects:
        of = "workload.groups" if is_group else "workload.count"
        yield Clash(
            ("workload.namespaces", of),
            str(workload.namespaces),
            f"at most {of} ({objects})",
            "every namespace needs an object",
        )
    each = workload.objects_per_namespace
    if each is not None and workload.namespaces != math.ceil(objects / each):
        yield Clash(
            ("workload.objectsPerNamespace", "workload.namespaces"),
            f"{each} of {objects} objects in each of {workload.namespaces} namespaces",
            f"workload.namespaces: {math.ceil(objects / each)}",
            "namespaces are filled one after another, and none stays empty",
        )
    if workload.namespace is not None and workload.namespaces > 1:
        yield Clash(
            ("workload.namespaces", "workload.namespace"),
            f"{workload.namespaces} beside workload.namespace",
            "1",
            "leave one of the two out",
        )
    if workload.groups > 1 and not is_group:
        yield Clash(
            ("workload.groups", "workload.kind"),
            str(workload.groups),
            f"1 for the kind {workload.kind.value}",
            "groups are pools and replica sets",
        )
    elif workload.groups > workload.count:
        yield Clash(
            ("workload.groups", "workload.count"),
            str(workload.groups),
            f"at most workload.count ({workload.count})",
        )


def _arrival(model: ScenarioModel) -> Iterator[Clash]:
    arrival = model.load.arrival
    fields = ("load.arrival.rate", "load.arrival.process")
    if arrival.process == BURST and arrival.rate is not None:
        hint = "a burst has no rate: choose constant, poisson or ramp, or leave the rate out"
        yield Clash(fields, "a rate with the process burst", "none", hint)
    if arrival.process != BURST and arrival.rate is None:
        yield Clash(fields, "nothing", f"a rate for the process {arrival.process}", "such as 50/s")
    if arrival.process != "ramp" and arrival.start_rate is not None:
        yield Clash(
            ("load.arrival.startRate", "load.arrival.process"),
            f"a start rate with the process {arrival.process}",
            "none, or the process ramp",
        )


def _churn_mode(model: ScenarioModel, churn: ChurnModel) -> Iterator[Clash]:
    kind = model.workload.kind
    mode = churn_mode(churn, kind)
    fields = ("load.churn.mode", "workload.kind")
    if mode is ChurnMode.SCALE and model.load.pattern == CONSTANT_CHURN:
        hint = "replacements that arrive one by one are objects, not a change of scale"
        expected = "the pattern steady-state" if kind is Kind.VMIRS else "objects"
        yield Clash((*fields, "load.pattern"), "scale with constant-churn", expected, hint)
    elif mode is ChurnMode.SCALE and not TRAITS[kind].is_group:
        yield Clash(fields, "scale", "objects", "only pools and replica sets can be scaled")
    if mode is ChurnMode.RESTART and kind is not Kind.VM:
        yield Clash(fields, "restart", "objects", "only the VMI of a VM is started again")
    if mode is ChurnMode.OBJECTS and kind is Kind.VMIRS:
        hint = "the VMIs of a replica set have names that no plan can know"
        yield Clash(fields, "objects", "scale", hint)


def _constant_churn(model: ScenarioModel, churn: ChurnModel) -> Iterator[Clash]:
    if churn.ladder is not None:
        fields = ("load.churn.ladder", "load.churn.rate")
        yield Clash(fields, "a ladder", "one rate: a ladder is several runs", "virtslo run FILE")
    for field, value, example in (("rate", churn.rate, "10/s"), ("duration", churn.duration, "5m")):
        if value is None:
            place = f"load.churn.{field}"
            hint = f"such as {example}"
            yield Clash((place, "load.pattern"), "nothing", f"a {field} for constant churn", hint)
    if churn.rate is None or churn.duration is None:
        return
    total = replacements(churn.rate, churn.duration)
    fields = ("load.churn.duration", "load.churn.rate")
    if not 1 <= total <= MAX_COUNT:
        found = f"{total} replacements"
        yield Clash(fields, found, f"1 to {MAX_COUNT} replacements (rate x duration)")
    yield from _pool_names(model, churn, total, fields)


def _cycles(model: ScenarioModel, churn: ChurnModel) -> Iterator[Clash]:
    for field, value in (("rate", churn.rate), ("duration", churn.duration)):
        if value is not None:
            hint = "a steady state lasts cycles x every; for a rate choose constant-churn"
            place = f"load.churn.{field}"
            yield Clash((place, "load.pattern"), f"a {field} with steady-state", "none", hint)
    count = model.workload.count
    objects = churn_objects(churn.objects, count)
    if objects > count:
        fields: tuple[str, ...] = ("load.churn.objects", "workload.count")
        yield Clash(fields, str(objects), f"at most workload.count ({count})")
        return
    total = objects * churn.cycles
    fields = ("load.churn.cycles", "load.churn.objects", "workload.count")
    if total > MAX_COUNT:
        yield Clash(fields, f"{total} replacements", f"at most {MAX_COUNT} (objects x cycles)")
    yield from _pool_names(model, churn, total, fields)


def _pool_names(
    model: ScenarioModel, churn: ChurnModel, total: int, fields: tuple[str, ...]
) -> Iterator[Clash]:
    """A plan knows only the names of a pool's first VMs: each can be a victim once."""
    workload = model.workload
    is_by_name = churn_mode(churn, workload.kind) is ChurnMode.OBJECTS
    if workload.kind is Kind.VMPOOL and is_by_name and total > workload.count:
        yield Clash(
            (*fields, "workload.count", "workload.kind"),
            f"{total} VMs to delete in all",
            f"at most workload.count ({workload.count}) for a pool",
            "the names of VMs that a pool made later are not known: churn less, or mode: scale",
        )
