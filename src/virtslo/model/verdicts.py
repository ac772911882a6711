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
