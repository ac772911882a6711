"""Listing: selection, pages, consistent snapshots.

Invariant: the pages of one list are all of the version of its first page, or the answer is 410
Gone.
"""

import base64
import binascii
import json
from typing import Any

from virtslo.base.errors import BadRequest, ResourceExpired
from virtslo.model.identifiers import Object
from virtslo.sim.object_store import Key, ObjectStore
from virtslo.sim.requests import Request
from virtslo.sim.watching import acceptance


def list_page(store: ObjectStore, request: Request) -> Object:
    """One page of a collection, as `{"metadata": …, "items": […]}`."""
    limit = _whole(request, "limit")
    token = request.query.get("continue")
    version, after = _position(token) if token else (_version(store, request), None)
    collection = store.collection(request.resource)
    if version == store.resource_version or not (token or _is_exact(request)):
        objects = collection.objects
        version = store.resource_version
    else:
        objects = _snapshot(store, request, version)
    accepts = acceptance(request.selection, request.resource.plural)
    found = sorted((item for item in objects.items() if accepts(item[1])), key=lambda item: item[0])
    if after is not None:
        found = [item for item in found if item[0] > after]
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    if limit and len(found) > limit:
        metadata["remainingItemCount"] = len(found) - limit
        found = found[:limit]
        metadata["continue"] = _token(version, found[-1][0])
    return {"metadata": metadata, "items": [target for _, target in found]}


def _version(store: ObjectStore, request: Request) -> int:
    """The version to list at: the newest, or exactly the one asked for."""
    text = request.query.get("resourceVersion", "")
    match = request.query.get("resourceVersionMatch", "")
    if match and not text:
        raise BadRequest(
            "resourceVersionMatch is forbidden for list unless resourceVersion is provided"
        )
    if match and match not in {"Exact", "NotOlderThan"}:
        raise BadRequest(f'resourceVersionMatch: unsupported value: "{match}"')
    if not text or text == "0":
        if match == "Exact":
            raise BadRequest('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"')
        return store.resource_version
    if not text.isdigit():
        raise BadRequest(f'invalid resourceVersion: "{text}"')
    if int(text) > store.resource_version:
        raise ResourceExpired(f"Too large resource version: {text}", code=504, reason="Timeout")
    return int(text) if _is_exact(request) else store.resource_version


def _is_exact(request: Request) -> bool:
    return request.query.get("resourceVersionMatch") == "Exact"


def _snapshot(store: ObjectStore, request: Request, version: int) -> dict[Key, Object]:
    try:
        return store.snapshot(request.resource, version)
    except ResourceExpired as error:
        raise ResourceExpired(
            "The provided continue parameter is too old to display a consistent list result. You "
            "can start a new list without the continue parameter."
            if "continue" in request.query
            else str(error)
        ) from error


def _token(version: int, last: Key) -> str:
    text = json.dumps({"v": version, "after": list(last)}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(token: str) -> tuple[int, Key]:
    try:
        padded = token + "=" * (-len(token) % 4)
        document = json.loads(base64.urlsafe_b64decode(padded))
        namespace, name = document["after"]
        return int(document["v"]), (str(namespace), str(name))
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise BadRequest("continue key is not valid") from error


def _whole(request: Request, key: str) -> int:
    text = request.query.get(key, "")
    if not text:
        return 0
    if not text.isdigit():
        raise BadRequest(f"strconv.ParseInt: parsing {text!r}: invalid syntax")
    return int(text)
