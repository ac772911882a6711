"""Quantiles by nearest rank, over every object.

Invariant: an object that did not finish counts as infinite and is never dropped; a quantile is one
of its samples, with the interval that these determine, or null with a reason (and, where it falls
on an unfinished object, a lower bound).
"""

import math
from collections.abc import Sequence
from typing import Final

from virtslo.model.report.figures import Figure, no_data
from virtslo.model.vocabulary import LEAST_SAMPLES
from virtslo.slo.statistics.order_statistics import interval_of_quantile

_SHARES: Final = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}


def nearest_rank(ordered: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` of all samples do not exceed."""
    rank = max(1, math.ceil(share * len(ordered) - 1e-9))
    return ordered[rank - 1]


def quantile(
    statistic: str,
    samples: Sequence[float],
    *,
    unfinished: int = 0,
    deadline: float | None = None,
    unit: str = "s",
    source: str = "watch",
) -> Figure:
    """One statistic over finished samples and a number of unfinished ones."""
    count = len(samples) + unfinished
    least = LEAST_SAMPLES[statistic]
    if count < least:
        return no_data(
            unit, f"{statistic} needs {least} objects, there are {count}", samples=count,
            source=source,
        )  # fmt: skip
    ordered = [*sorted(samples), *([math.inf] * unfinished)]
    value = nearest_rank(ordered, _SHARES[statistic])
    if math.isinf(value):
        bound = "" if deadline is None else f"; at least {deadline:g} s"
        return Figure(
            None,
            unit,
            count,
            source,
            reason=f"{unfinished} of {count} did not finish{bound}",
            lower_bound=deadline,
        )
    if statistic == "max":
        reason = "the largest of the objects measured has no interval within a run"
        return Figure(value, unit, count, source, no_interval=reason)
    interval = interval_of_quantile(ordered, _SHARES[statistic])
    return Figure(value, unit, count, source, interval=interval)
