"""What preflight found, one check at a time.

Invariant: a check says what was found and, unless all is well, what to do; what could not be found
out is `unknown`, never `ok`.
"""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    """The run is possible; something about it will be missing or odd."""
    FAILED = "failed"
    """The run would not work, or would do harm."""
    UNKNOWN = "unknown"
    """Not permitted or not possible to find out."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    outcome: CheckStatus
    found: str
    advice: str = ""
    """What to do; empty where nothing is to be done."""


def ok(name: str, found: str) -> Check:
    """All is well."""
    return Check(name, CheckStatus.OK, found)


def warning(name: str, found: str, advice: str) -> Check:
    """The run is possible, with a loss."""
    return Check(name, CheckStatus.WARNING, found, advice)


def failed(name: str, found: str, advice: str) -> Check:
    """The run is not possible, or would do harm."""
    return Check(name, CheckStatus.FAILED, found, advice)


def unknown(name: str, found: str, advice: str = "") -> Check:
    """It could not be found out."""
    return Check(name, CheckStatus.UNKNOWN, found, advice)
