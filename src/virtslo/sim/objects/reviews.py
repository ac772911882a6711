"""Reviews, answered and not kept: SelfSubjectReview, access reviews, rules reviews, token reviews.

Invariant: nothing is stored. There are no roles: an authenticated user may do everything, and the
answers say so; an anonymous one may do nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from virtslo.base.errors import BadRequest
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import review_resources as kinds
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.refusals import Cause, invalid_kind, invalid_value
from virtslo.sim.api.requests import Request

MASTERS: Final = "system:masters"
UNKNOWN: Final = frozenset({"system:anonymous", "system:unauthenticated"})
REASON: Final = "simulated: an authenticated user may do everything"
_RULES: Final[Mapping[str, Any]] = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}

FindUser = Callable[[str], Identity | None]
"""The user of this token; None if it is unknown."""


def answer_review(request: Request, body: Object, *, now: str, find_user: FindUser) -> Object:
    """The body of a review with its answer. Raises BadRequest or Invalid."""
    resource = request.resource
    spec = body.get("spec") or {}
    if resource is kinds.SELF_SUBJECT_REVIEWS:
        metadata = {"creationTimestamp": now}
        return {**body, "metadata": metadata, "status": {"userInfo": user_info(request.user)}}
    if resource is kinds.TOKEN_REVIEWS:
        return {**body, "status": _token_status(resource, spec, find_user)}
    if resource is kinds.SELF_SUBJECT_RULES_REVIEWS:
        if not spec.get("namespace"):
            raise BadRequest("no namespace on request")
        return {**body, "spec": {}, "status": _RULES}
    causes = _causes(resource, body, spec)
    if causes:
        # The real one leaves the kind out: what it has decoded does not name it any more.
        raise invalid_kind(resource.group, "", "", causes)
    if resource is kinds.LOCAL_SUBJECT_ACCESS_REVIEWS:
        _check_namespace(request, spec)
    user, groups = request.user.username, request.user.groups
    if resource is not kinds.SELF_SUBJECT_ACCESS_REVIEWS:
        user, groups = str(spec.get("user") or ""), tuple(spec.get("groups") or ())
    return {**body, "status": _access(user, groups)}


def user_info(user: Identity) -> Object:
    """A user, as reviews tell of one."""
    info: dict[str, Any] = {"username": user.username, "groups": list(user.groups)}
    return info


def _access(user: str, groups: tuple[str, ...]) -> Object:
    if MASTERS in groups:
        return {"allowed": True}
    if UNKNOWN.intersection((user, *groups)):
        return {"allowed": False}
    return {"allowed": True, "reason": REASON}


def _token_status(resource: Resource, spec: Mapping[str, Any], find_user: FindUser) -> Object:
    token = spec.get("token")
    if not token:
        raise BadRequest("token is required for TokenReview in authentication")
    user = find_user(str(token))
    if user is None:
        return {"user": {}, "error": "invalid bearer token"}
    status: dict[str, Any] = {"authenticated": True, "user": user_info(user)}
    if spec.get("audiences"):
        status["audiences"] = spec["audiences"]
    return status


def _check_namespace(request: Request, spec: Mapping[str, Any]) -> None:
    stated = (spec.get("resourceAttributes") or {}).get("namespace") or ""
    if stated != request.namespace:
        raise BadRequest(
            "spec.resourceAttributes.namespace must match namespace: " + (request.namespace or "")
        )


def _causes(resource: Resource, body: Object, spec: Mapping[str, Any]) -> list[Cause]:
    """What is wrong with a question about access."""
    causes: list[Cause] = []
    on_resource, on_path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if on_resource is not None and on_path is not None:
        words = "cannot be specified in combination with resourceAttributes"
        causes.append(invalid_value("spec.nonResourceAttributes", on_path, words))
    if on_resource is None and on_path is None:
        words = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        causes.append(invalid_value("spec.resourceAttributes", None, words))
    is_self = resource is kinds.SELF_SUBJECT_ACCESS_REVIEWS
    if not is_self and not spec.get("user") and not spec.get("groups"):
        words = "at least one of user or group must be specified"
        causes.append(invalid_value("spec.user", "", words))
    metadata = {key: value for key, value in body["metadata"].items() if key != "namespace"}
    metadata = {key: value for key, value in metadata.items() if value}
    if metadata:
        causes.append(invalid_value("metadata", metadata, "must be empty"))
    return causes
