"""Figures as spans: where a value must lie, given how exactly a watch can tell a moment.

Invariant: every function is monotone in its moments, so that the span of a figure is that of its
earliest and of its latest moments. Infinite is what never happened. Nothing here is virtslo's.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

NEVER: Final = math.inf
SHARES: Final[Mapping[str, tuple[float, int]]] = {
    "p50": (0.5, 2),
    "p95": (0.95, 20),
    "p99": (0.99, 100),
    "max": (1.0, 1),
}
"""The quantiles, each with how many objects it needs."""


class Span(NamedTuple):
    """Where a number lies: from `low` to `high`."""

    low: float
    high: float

    def minus(self, other: "Span") -> "Span":
        """How much later this is than another; never before it."""
        return Span(_apart(self.low, other.high), _apart(self.high, other.low))

    def over(self, other: "Span") -> "Span | None":
        """This divided by another that is above 0; None where the other may be 0."""
        return None if other.low <= 0 else Span(self.low / other.high, self.high / other.low)

    @property
    def is_sure(self) -> bool:
        """Whether it happened for sure."""
        return not math.isinf(self.high)


def exactly(value: float) -> Span:
    """What is known to the nanosecond."""
    return Span(value, value)


ANYTHING: Final = Span(-math.inf, math.inf)
"""Where what happened does not decide a figure: its definition leaves it open."""


class Load(NamedTuple):
    """Objects that were intended together, and when those that made an event did."""

    since: float
    intended: int
    moments: Sequence[Span]


Claim = tuple[tuple[str, str], Span | None]
"""Which figure, and where it must lie; None: it must have no value."""


def quantiles(name: str, samples: Sequence[Span]) -> Iterator[Claim]:
    """Every quantile by nearest rank; a sample that never came is infinite."""
    for statistic, (share, least) in SHARES.items():
        found = quantile(samples, share) if len(samples) >= least else None
        yield (name, statistic), found


def quantile(samples: Sequence[Span], share: float) -> Span | None:
    """The sample that a share of all do not exceed; None where it never came for sure."""
    if not samples:
        return None
    rank = max(1, math.ceil(share * len(samples) - 1e-9)) - 1
    low, high = (sorted(part)[rank] for part in zip(*samples, strict=True))
    return None if math.isinf(low) else Span(low, high)


def throughput(loads: Sequence[Load]) -> Span | None:
    """Objects per second from the first intended time to 90 % (below 20 objects: to all)."""
    total = sum(max(load.intended, len(load.moments)) for load in loads)
    if not total:
        return None
    share = 0.9 if total >= 20 else 1.0
    needed = math.ceil(share * total - 1e-9)
    ends = [_elapsed(loads, needed, total, is_last=is_last) for is_last in (False, True)]
    if math.isinf(ends[0]):
        return None
    divided = share * total / len(loads)
    return Span(divided / ends[1] if ends[1] else NEVER, divided / ends[0] if ends[0] else NEVER)


def _elapsed(loads: Sequence[Load], needed: int, total: int, *, is_last: bool) -> float:
    """Seconds to the event that ends a throughput, by the earliest or the latest moments."""
    offsets = [
        sorted((moment.high if is_last else moment.low) - load.since for moment in load.moments)
        for load in loads
    ]
    together = sorted(offset for part in offsets for offset in part)
    if len(together) < needed:
        return NEVER
    if total < 20:
        return sum(part[-1] for part in offsets if part) / len(loads)
    return together[needed - 1]


def mean(samples: Iterable[Span]) -> Span | None:
    """The mean; None of nothing."""
    samples = list(samples)
    if not samples:
        return None
    low, high = (math.fsum(part) / len(samples) for part in zip(*samples, strict=True))
    return Span(low, high)


def latest(moments: Sequence[Span]) -> Span:
    """When all of several have happened."""
    return Span(max(moment.low for moment in moments), max(moment.high for moment in moments))


def earliest(moments: Sequence[Span]) -> Span:
    """When the first of several has happened; never of none."""
    if not moments:
        return Span(NEVER, NEVER)
    return Span(min(moment.low for moment in moments), min(moment.high for moment in moments))


def _apart(later: float, earlier: float) -> float:
    if math.isinf(later):
        return NEVER
    return max(0.0, later - earlier)
