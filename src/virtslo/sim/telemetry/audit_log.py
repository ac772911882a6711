"""The API server's audit log, in the real format: one `audit.k8s.io/v1` Event a line.

Invariant: level Metadata: bodies, and so secrets, never are in it. Every answered request is in it
once at stage ResponseComplete; a watch, which goes on, also at ResponseStarted when it is answered,
under the same ID. The stage RequestReceived is left out, as by a policy with `omitStages`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from virtslo.base.errors import ApiError
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.sim.api.requests import Request

STARTED: Final = "ResponseStarted"
COMPLETE: Final = "ResponseComplete"
_ALLOWED: Final = {
    "authorization.k8s.io/decision": "allow",
    "authorization.k8s.io/reason": "",
}


class AuditLog:
    """Writes lines of requests."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._encode = msgspec.json.Encoder().encode
        self._count = 0

    def new_id(self) -> str:
        """The ID of a request's lines."""
        self._count += 1
        return f"{self._count:08x}-0000-4000-8000-{self._count:012x}"

    def write(
        self,
        event: Mapping[str, Any],
        *,
        audit_id: str,
        stage: str,
        received: datetime,
        now: datetime,
    ) -> None:
        """Write a line of a request at a stage."""
        line = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Metadata",
            "auditID": audit_id,
            "stage": stage,
            **event,
            "requestReceivedTimestamp": _micro(received),
            "stageTimestamp": _micro(now),
            "annotations": event.get("annotations", _ALLOWED),
        }
        self._write(self._encode(line) + b"\n")


def event_of(request: Request, status: Mapping[str, Any], made: Object | None) -> dict[str, Any]:
    """What a line says of a request for a resource; `made` is the object it created."""
    return {
        "requestURI": uri_of(request),
        "verb": request.verb,
        **_who(request.user),
        "objectRef": _reference(request, made),
        "responseStatus": status,
    }


def raw_event(
    path: str, query: Mapping[str, str], user: Identity, status: Mapping[str, Any]
) -> dict[str, Any]:
    """What a line says of a GET of a path that is no resource: it has no `objectRef`."""
    uri = f"{path}?{urlencode(query)}" if query else path
    return {"requestURI": uri, "verb": "get", **_who(user), "responseStatus": status}


def aggregated_event(
    uri: str, verb: str, user: Identity, reference: Mapping[str, str], status: Mapping[str, Any]
) -> dict[str, Any]:
    """What a line says of a request that another component answers."""
    event = {"requestURI": uri, "verb": verb, **_who(user), "responseStatus": status}
    return {**event, "objectRef": reference} if reference else event


def refused_event(
    uri: str,
    verb: str,
    user: Identity,
    reference: Mapping[str, str],
    error: ApiError,
) -> dict[str, Any]:
    """What a line says of a request that its user may not make."""
    decision = {"authorization.k8s.io/decision": "forbid"}
    reason = {"authorization.k8s.io/reason": error.message.partition(": RBAC: ")[2]}
    event = aggregated_event(uri, verb, user, reference, failed(error))
    return {**event, "annotations": {**decision, **reason}}


def succeeded(code: int) -> dict[str, Any]:
    """The response status of a request that went well."""
    return {"metadata": {}, "code": code}


def failed(error: ApiError) -> dict[str, Any]:
    """The response status of a request that failed."""
    status: dict[str, Any] = {
        "metadata": {},
        "status": "Failure",
        "message": error.message,
        "reason": error.reason,
    }
    if error.details:
        status["details"] = error.details
    return {**status, "code": error.code}


def uri_of(request: Request) -> str:
    """Path and query of a request."""
    path = request.resource.path(
        namespace=request.namespace, name=request.name, subresource=request.subresource
    )
    selection = request.selection
    query: dict[str, str] = {}
    if selection.field_selector:
        query["fieldSelector"] = selection.field_selector
    if selection.label_selector:
        query["labelSelector"] = selection.label_selector
    query.update(request.query)
    if request.verb == "watch":
        query["watch"] = "true"
    path = quote(path, safe="/:") + request.tail
    return f"{path}?{urlencode(query)}" if query else path


def _who(user: Identity) -> dict[str, Any]:
    """Who sent a request, and whom it was made as if as another."""
    who: dict[str, Any] = {
        "user": _named(user.impersonator or user),
        "sourceIPs": ["127.0.0.1"],
        "userAgent": user.user_agent,
    }
    return who if user.impersonator is None else {**who, "impersonatedUser": _named(user)}


def _named(user: Identity) -> dict[str, Any]:
    return {"username": user.username, "groups": list(user.groups)}


def _reference(request: Request, made: Object | None) -> dict[str, Any]:
    resource = request.resource
    metadata = _metadata(request)
    name = request.name or metadata.get("name")
    if not name and made is not None and request.verb == "create":
        name = made["metadata"].get("name")
    reference = {
        "resource": resource.plural,
        "namespace": request.namespace or metadata.get("namespace"),
        "name": name,
        "uid": metadata.get("uid"),
        "apiGroup": resource.group,
        "apiVersion": resource.version,
        "resourceVersion": metadata.get("resourceVersion"),
        "subresource": request.subresource,
    }
    return {key: value for key, value in reference.items() if value}


def _metadata(request: Request) -> Mapping[str, Any]:
    """The metadata of the object that was sent; a patch and options of a deletion have none."""
    if request.verb not in {"create", "update"} or not isinstance(request.body, Mapping):
        return {}
    metadata = request.body.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _micro(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
