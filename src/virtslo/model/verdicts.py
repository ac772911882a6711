"""What an objective came to.

Invariant: a verdict is a result, not an error; `inconclusive` always has a reason.
"""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The three values of a verdict."""

    MET = "met"
    VIOLATED = "violated"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One objective judged on one run."""

    run: str
    objective: str
    verdict: Outcome
    value: float | None
    bound: float
    unit: str
    reason: str | None = None
    is_least: bool = False
    """Whether the bound is to be reached rather than kept below."""
    indicators: tuple[str, ...] = ()
    """What was judged, by name: a finding that touches one of these touches the verdict."""
    statistic: str = ""
    samples: int = 0
