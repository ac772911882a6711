"""Answers of the API server, read: objects, lists, and `Status` failures as errors. Pure.

Invariant: every answer that is not a success becomes an ApiError of the class for its code; no
message holds more than 256 characters of a body that is not a `Status`.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from virtslo.base.errors import ApiError, ClusterError, api_error
from virtslo.model.identifiers import Object

LONGEST_EXCERPT: Final = 256

_decode: Final = msgspec.json.Decoder().decode


def read_object(body: bytes, *, place: str) -> Object:
    """The object or list of a body. Raises ClusterError naming the place if it is none."""
    try:
        decoded = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ClusterError(f"{place}: the answer is not JSON: {excerpt(body)!r}") from error
    if not isinstance(decoded, dict):
        raise ClusterError(f"{place}: the answer is not an object: {excerpt(body)!r}")
    if not isinstance(decoded.get("items") or [], list):
        raise ClusterError(f"{place}: the items of the list are no list: {excerpt(body)!r}")
    return decoded


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
    """The error that a `Status` describes."""
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
