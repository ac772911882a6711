"""Listing: selection, pages, consistent snapshots.

Invariant: the pages of one list are all of the version of its first page, or the answer is 410
Gone (with a token to go on from inconsistently, for clients that prefer that to a new list).
"""

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from virtslo.base.errors import BadRequest, ResourceExpired, ServerFailure
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.ports.kube_api import Selection
from virtslo.sim.api.refusals import Cause, forbidden_field, invalid_options, unsupported
from virtslo.sim.api.requests import Request
from virtslo.sim.api.selectors import acceptance, index_of, reader_of
from virtslo.sim.storage.object_store import Collection, ObjectStore

_WHOLE: Final = re.compile(r"([+-]?)0*([0-9]+)")
_WIDEST: Final = 2**63
EXACT: Final = "Exact"
NOT_OLDER_THAN: Final = "NotOlderThan"
ANY_VERSION: Final = -1
"""The version of a token that goes on with whatever there is."""
_EXPIRED_WORDS: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can "
    "start a new list without the continue parameter, or use the continue token in this response "
    "to retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list."
)


class ContinueExpired(ResourceExpired):
    """410 for a page, with a token to go on from inconsistently."""

    def __init__(self, continue_token: str) -> None:
        super().__init__(_EXPIRED_WORDS)
        self.continue_token = continue_token


class _Position(NamedTuple):
    version: int
    after: NamespacedName


def list_page(store: ObjectStore, request: Request) -> Object:
    """One page of a collection, as `{"metadata": …, "items": […]}`."""
    check_list_options(request.query)
    limit = max(0, whole_of(request.query, "limit"))
    token = request.query.get("continue")
    position = _position(token) if token else None
    version = position.version if position is not None else _version(store, request.query, limit)
    collection = store.collection(request.resource)
    selection = request.selection
    is_counted = not (selection.label_selector or selection.field_selector)
    most = None if is_counted or not limit else limit + 1
    found = _selected(store, collection, selection, version, position, most=most)
    metadata: dict[str, Any] = {
        "resourceVersion": str(store.resource_version if version == ANY_VERSION else version)
    }
    if limit and len(found) > limit:
        if is_counted:
            metadata["remainingItemCount"] = len(found) - limit
        found = found[:limit]
        metadata["continue"] = _token(version, found[-1][0])
    return {"metadata": metadata, "items": [target for _, target in found]}


def check_list_options(query: Mapping[str, str]) -> None:
    """Refuse parameters that mean nothing together. Raises Invalid or BadRequest."""
    whole_of(query, "timeoutSeconds")
    match, version = query.get("resourceVersionMatch", ""), query.get("resourceVersion", "")
    causes: list[Cause] = []
    if match:
        if not version:
            words = "resourceVersionMatch is forbidden unless resourceVersion is provided"
            causes.append(forbidden_field("resourceVersionMatch", words))
        if query.get("continue"):
            words = "resourceVersionMatch is forbidden when continue is provided"
            causes.append(forbidden_field("resourceVersionMatch", words))
        if match not in {EXACT, NOT_OLDER_THAN}:
            supported = (EXACT, NOT_OLDER_THAN, "")
            causes.append(unsupported("resourceVersionMatch", match, supported))
        if match == EXACT and version == "0":
            words = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            causes.append(forbidden_field("resourceVersionMatch", words))
    if "sendInitialEvents" in query:
        causes.append(
            forbidden_field("sendInitialEvents", "sendInitialEvents is forbidden for list")
        )
    if causes:
        raise invalid_options("ListOptions", causes)
    if query.get("continue") and version not in {"", "0"}:
        raise BadRequest("specifying resource version is not allowed when using continue")


def check_watch_options(query: Mapping[str, str]) -> None:
    """Refuse parameters of a watch that mean nothing together. Raises Invalid or BadRequest."""
    whole_of(query, "limit")
    match = query.get("resourceVersionMatch", "")
    causes: list[Cause] = []
    if "sendInitialEvents" in query:
        if match != NOT_OLDER_THAN:
            words = f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER_THAN}"
            causes.append(forbidden_field("resourceVersionMatch", words))
    elif match:
        words = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        causes.append(forbidden_field("resourceVersionMatch", words))
    if causes:
        raise invalid_options("ListOptions", causes)


MOST_VERSION: Final = 2**64 - 1
LONGEST_VERSION: Final = 100
"""Digits that are read: Go reads leading zeros."""


def version_of(query: Mapping[str, str], where: str = "") -> int | None:
    """The resource version that is asked for; None where any will do. Raises BadRequest."""
    text = query.get("resourceVersion", "")
    if text in {"", "0"}:
        return None
    words = "" if text.isascii() and text.isdigit() else "invalid syntax"
    if not words and (len(text) > LONGEST_VERSION or int(text) > MOST_VERSION):
        words = "value out of range"
    if words:
        raise BadRequest(
            f'{where}resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing '
            f'"{text}": {words}'
        )
    return int(text)


def whole_of(query: Mapping[str, str], key: str) -> int:
    """A whole number of the query, 0 where it says none. Raises BadRequest."""
    text = query.get(key, "")
    if not text:
        return 0
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    digits = found[1] + found[2]
    if len(digits) > LONGEST_VERSION or not -_WIDEST <= int(digits) < _WIDEST:
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": value out of range')
    return int(digits)


def _selected(
    store: ObjectStore,
    collection: Collection,
    selection: Selection,
    version: int,
    position: _Position | None,
    *,
    most: int | None,
) -> list[tuple[NamespacedName, Object]]:
    """What is selected of a collection at a version, in the order of keys, after a position.

    No more is looked for than `most`, where what comes after a page is not counted.
    """
    plural = collection.resource.plural
    (what, value), is_all = index_of(selection, plural)
    accepts = acceptance(selection, plural)
    if version not in {store.resource_version, ANY_VERSION}:
        items = sorted(_snapshot(store, collection, version, position).items())
        is_all = is_all and not what
    elif what:
        items = collection.having(what, value, reader_of(what))
    else:
        items = collection.in_order()
    if position is not None:
        items = items[bisect_right(items, position.after, key=lambda item: item[0]) :]
    return items if is_all else [*islice((item for item in items if accepts(item[1])), most)]


def _version(store: ObjectStore, query: Mapping[str, str], limit: int) -> int:
    """The version to list at: the newest, or exactly the one asked for."""
    wanted = version_of(query, "invalid resource version: ")
    if wanted is None:
        return store.resource_version
    if wanted > store.resource_version:
        raise ServerFailure(
            f"Timeout: Too large resource version: {wanted}, current: {store.resource_version}",
            code=504,
            reason="Timeout",
            details={
                "causes": [
                    {
                        "reason": "ResourceVersionTooLarge",
                        "message": "Too large resource version",
                    }
                ]
            },
            retry_after_seconds=1,
        )
    match = query.get("resourceVersionMatch", "")
    is_exact = match == EXACT or (not match and limit > 0)
    return wanted if is_exact else store.resource_version


def _snapshot(
    store: ObjectStore, collection: Collection, version: int, position: _Position | None
) -> dict[NamespacedName, Object]:
    try:
        return store.snapshot(collection.resource, version)
    except ResourceExpired as error:
        if position is None:
            raise
        raise ContinueExpired(_token(ANY_VERSION, position.after)) from error


def _token(version: int, last: NamespacedName) -> str:
    text = json.dumps({"v": version, "after": list(last)}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(token: str) -> _Position:
    try:
        padded = token + "=" * (-len(token) % 4)
        document = json.loads(base64.urlsafe_b64decode(padded))
        namespace, name = document["after"]
        return _Position(int(document["v"]), (str(namespace), str(name)))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BadRequest("continue key is not valid") from error
