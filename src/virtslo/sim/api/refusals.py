"""Refusals in the API server's own words: what is missing, stale, mismatched or not valid.

Invariant: pure; every refusal names the resource, the object and the field as a real server does,
so that clients which read reasons, causes and messages find what they expect.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from virtslo.base.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource

REQUIRED: Final = "FieldValueRequired"
INVALID: Final = "FieldValueInvalid"
FORBIDDEN: Final = "FieldValueForbidden"
UNSUPPORTED: Final = "FieldValueNotSupported"
TYPE_INVALID: Final = "FieldValueTypeInvalid"
TOO_LONG: Final = "FieldValueTooLong"

BUILT_IN: Final = frozenset(
    {
        "",
        "apps",
        "autoscaling",
        "batch",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "scheduling.k8s.io",
        "rbac.authorization.k8s.io",
        "storage.k8s.io",
        "coordination.k8s.io",
        "apiextensions.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
    }
)
"""The groups of types that a real API server knows without a CustomResourceDefinition."""


class Cause(NamedTuple):
    """What is wrong with one field: where, the reason's name, and the words."""

    field: str
    reason: str
    message: str


def details_of(resource: Resource, name: str, **more: Any) -> Object:
    """The details of a Status about one object."""
    details: dict[str, Any] = {"name": name}
    if resource.group:
        details["group"] = resource.group
    return {**details, "kind": resource.plural, **more}


def not_found(resource: Resource, name: str) -> NotFound:
    """404 for an object."""
    return NotFound(
        f'{resource.group_resource} "{name}" not found', details=details_of(resource, name)
    )


def conflict(resource: Resource, name: str) -> Conflict:
    """409 for a stale resource version."""
    return Conflict(
        f'Operation cannot be fulfilled on {resource.group_resource} "{name}": the object has been '
        "modified; please apply your changes to the latest version and try again",
        details=details_of(resource, name),
    )


def precondition_failed(
    resource: Resource, name: str, what: str, *, wanted: str, found: str
) -> Conflict:
    """409 for a precondition (`UID`, `ResourceVersion`) that does not hold."""
    return Conflict(
        f'Operation cannot be fulfilled on {resource.group_resource} "{name}": Precondition '
        f"failed: {what} in precondition: {wanted}, {what} in object meta: {found}",
        details=details_of(resource, name),
    )


def unmet_precondition(
    resource: Resource, name: str, what: str, *, wanted: str, found: str, why: str
) -> Conflict:
    """409 for a deletion that means another object or version; it names the kind."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    return Conflict(
        f'Operation cannot be fulfilled on {kind} "{name}": the {what} in the precondition '
        f"({wanted}) does not match the {what} in record ({found}). The object might have been "
        f"{why}",
        details={**details_of(resource, name), "kind": resource.kind},
    )


def invalid(resource: Resource, name: str, causes: Sequence[Cause]) -> Invalid:
    """422 for an object with these causes."""
    return invalid_kind(resource.group, resource.kind, name, causes)


def invalid_options(kind: str, causes: Sequence[Cause]) -> Invalid:
    """422 for the parameters of a request: `ListOptions`, `CreateOptions` and so on."""
    return invalid_kind("meta.k8s.io", kind, "", causes)


def invalid_kind(group: str, kind: str, name: str, causes: Sequence[Cause]) -> Invalid:
    """422 for a kind that may not be a resource of its own."""
    told = [f"{cause.field}: {cause.message}" for cause in causes]
    text = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    details: dict[str, Any] = {"name": name} if name else {}
    if group:
        details["group"] = group
    if kind:
        details["kind"] = kind
    details["causes"] = [cause_document(cause) for cause in causes]
    qualified = f"{kind}.{group}" if group else kind
    return Invalid(f'{qualified} "{name}" is invalid: {text}', details=details)


def denied(webhook: str, causes: Sequence[Cause]) -> Invalid:
    """422 as an admission webhook of KubeVirt answers it."""
    words = ", ".join(cause.message for cause in causes)
    return Invalid(
        f'admission webhook "{webhook}" denied the request: {words}',
        details={"causes": [cause_document(cause) for cause in causes]},
    )


def forbidden(resource: Resource, name: str, words: str) -> Forbidden:
    """403 for an object."""
    return Forbidden(
        f'{resource.group_resource} "{name}" is forbidden: {words}',
        details=details_of(resource, name),
    )


def unsupported(field: str, value: Any, supported: Sequence[str]) -> Cause:
    """A value that is not one of those that may be given."""
    listed = ", ".join(f'"{each}"' for each in supported)
    return Cause(
        field, UNSUPPORTED, f"Unsupported value: {quoted(value)}: supported values: {listed}"
    )


def required(field: str, words: str = "") -> Cause:
    """A value that is missing."""
    return Cause(field, REQUIRED, f"Required value: {words}" if words else "Required value")


def invalid_value(field: str, value: Any, words: str) -> Cause:
    """A value that may not be."""
    return Cause(field, INVALID, f"Invalid value: {quoted(value)}: {words}")


def forbidden_field(field: str, words: str) -> Cause:
    """A value that may not be given here."""
    return Cause(field, FORBIDDEN, f"Forbidden: {words}")


def quoted(value: Any) -> str:
    """A value as the API server prints it in a message."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if value is None:
        return "null"
    return f'"{value}"' if isinstance(value, str) else f'"{str(value)[:200]}"'


def cause_document(cause: Cause) -> Mapping[str, str]:
    """A cause as it stands in a Status."""
    document = {"reason": cause.reason, "message": cause.message}
    return {**document, "field": cause.field} if cause.field else document


def mismatched_name(body: str, url: str) -> BadRequest:
    """400 for an object that is sent to another one's path."""
    return BadRequest(f"the name of the object ({body}) does not match the name on the URL ({url})")


def mismatched_namespace() -> BadRequest:
    """400 for an object that is sent to another namespace."""
    return BadRequest(
        "the namespace of the provided object does not match the namespace sent on the request"
    )
