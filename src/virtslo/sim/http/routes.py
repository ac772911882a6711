"""Paths, methods, queries and bodies of HTTP, read into requests. Pure.

Invariant: what cannot be understood is refused with the code a real API server gives; nothing is
guessed.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from virtslo.base.errors import (
    BadRequest,
    MethodNotAllowed,
    NotServed,
    PathNotFound,
    RequestTooLarge,
    ServerFailure,
    UnsupportedMediaType,
)
from virtslo.base.json_reader import JsonProblem, parse_json
from virtslo.base.limits import BODY_BYTES, BODY_DEPTH, BODY_VALUES
from virtslo.base.yaml_reader import Reading, YamlProblem, parse_yaml
from virtslo.base.yaml_scalars import Rules
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import PatchType, Selection
from virtslo.sim.aggregation import GROUP as AGGREGATED
from virtslo.sim.api.requests import Request
from virtslo.sim.api.resource_rules import rules_of
from virtslo.sim.api.verbs import verbs_of
from virtslo.sim.api.versions import KNOWN, served_as, to_stored
from virtslo.sim.http.core_protobuf import MEDIA_TYPE, read_protobuf

PROXY: Final = "proxy"
_WAYS_INTO_PODS: Final = frozenset({"attach", "exec", "log", "portforward"})
_BY_PLURAL: Final = {
    (served.group, served.version, served.plural): (resource, served)
    for resource in KNOWN
    for served in served_as(resource)
}
_BUILT_IN: Final = {
    (served.group, served.version)
    for resource, served in _BY_PLURAL.values()
    if not rules_of(resource).is_custom
}
"""Groups that the API server answers for itself, whatever is below them."""
_PATCH_TYPES: Final = {kind.value: kind for kind in PatchType}
_YAML: Final = frozenset({"application/yaml", "application/apply-patch+yaml"})
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_GO_DURATION: Final = re.compile(r"0|[+-]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+")
_TRUE: Final = frozenset({"true", "1"})
_SELECTORS: Final = frozenset({"labelSelector", "fieldSelector", "watch"})
_YAML_BODY: Final = Reading(values=BODY_VALUES, depth=BODY_DEPTH, rules=Rules.SIGS)


class Target(NamedTuple):
    """What a path names."""

    resource: Resource
    served: Resource
    """The same in the version that the path asks for."""
    namespace: str | None = None
    name: str | None = None
    subresource: str | None = None


def target_of(path: str) -> Target | None:
    """The resource that a path names; None for a path that is none (`/metrics`, proxies).

    Raises NotFound for a resource that is not served, ServerFailure for a way into a pod.
    """
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    if group == AGGREGATED:
        return None
    namespace: str | None = None
    if rest[0] == "namespaces" and len(rest) > 2 and not _is_own_part(group, rest):
        namespace, rest = rest[1], rest[2:]
    found = _BY_PLURAL.get((group, version, rest[0]))
    if found is None or (namespace is not None and not found[0].namespaced):
        raise _unknown(group, version)
    resource, served = found
    name = rest[1] if len(rest) > 1 else None
    subresource = rest[2] if len(rest) > 2 else None
    if subresource == PROXY:
        return None
    _check_subresource(resource, rest)
    if resource.namespaced and name is not None and namespace is None:
        raise _unknown(group, version)
    return Target(resource, served, namespace, name, subresource)


def _check_subresource(resource: Resource, rest: Sequence[str]) -> None:
    """Refuse what is below a resource and is not served: plural, name, subresource, more."""
    subresource = rest[2] if len(rest) > 2 else None
    if resource is resources.PODS and subresource in _WAYS_INTO_PODS:
        raise ServerFailure(
            f"pods/{subresource} of {rest[1]}: nothing runs in the pods of a simulated cluster, so "
            "there is nothing to read from and no way in; look at events and conditions",
            code=501,
            reason="NotImplemented",
        )
    if len(rest) > 3 or (subresource is not None and subresource not in resource.subresources):
        raise _unknown(resource.group, resource.version)
    if len(rest) > 1 and "get" not in verbs_of(resource):
        raise _unknown(resource.group, resource.version)


def request_of(
    method: str,
    target: Target,
    query: Mapping[str, str],
    user: Identity,
    *,
    body: Any = None,
    patch_type: PatchType | None = None,
) -> Request:
    """The request that an HTTP call makes. Raises MethodNotAllowed."""
    resource, served, namespace, name, subresource = target
    verb = _verb(method, target, query)
    if "timeout" in query and verb != "watch":
        check_timeout(query["timeout"])
    field_selector = query.get("fieldSelector")
    if verb not in verbs_of(resource, subresource):
        raise not_allowed()
    if verb == "create" and name is None and resource.namespaced and namespace is None:
        raise not_allowed()
    return Request(
        verb,
        resource,
        user=user,
        namespace=namespace,
        name=name,
        subresource=subresource,
        body=to_stored(body, resource, served),
        patch_type=patch_type,
        selection=Selection(
            namespace=namespace,
            label_selector=query.get("labelSelector") or None,
            field_selector=field_selector or None,
        ),
        query={key: value for key, value in query.items() if key not in _SELECTORS},
    )


def is_watch(method: str, query: Mapping[str, str]) -> bool:
    """Whether a call asks for a stream of changes."""
    return method == "GET" and query.get("watch", "").lower() in _TRUE


def not_allowed() -> MethodNotAllowed:
    """405, as the API server words it."""
    return MethodNotAllowed("the server does not allow this method on the requested resource")


def media_type(header: str | None) -> str:
    """The media type of a Content-Type header, without its parameters."""
    return (header or "").partition(";")[0].strip().lower()


def patch_type_of(kind: str) -> PatchType:
    """The patch type of a media type. Raises UnsupportedMediaType."""
    found = _PATCH_TYPES.get(kind)
    if found is None:
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: "
            + ", ".join(_PATCH_TYPES)
        )
    return found


def read_body(raw: bytes, kind: str) -> Any:
    """The JSON value of a body in a media type; None for an empty one."""
    if not raw:
        return None
    if len(raw) > BODY_BYTES.most:
        raise RequestTooLarge(f"Request entity too large: limit is {BODY_BYTES.most}")
    if kind in _YAML:
        return _read_yaml(raw)
    if kind == MEDIA_TYPE:
        return read_protobuf(raw)
    if kind and not (kind == "application/json" or kind.endswith("+json")):
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: "
            f"application/json, application/yaml, {MEDIA_TYPE}"
        )
    try:
        return parse_json(raw, BODY_DEPTH)
    except JsonProblem as error:
        raise BadRequest(f"the body of the request is not valid JSON: {error}") from None


def _read_yaml(raw: bytes) -> Any:
    if raw[:1] == b"{":
        try:
            return parse_json(raw, BODY_DEPTH)
        except JsonProblem:
            pass  # flow style that is not JSON
    try:
        return parse_yaml(raw, _YAML_BODY)
    except YamlProblem as error:
        raise BadRequest(f"the body of the request is not valid YAML: {error}") from None


def _verb(method: str, target: Target, query: Mapping[str, str]) -> str:
    has_name = target.name is not None
    match method:
        case "GET":
            if has_name:
                return "get"  # a watch of one object selects it by its name
            return "watch" if is_watch(method, query) else "list"
        case "POST" if not has_name or target.subresource is not None:
            return "create"
        case "PUT" if has_name:
            return "update"
        case "PATCH" if has_name:
            return "patch"
        case "DELETE":
            return "delete" if has_name else "deletecollection"
    raise not_allowed()


def check_timeout(text: str) -> None:
    """Refuse a time for a whole request that Go does not read; one that it does is not kept."""
    if not text or _GO_DURATION.fullmatch(text):
        return
    words = "missing unit in" if _NUMBER.fullmatch(text) else "invalid"
    raise BadRequest(
        f'invalid timeout specified in the request URL - time: {words} duration "{text}"'
    )


def _is_own_part(group: str, rest: list[str]) -> bool:
    """Whether `namespaces/x/y` names a subresource of the namespace itself."""
    return not group and len(rest) == 3 and rest[2] in resources.NAMESPACES.subresources


def _unknown(group: str, version: str) -> NotServed:
    """What is not served below a path: built-in groups answer with a Status, others as no path."""
    return NotServed() if (group, version) in _BUILT_IN else PathNotFound()
