"""Reasons to doubt a run's figures.

Invariant: every finding says which figures it touches and whether it makes the run inconclusive.
"""

from dataclasses import dataclass
from typing import Final

ALL_FIGURES: Final = ("*",)
"""What a finding touches that is about all of a run's figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact about the quality of a run's data."""

    code: str
    """A stable name: `incomplete`, `interrupted`, `relist`, `lateness`, `unfinished`, …"""
    detail: str
    touches: tuple[str, ...] = ()
    """Names of the indicators or tables it touches; `*` for all."""
    inconclusive: bool = False
    """Whether it alone makes the run invalid."""
