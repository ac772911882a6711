"""A figure: a number with its unit, its sample size, its source, and why it is missing.

Invariant: `value` is None if and only if `reason` says why. No data is never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
    peak: float | None = None
    sustained: float | None = None
    range: tuple[float, float] | None = None
    detail: Mapping[str, Any] | None = None
    """Further keys of a cell (DESIGN: per_object, by_resource, by_component, background, …)."""

    def __post_init__(self) -> None:
        if (self.value is None) != (self.reason is not None):
            raise ValueError("a figure has a value, or a reason why it has none")


def no_data(unit: str, reason: str, *, samples: int = 0, source: str = "none") -> Figure:
    """A figure that could not be had, and why."""
    return Figure(None, unit, samples, source, reason=reason)
