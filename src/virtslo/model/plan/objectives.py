"""Objectives: indicator + statistic + bound, and the load for which they are promised.

Invariant: an objective has exactly one bound; what a set promises holds for each of its objectives.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bound:
    """The most, or the least, that a figure may be; it may grow with the number of objects."""

    constant: float
    per_object: float = 0.0
    is_least: bool = False
    """Whether the figure must reach it rather than stay below it."""

    def at(self, objects: int) -> float:
        """The bound for `count` objects."""
        return self.constant + self.per_object * objects

    def allows(self, value: float, objects: int) -> bool:
        """Whether a value keeps to it."""
        bound = self.at(objects)
        return value >= bound if self.is_least else value <= bound


@dataclass(frozen=True, slots=True)
class Promise:
    """The load and the cluster for which an objective is promised; None: any."""

    tests: tuple[str, ...] = ()
    """`burst`, `steady-state`, `constant-churn`; empty: all."""
    kinds: tuple[str, ...] = ()
    """`vmi`, `vm`, `vmpool`, `vmirs`; empty: all."""
    most_objects: int | None = None
    most_per_second: float | None = None
    """Of arrivals; a burst has no rate, so it is not bounded by this."""
    least_nodes: int | None = None


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective."""

    name: str
    indicator: str
    statistic: str
    bound: Bound
    unit: str
    per: str | None = None
    """An indicator that the first is divided by."""
    per_statistic: str = ""
    promise: Promise = field(default_factory=Promise)


@dataclass(frozen=True, slots=True)
class ObjectiveSet:
    """The objectives of a file or of a built-in catalog."""

    name: str
    objectives: tuple[Objective, ...]
    description: str = ""
