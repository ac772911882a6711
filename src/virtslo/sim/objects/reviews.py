"""Reviews, answered and not kept: SelfSubjectReview, access reviews, rules reviews, token reviews.

Invariant: nothing is stored. What a review says is allowed is what the server allows: both ask the
same rules.
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
from virtslo.sim.authorization.attributes import Attributes
from virtslo.sim.authorization.authorizer import Authorizer

_ASKED: Final = ("verb", "group", "resource", "subresource", "namespace", "name")

FindUser = Callable[[str], Identity | None]
"""The user of this token; None if it is unknown."""


def answer_review(
    request: Request, body: Object, *, now: str, authorizer: Authorizer, find_user: FindUser
) -> Object:
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
        status = authorizer.rules_status(request.user, str(spec["namespace"]))
        return {**body, "spec": {}, "status": status}
    causes = _causes(resource, body, spec)
    if causes:
        # The real one leaves the kind out: what it has decoded does not name it any more.
        raise invalid_kind(resource.group, "", "", causes)
    if resource is kinds.LOCAL_SUBJECT_ACCESS_REVIEWS:
        _check_namespace(request, spec)
    user = request.user
    if resource is not kinds.SELF_SUBJECT_ACCESS_REVIEWS:
        groups = tuple(spec.get("groups") or ())
        user = Identity("", str(spec.get("user") or ""), "", groups)
    decision = authorizer.decide(user, _asked(spec))
    status = {"allowed": decision.is_allowed}
    return {**body, "status": {**status, "reason": decision.reason} if decision.reason else status}


def user_info(user: Identity) -> Object:
    """A user, as reviews tell of one."""
    info: dict[str, Any] = {"username": user.username, "groups": list(user.groups)}
    if user.uid:
        info["uid"] = user.uid
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra}
    return info


def _asked(spec: Mapping[str, Any]) -> Attributes:
    on_path = spec.get("nonResourceAttributes")
    if on_path is not None:
        return Attributes(
            on_path.get("verb") or "", path=on_path.get("path") or "", is_resource=False
        )
    given = spec["resourceAttributes"]
    verb, group, resource, below, namespace, name = (given.get(each) or "" for each in _ASKED)
    return Attributes(verb, group, resource, below, namespace, name)


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
