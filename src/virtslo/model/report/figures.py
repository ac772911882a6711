"""A figure: a number with its unit, its sample size, its source, and why it is missing.

Invariant: `value` is None if and only if `reason` says why. No data is never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

CONFIDENCE: Final = 0.95
"""Of every interval."""
Scope = Literal["within run", "over runs"]
WITHIN_RUN: Final[Scope] = "within run"
OVER_RUNS: Final[Scope] = "over runs"
LEAST_RUNS: Final = 3
"""Runs that an interval over runs needs, and each side of a comparison."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval of a figure, with what it is over: a run's objects, or runs."""

    scope: Scope
    """`within run` or `over runs`: the former says nothing of how runs differ."""
    low: float | None
    high: float | None
    """None: too little was measured for an end on this side."""
    samples: int
    """How many objects, or runs, it is of."""
    method: str

    @property
    def is_closed(self) -> bool:
        """Whether it has both ends."""
        return self.low is not None and self.high is not None


@dataclass(frozen=True, slots=True)
class Figure:
    """One printed number, with everything needed to trust or doubt it."""

    value: float | int | None
    unit: str
    samples: int
    source: str
    reason: str | None = None
    lower_bound: float | None = None
    """For a quantile that falls on an unfinished object: it is at least this."""
    upper_bound: float | None = None
    """For a throughput that was never reached: it is at most this."""
    interval: Interval | None = None
    no_interval: str | None = None
    """Why a figure that should have an interval has none."""
    range: tuple[float, float] | None = None
    """The least and the greatest of several runs; nothing else is called a range."""
    detail: Mapping[str, Any] | None = None
    """Further keys of a cell (DESIGN: per_object, by_resource, by_component, background, …)."""

    def __post_init__(self) -> None:
        if (self.value is None) != (self.reason is not None):
            raise ValueError("a figure has a value, or a reason why it has none")


def no_data(unit: str, reason: str, *, samples: int = 0, source: str = "none") -> Figure:
    """A figure that could not be had, and why."""
    return Figure(None, unit, samples, source, reason=reason)
