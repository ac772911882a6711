"""A histogram as Prometheus clients keep it: counts up to fixed bounds, a sum and a count.

Invariant: bounds are positive and rise; an observation falls into the first bucket whose bound it
does not exceed.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate


def exponential_bounds(start: float, factor: float, count: int) -> tuple[float, ...]:
    """`count` bounds, each `factor` times the one before."""
    return tuple(start * factor**step for step in range(count))


class Histogram:
    """Observations in seconds, counted by bucket."""

    __slots__ = ("_at_once", "_counts", "bounds", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self._at_once = 0
        """How many took no time: they fall into the first bucket."""
        self._counts: list[int] | None = None
        """How many others fell into each bucket; made for the first: most waits take no time."""
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one observation."""
        if not seconds:  # as most waits for a token are, and all answers where nothing takes time
            self._at_once += 1
            return
        if self._counts is None:
            self._counts = [0] * (len(self.bounds) + 1)
        self._counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    @property
    def count(self) -> int:
        """How many observations there are."""
        return self._at_once + sum(self._counts or ())

    def reached(self) -> Iterator[int]:
        """How many observations do not exceed each bound; the last bound is infinite."""
        first, *others = self._counts or [0] * (len(self.bounds) + 1)
        return accumulate(others, initial=first + self._at_once)

    def buckets(self) -> Iterator[tuple[float, int]]:
        """Bounds and how many observations do not exceed them; the last bound is infinite."""
        return zip((*self.bounds, float("inf")), self.reached(), strict=True)
