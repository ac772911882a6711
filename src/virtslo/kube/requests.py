"""HTTP requests for calls of the API port: method, path, query, headers, body. Pure.

Invariant: the same call always makes the same request, byte for byte; nothing here waits, reads a
clock or knows a connection.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from virtslo.base.errors import BadRequest
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import PatchType, Selection

JSON: Final = "application/json"
FIELD_MANAGER: Final = "virtslo"

_encode: Final = msgspec.json.Encoder().encode
_ACCEPT: Final = {"Accept": JSON}
_ACCEPT_AND_CONTENT: Final = {"Accept": JSON, "Content-Type": JSON}
_NO_QUERY: Final[Mapping[str, str]] = {}
_DRY_RUN: Final = {"dryRun": "All"}


class HttpRequest(NamedTuple):
    """One request, ready to be sent."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | None = None


def create_request(
    resource: Resource,
    body: Object,
    *,
    namespace: str | None,
    name: str | None,
    subresource: str | None,
    dry_run: bool,
) -> HttpRequest:
    """POST to a collection, or to a subresource of one object."""
    if namespace is None and resource.namespaced:
        namespace = body.get("metadata", {}).get("namespace")
    path = _path(resource, namespace=namespace, name=name, subresource=subresource)
    query = _DRY_RUN if dry_run else _NO_QUERY
    return HttpRequest("POST", path, query, _ACCEPT_AND_CONTENT, _encode(body))


def get_request(
    resource: Resource, name: str, *, namespace: str | None, subresource: str | None
) -> HttpRequest:
    """GET one object."""
    path = _path(resource, namespace=namespace, name=name, subresource=subresource)
    return HttpRequest("GET", path, _NO_QUERY, _ACCEPT)


def update_request(resource: Resource, body: Object, *, subresource: str | None) -> HttpRequest:
    """PUT one object, named by its own metadata."""
    metadata = body.get("metadata") or {}
    if not metadata.get("name"):
        raise BadRequest(f"{resource.group_resource}: an update needs metadata.name")
    path = _path(
        resource,
        namespace=metadata.get("namespace"),
        name=metadata["name"],
        subresource=subresource,
    )
    return HttpRequest("PUT", path, _NO_QUERY, _ACCEPT_AND_CONTENT, _encode(body))


def patch_request(
    resource: Resource,
    name: str,
    patch: Any,
    *,
    patch_type: PatchType,
    namespace: str | None,
    subresource: str | None,
) -> HttpRequest:
    """PATCH one object. An apply patch names us as its manager and takes the fields over."""
    path = _path(resource, namespace=namespace, name=name, subresource=subresource)
    query: Mapping[str, str] = _NO_QUERY
    if patch_type is PatchType.APPLY:
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
    headers = {"Accept": JSON, "Content-Type": patch_type.value}
    return HttpRequest("PATCH", path, query, headers, _encode(patch))


def delete_request(
    resource: Resource,
    name: str,
    *,
    namespace: str | None,
    grace_period_seconds: int | None,
    propagation: str | None,
    uid: str | None,
) -> HttpRequest:
    """DELETE one object; options travel in the body."""
    path = _path(resource, namespace=namespace, name=name)
    body = _delete_options(grace_period_seconds, propagation, uid)
    if body is None:
        return HttpRequest("DELETE", path, _NO_QUERY, _ACCEPT)
    return HttpRequest("DELETE", path, _NO_QUERY, _ACCEPT_AND_CONTENT, body)


def delete_objects_request(
    resource: Resource,
    selection: Selection,
    *,
    grace_period_seconds: int | None,
    propagation: str | None,
) -> HttpRequest:
    """DELETE what is selected of a collection."""
    path = _path(resource, namespace=selection.namespace)
    query = _selectors(selection)
    body = _delete_options(grace_period_seconds, propagation, None)
    headers = _ACCEPT if body is None else _ACCEPT_AND_CONTENT
    return HttpRequest("DELETE", path, query, headers, body)


def list_request(
    resource: Resource,
    selection: Selection,
    *,
    limit: int | None,
    continue_token: str | None,
    resource_version: str | None,
    resource_version_match: str | None,
) -> HttpRequest:
    """GET one page of a collection."""
    query = _selectors(selection)
    if limit is not None:
        query["limit"] = str(limit)
    if continue_token:
        query["continue"] = continue_token
    if resource_version is not None:
        query["resourceVersion"] = resource_version
    if resource_version_match:
        query["resourceVersionMatch"] = resource_version_match
    return HttpRequest("GET", _path(resource, namespace=selection.namespace), query, _ACCEPT)


def watch_request(
    resource: Resource,
    selection: Selection,
    *,
    resource_version: str | None,
    timeout_seconds: int | None,
    bookmarks: bool,
    send_initial_events: bool,
) -> HttpRequest:
    """GET a stream of changes of a collection."""
    query = {"watch": "true", **_selectors(selection)}
    if resource_version is not None:
        query["resourceVersion"] = resource_version
    if timeout_seconds is not None:
        query["timeoutSeconds"] = str(timeout_seconds)
    if bookmarks:
        query["allowWatchBookmarks"] = "true"
    if send_initial_events:
        query["sendInitialEvents"] = "true"
        query["resourceVersionMatch"] = "NotOlderThan"
    return HttpRequest("GET", _path(resource, namespace=selection.namespace), query, _ACCEPT)


def raw_request(path: str, query: Mapping[str, str] | None) -> HttpRequest:
    """GET a path as it is."""
    return HttpRequest("GET", path, query or _NO_QUERY, {"Accept": "*/*"})


def _path(
    resource: Resource,
    *,
    namespace: str | None = None,
    name: str | None = None,
    subresource: str | None = None,
) -> str:
    """The path with names escaped, so that none can leave its segment."""
    return resource.path(
        namespace=quote(namespace, safe="") if namespace else None,
        name=quote(name, safe=":") if name else None,
        subresource=subresource,
    )


def _selectors(selection: Selection) -> dict[str, str]:
    query: dict[str, str] = {}
    if selection.label_selector:
        query["labelSelector"] = selection.label_selector
    if selection.field_selector:
        query["fieldSelector"] = selection.field_selector
    return query


def _delete_options(
    grace_period_seconds: int | None, propagation: str | None, uid: str | None
) -> bytes | None:
    options: dict[str, Any] = {}
    if grace_period_seconds is not None:
        options["gracePeriodSeconds"] = grace_period_seconds
    if propagation is not None:
        options["propagationPolicy"] = propagation
    if uid is not None:
        options["preconditions"] = {"uid": uid}
    if not options:
        return None
    return _encode({"apiVersion": "v1", "kind": "DeleteOptions", **options})
