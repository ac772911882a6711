"""Numbers and times in the documents of others.

Invariant: what is no finite number or no moment that a date holds is None, never an exception.
"""

import math
from datetime import UTC, datetime
from typing import Any, Final

MOST_COUNTED: Final = 2**53
"""Above this a whole number may be another one."""


def number(value: Any) -> float | None:
    """A finite number; None for anything else, true and false among it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def count(value: Any) -> int | None:
    """A whole number from 0 that is surely what was written; None for anything else."""
    found = number(value)
    if found is None or not 0 <= found <= MOST_COUNTED or found != int(found):
        return None
    return int(found)


def moment(value: Any) -> datetime | None:
    """An RFC 3339 time in UTC, which it is taken to be in if it names no zone."""
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
