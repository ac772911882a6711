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

    __slots__ = ("_counts", "bounds", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one observation."""
        if not seconds:  # as most waits for a token are, and all answers where nothing takes time
            self._counts[0] += 1
            return
        self._counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    @property
    def count(self) -> int:
        """How many observations there are."""
        return sum(self._counts)

    def reached(self) -> Iterator[int]:
        """How many observations do not exceed each bound; the last bound is infinite."""
        return accumulate(self._counts)

    def buckets(self) -> Iterator[tuple[float, int]]:
        """Bounds and how many observations do not exceed them; the last bound is infinite."""
        return zip((*self.bounds, float("inf")), self.reached(), strict=True)
