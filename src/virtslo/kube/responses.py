"""Answers of the API server, read: objects, lists, and `Status` failures as errors. Pure.

Invariant: every answer that is not a success becomes an ApiError of the class for its code; no
message holds more than 256 characters of a body that is not a `Status`.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.errors import ApiError, ClusterError, api_error
from virtslo.base.json_reader import JsonProblem, parse_json
from virtslo.base.limits import RETRY_AFTER
from virtslo.base.plain_text import harmless
from virtslo.kube.object_shapes import checked_object
from virtslo.model.identifiers import Object

LONGEST_EXCERPT: Final = 256
LONGEST_WORDS: Final = 4096
"""A server's own words may name every field that it refuses."""
NEEDED: Final = ("name",)
NEEDED_IN_NAMESPACES: Final = ("name", "namespace")
"""What the metadata of every item of a list has."""


def read_object(body: bytes, *, place: str, namespaced: bool = False) -> Object:
    """The object or list of a body; `namespaced` items have a namespace.

    Raises ClusterError naming the place if it is none, and the ApiError of a `Status` that is a
    failure, whatever the code it came under.
    """
    try:
        decoded = parse_json(body)
    except JsonProblem as error:
        words = f"the answer is not JSON ({error}): {excerpt(body)!r}"
        raise ClusterError(f"{place}: {words}") from None
    if not isinstance(decoded, dict):
        raise ClusterError(f"{place}: the answer is not an object: {excerpt(body)!r}")
    if decoded.get("kind") == "Status" and decoded.get("status") == "Failure":
        raise error_of_status(decoded, place=f"{place}: a failure under a code of success")
    items = decoded.get("items")
    if items is None:
        return checked_object(decoded, f"{place}: the answer")
    if not isinstance(items, list):
        raise ClusterError(f"{place}: the items of the list are no list: {excerpt(body)!r}")
    needs = NEEDED_IN_NAMESPACES if namespaced else NEEDED
    checked = [
        checked_object(item, f"{place}: items[{index}]", needs=needs)
        for index, item in enumerate(items)
    ]
    return {**checked_object({**decoded, "items": None}, f"{place}: the list"), "items": checked}


def error_of(code: int, headers: Mapping[str, str], body: bytes, *, place: str) -> ApiError:
    """The error that an answer with this code is."""
    retry_after = _seconds(headers.get("Retry-After"))
    try:
        status = parse_json(body)
    except JsonProblem:
        status = None
    if isinstance(status, dict) and status.get("kind") == "Status":
        where = "" if _text(status.get("message")) else f"{place}: HTTP {code}"
        return error_of_status(status, place=where, code=code, retry_after_seconds=retry_after)
    text = excerpt(body)
    message = f"{place}: HTTP {code}: {text}" if text else f"{place}: HTTP {code}"
    return api_error(message, code=code, retry_after_seconds=retry_after)


def error_of_status(
    status: Mapping[str, Any],
    *,
    place: str = "",
    code: int = 0,
    retry_after_seconds: float | None = None,
) -> ApiError:
    """The error that a `Status` tells of; what in it has another type is left out.

    A place stands before the server's words where these alone would not say what was asked.
    """
    details = status.get("details")
    details = details if isinstance(details, dict) else {}
    if retry_after_seconds is None:
        retry_after_seconds = _bounded(details.get("retryAfterSeconds"))
    stated = status.get("code")
    if not isinstance(stated, int) or isinstance(stated, bool) or not 400 <= stated < 600:
        stated = code if code >= 400 else 500
    reason = _text(status.get("reason"))
    words = _text(status.get("message")) or reason or "the API server gave no reason"
    return api_error(
        f"{place}: {words}" if place else words,
        code=stated,
        reason=reason,
        details=details,
        retry_after_seconds=retry_after_seconds,
    )


def excerpt(body: bytes) -> str:
    """The beginning of a body, for a message."""
    text = body[: 4 * LONGEST_EXCERPT].decode(errors="replace").strip()
    return harmless(text, most=LONGEST_EXCERPT)


def _text(value: Any) -> str:
    """A text of a `Status`, not longer than a server's own words ever are."""
    return harmless(value, most=LONGEST_WORDS, lines=True) if isinstance(value, str) else ""


def _seconds(text: str | None) -> float | None:
    if text is None or not text.strip().isascii() or not text.strip().isdigit():
        return None
    return _bounded(float(text.strip()[:20]))


def _bounded(value: Any) -> float | None:
    """How long a server asks to wait, at most as long as it may."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return min(value, RETRY_AFTER.most)
