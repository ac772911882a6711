"""The steps of a scenario's actions as operations, and the calls that they are.

Invariant: an action is one call, as virtctl makes it; a migration is an object that is created in
the machine's namespace, with the run's label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from virtslo.load.arrivals import offsets
from virtslo.load.planned import PlannedObject, PlannedOperation
from virtslo.model.identifiers import RUN_LABEL, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.plan.actions import Action, ActionStep
from virtslo.model.plan.scenario import Arrival, ArrivalProcess
from virtslo.model.stage_names import ACTIONS
from virtslo.ports.kube_api import Call, KubeApi

ACTED_ON: Final[Mapping[Action, Resource]] = {
    Action.START: resources.VM_ACTIONS,
    Action.STOP: resources.VM_ACTIONS,
    Action.RESTART: resources.VM_ACTIONS,
    Action.PAUSE: resources.VMI_ACTIONS,
    Action.UNPAUSE: resources.VMI_ACTIONS,
}
"""Which subresource API an action is a request to; a migration is an object of its own."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step; its requests are intended from when the step begins."""

    number: int
    """From 0."""
    step: ActionStep
    operations: tuple[PlannedOperation, ...]


def plan_steps(
    steps: Sequence[ActionStep], objects: Sequence[PlannedObject]
) -> tuple[PlannedStep, ...]:
    """Every step with its requests: one to each object, in order."""
    planned = []
    for number, step in enumerate(steps):
        process = ArrivalProcess.BURST if step.rate is None else ArrivalProcess.CONSTANT
        arrival = Arrival(process, step.rate, None, step.at_once)
        times = offsets(arrival, len(objects), Random(number))
        operations = tuple(
            PlannedOperation(
                step.action.value, each, offset_ns, ACTIONS, number, body=_options(step)
            )
            for each, offset_ns in zip(objects, times, strict=True)
        )
        planned.append(PlannedStep(number, step, operations))
    return tuple(planned)


def _options(step: ActionStep) -> Mapping[str, Any]:
    if step.action is Action.START and step.paused:
        return {"paused": True}
    if step.action is Action.STOP and step.force:
        return {"gracePeriod": 0}
    if step.action is Action.RESTART and step.force:
        return {"gracePeriodSeconds": 0}
    return {}


async def act(api: KubeApi, operation: PlannedOperation) -> Object:
    """Make the call of an action; the answer, which may be empty."""
    action, planned = Action(operation.verb), operation.planned
    if action is Action.MIGRATE:
        return await api.create(
            resources.VMI_MIGRATIONS, _migration(operation), namespace=planned.namespace
        )
    call = Call(
        "update",
        ACTED_ON[action],
        planned.namespace,
        planned.name,
        action.value,
        operation.body or {},
    )
    await api.transport.send(call)
    return {}


def _migration(operation: PlannedOperation) -> Object:
    planned = operation.planned
    label = planned.run_label
    return {
        "apiVersion": resources.VMI_MIGRATIONS.api_version,
        "kind": resources.VMI_MIGRATIONS.kind,
        "metadata": {
            "generateName": f"{planned.name}-{operation.cycle}-",
            "namespace": planned.namespace,
            "labels": {} if label is None else {RUN_LABEL: label},
        },
        "spec": {"vmiName": planned.name},
    }
