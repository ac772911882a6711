"""Doing one planned operation, and saying what became of it.

Invariant: what the cluster answers, or fails to answer, is data; nothing of it is raised and
nothing is tried twice.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from virtslo.base.errors import ApiError, ClusterError
from virtslo.load.machine_actions import act
from virtslo.load.planned import PlannedOperation
from virtslo.model.identifiers import Object
from virtslo.model.plan.actions import Action
from virtslo.model.plan.workload import TRAITS
from virtslo.model.run.operations import CREATE, DELETE, SCALE
from virtslo.ports.kube_api import Answering, KubeApi, PatchType

CREATED: Final = 201
OK: Final = 200
ACCEPTED: Final = 202
LONGEST: Final = 256
"""Characters kept of what a server says."""


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What an operation brought: the HTTP code, the reason it failed and the server's own words,
    the object's uid."""

    code: int | None = None
    error: str | None = None
    uid: str | None = None
    message: str | None = None


async def perform(api: KubeApi, operation: PlannedOperation) -> Answer:
    """Do it, once."""
    code, call = _CALLS[operation.verb]
    try:
        answer = await call(api, operation)
    except ApiError as error:
        return Answer(error.code, error.reason, message=error.message[:LONGEST] or None)
    except ClusterError as error:
        return Answer(None, f"{type(error).__name__}: {error.message}"[:LONGEST])
    return Answer(code, None, _uid_of(answer))


def _uid_of(answer: Object) -> str | None:
    """Of the object, or of the Status that answers a delete."""
    uid: str | None = answer.get("metadata", {}).get("uid")
    return uid or (answer.get("details") or {}).get("uid")


def _create(api: KubeApi, operation: PlannedOperation) -> Answering:
    planned = operation.planned
    resource = TRAITS[planned.kind].resource
    return api.create(resource, planned.manifest, namespace=planned.namespace)


def _delete(api: KubeApi, operation: PlannedOperation) -> Answering:
    planned = operation.planned
    resource = TRAITS[planned.kind].resource
    return api.delete(resource, planned.name, namespace=planned.namespace)


def _scale(api: KubeApi, operation: PlannedOperation) -> Answering:
    planned = operation.planned
    resource = TRAITS[planned.kind].resource
    return api.patch(
        resource,
        planned.name,
        {"spec": {"replicas": operation.replicas}},
        patch_type=PatchType.MERGE,
        namespace=planned.namespace,
        subresource="scale",
    )


_CALLS: Final[
    Mapping[str, tuple[int, Callable[[KubeApi, PlannedOperation], Awaitable[Object]]]]
] = {
    CREATE: (CREATED, _create),
    DELETE: (OK, _delete),
    SCALE: (OK, _scale),
    **{action.value: (ACCEPTED, act) for action in Action},
    Action.PAUSE.value: (OK, act),
    Action.UNPAUSE.value: (OK, act),
    Action.MIGRATE.value: (CREATED, act),
}
