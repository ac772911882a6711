"""HTTP requests for calls of the API port: method, path, query, headers, body. Pure.

Invariant: the same call always makes the same request, byte for byte; nothing here waits, reads a
clock or knows a connection.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from virtslo.ports.kube_api import Call

JSON: Final = "application/json"

_encode: Final = msgspec.json.Encoder().encode
_METHODS: Final = {
    "create": "POST",
    "get": "GET",
    "list": "GET",
    "watch": "GET",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}
_ACCEPT: Final = {"Accept": JSON}
_ACCEPT_AND_CONTENT: Final = {"Accept": JSON, "Content-Type": JSON}


class HttpRequest(NamedTuple):
    """One request, ready to be sent."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | None = None


def request_of(call: Call) -> HttpRequest:
    """The request that a call makes."""
    method, path, query = _METHODS[call.verb], _path(call), _query(call)
    if call.body is None:
        return HttpRequest(method, path, query, _ACCEPT)
    headers = _ACCEPT_AND_CONTENT
    if call.patch_type is not None:
        headers = {"Accept": JSON, "Content-Type": call.patch_type.value}
    return HttpRequest(method, path, query, headers, _encode(call.body))


def raw_request(path: str, query: Mapping[str, str]) -> HttpRequest:
    """GET a path as it is."""
    return HttpRequest("GET", path, query, {"Accept": "*/*"})


def _path(call: Call) -> str:
    """The path with names escaped, so that none can leave its segment."""
    return call.resource.path(
        namespace=quote(call.namespace, safe="") if call.namespace else None,
        name=quote(call.name, safe=":") if call.name else None,
        subresource=call.subresource,
    )


def _query(call: Call) -> Mapping[str, str]:
    selection = call.selection
    query: dict[str, str] = {"watch": "true"} if call.verb == "watch" else {}
    if selection.label_selector:
        query["labelSelector"] = selection.label_selector
    if selection.field_selector:
        query["fieldSelector"] = selection.field_selector
    return {**query, **call.query} if query else call.query
