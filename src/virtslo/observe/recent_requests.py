"""Requests of an audit log that were met lately, to take none twice. Pure.

Invariant: memory is bounded; stages of one request are logged near one another.
"""

from collections import OrderedDict
from typing import Final

REMEMBERED: Final = 1 << 14
"""How many requests are remembered."""


class RecentRequests:
    """Ids of the requests met last."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def is_new(self, audit_id: str) -> bool:
        """Whether a request is met for the first time; one without an id always is."""
        if not audit_id:
            return True
        if audit_id in self._seen:
            return False
        self._seen[audit_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True
