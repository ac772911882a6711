"""Rates of events: (N − 1) ÷ (last − first) of the same event.

Invariant: a rate over no time, or of fewer than two events, is null with that reason, never 0.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from virtslo.base.clock import to_nanoseconds, to_seconds
from virtslo.model.figures import Figure, no_data

PEAK_SECONDS: Final = 5.0
SUSTAINED_LEAST: Final = 20


def rate(moments_ns: Sequence[int], *, unit: str, source: str) -> Figure:
    """The rate of events at these moments, with its peak and its sustained part."""
    count = len(moments_ns)
    if count < 2:
        return no_data(
            unit, f"a rate needs 2 events, there are {count}", samples=count, source=source
        )
    ordered = sorted(moments_ns)
    span = to_seconds(ordered[-1] - ordered[0])
    if span <= 0:
        return no_data(
            unit, f"all {count} events were at one moment: no span to divide by", samples=count,
            source=source,
        )  # fmt: skip
    return Figure(
        (count - 1) / span,
        unit,
        count,
        source,
        peak=_peak(ordered) if span >= PEAK_SECONDS else None,
        sustained=_sustained(ordered),
    )


def _peak(ordered: Sequence[int]) -> float:
    """Most events in any five seconds, ÷ 5."""
    window_ns = to_nanoseconds(PEAK_SECONDS)
    most = max(
        bisect_right(ordered, moment + window_ns - 1) - index
        for index, moment in enumerate(ordered)
    )
    return most / PEAK_SECONDS


def _sustained(ordered: Sequence[int]) -> float | None:
    """The rate of the middle 80 %."""
    count = len(ordered)
    if count < SUSTAINED_LEAST:
        return None
    cut = count // 10
    middle = ordered[cut : count - cut]
    span = to_seconds(middle[-1] - middle[0])
    return (len(middle) - 1) / span if span > 0 else None
