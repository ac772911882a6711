"""Answers of the API server, read: objects, pages, and `Status` failures as errors. Pure.

Invariant: every answer that is not a success becomes an ApiError of the class for its code; no
message holds more than 256 characters of a body that is not a `Status`.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from virtslo.base.errors import ApiError, ClusterError, api_error
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource
from virtslo.ports.kube_api import ObjectList

LONGEST_EXCERPT: Final = 256

_decode: Final = msgspec.json.Decoder().decode


def read_object(body: bytes, *, place: str) -> Object:
    """The object of a body. Raises ClusterError naming the place if it is none."""
    try:
        decoded = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ClusterError(f"{place}: the answer is not JSON: {excerpt(body)!r}") from error
    if not isinstance(decoded, dict):
        raise ClusterError(f"{place}: the answer is not an object: {excerpt(body)!r}")
    return decoded


def read_list(body: bytes, resource: Resource, *, place: str) -> ObjectList:
    """A page of a collection. Raises ClusterError if it is none."""
    decoded = read_object(body, place=place)
    items = decoded.get("items") or ()
    metadata = decoded.get("metadata") or {}
    if not isinstance(items, list | tuple):
        raise ClusterError(f"{place}: the list of {resource.group_resource} has no items")
    return ObjectList(
        items=tuple(with_kind(item, resource) for item in items),
        resource_version=str(metadata.get("resourceVersion", "")),
        continue_token=metadata.get("continue") or None,
        remaining=metadata.get("remainingItemCount"),
    )


def with_kind(item: Object, resource: Resource) -> Object:
    """An item with its apiVersion and kind, which lists of built-in kinds leave out."""
    if "kind" in item and "apiVersion" in item:
        return item
    return {"apiVersion": resource.api_version, "kind": resource.kind, **item}


def error_of(code: int, headers: Mapping[str, str], body: bytes, *, place: str) -> ApiError:
    """The error that an answer with this code is."""
    retry_after = _seconds(headers.get("Retry-After"))
    try:
        status = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        status = None
    if isinstance(status, dict) and status.get("kind") == "Status":
        return error_of_status(status, code=code, retry_after_seconds=retry_after)
    text = excerpt(body)
    message = f"{place}: HTTP {code}: {text}" if text else f"{place}: HTTP {code}"
    return api_error(message, code=code, retry_after_seconds=retry_after)


def error_of_status(
    status: Mapping[str, Any], *, code: int = 0, retry_after_seconds: float | None = None
) -> ApiError:
    """The error that a `Status` tells of."""
    details = status.get("details") or {}
    if retry_after_seconds is None:
        retry_after_seconds = details.get("retryAfterSeconds")
    stated = status.get("code")
    return api_error(
        status.get("message") or status.get("reason") or "the API server gave no reason",
        code=stated if isinstance(stated, int) and stated else code or 500,
        reason=status.get("reason") or "",
        details=details,
        retry_after_seconds=retry_after_seconds,
    )


def excerpt(body: bytes) -> str:
    """The beginning of a body, for a message."""
    text = body[: 4 * LONGEST_EXCERPT].decode(errors="replace").strip()
    return text if len(text) <= LONGEST_EXCERPT else f"{text[: LONGEST_EXCERPT - 1]}…"


def _seconds(text: str | None) -> float | None:
    if text is None or not text.strip().isdigit():
        return None
    return float(text)
