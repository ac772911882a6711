"""What an objective came to.

Invariant: a verdict is a result, not an error; `inconclusive` always has a reason.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from virtslo.model.plan.objectives import Promise
from virtslo.model.report.figures import Interval


class Outcome(StrEnum):
    """The three values of a verdict."""

    MET = "met"
    VIOLATED = "violated"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One objective judged on one run, or on repetitions."""

    run: str
    """Of repetitions, the first."""
    objective: str
    verdict: Outcome
    value: float | int | None
    bound: float
    unit: str
    reason: str | None = None
    is_least: bool = False
    """Whether the bound is to be reached rather than kept below."""
    indicators: tuple[str, ...] = ()
    """What was judged, by name: a finding that touches one of these touches the verdict."""
    statistic: str = ""
    samples: int = 0
    repetitions: tuple[str, ...] = ()
    """Every run that it is about, where it is about repetitions."""
    interval: Interval | None = None
    """What decided, where the figure has one."""
    margin: float | None = None
    """By which share of the bound the value keeps to it; below zero: by which it breaks it."""
    promise: Promise = field(default_factory=Promise)
    """The load and the cluster for which it is promised."""
    beyond: str | None = None
    """In what the run's load goes beyond that; None: in nothing."""

    @property
    def basis(self) -> str:
        """How many runs it stands on: a verdict of one run says what happened in that run."""
        return "one run" if len(self.runs) < 2 else f"{len(self.runs)} runs"

    @property
    def runs(self) -> tuple[str, ...]:
        """Every run that it is about."""
        return self.repetitions or (self.run,)
