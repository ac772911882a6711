"""Objects into bytes, once each.

Invariant: the store's objects never change, so the bytes of one are valid for as long as it is
kept here beside them; however many watchers and answers it goes to, it is encoded once.
"""

from typing import Any, Final

import msgspec

from virtslo.base.errors import ApiError, Forbidden, NotServed
from virtslo.model.identifiers import Object
from virtslo.sim.storage.listing import ContinueExpired

MOST_KEPT: Final = 4096

encode: Final = msgspec.json.Encoder().encode


class Encoder:
    """Encodes objects, remembering the newest."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: dict[int, tuple[Object, bytes]] = {}
        self.encoded = 0

    def encode(self, target: Object) -> bytes:
        """The bytes of an object."""
        known = self._kept.get(id(target))
        if known is not None:
            return known[1]
        if len(self._kept) >= self._most:
            for key in list(self._kept)[: self._most // 2]:
                del self._kept[key]
        data = encode(target)
        self.encoded += 1
        self._kept[id(target)] = (target, data)
        return data

    def event(self, kind: str, target: Object) -> bytes:
        """A line of a watch."""
        return b'{"type":"%s","object":%s}\n' % (kind.encode(), self.encode(target))


def status_of(error: ApiError) -> Object:
    """The `Status` of a failure."""
    token = error.continue_token if isinstance(error, ContinueExpired) else ""
    status: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {"continue": token} if token else {},
        "status": "Failure",
        "message": error.message,
        "reason": error.reason,
        "code": error.code,
    }
    details = dict(error.details)
    if error.retry_after_seconds is not None:
        details["retryAfterSeconds"] = max(1, round(error.retry_after_seconds))
    if details or isinstance(error, Forbidden | NotServed):
        status["details"] = details
    return status
