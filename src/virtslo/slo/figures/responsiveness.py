"""API responsiveness as Kubernetes' SLO defines it: P99 for each pair of verb and resource.

Invariant: our own calls give exact quantiles; histograms give the bucket that the quantile lies in,
and its edges are the error. A scope's figure is that of its slowest pair, which is named; a pair
too small for the statistic has none, and is judged by its slowest call.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model.kubernetes.calls import TimedCall
from virtslo.model.report.figures import Figure, no_data
from virtslo.model.run.rest_calls import API_SERVER, CounterRead, Moment, OwnLatencies
from virtslo.model.stage_names import RAMP_UP, StageName
from virtslo.model.vocabulary import LEAST_SAMPLES, QUANTILES
from virtslo.slo.catalog.family import OWN_CALLS, SERVER_HISTOGRAMS
from virtslo.slo.catalog.responsiveness import OF_SCOPE
from virtslo.slo.figures.rows import Row
from virtslo.slo.record.call_windows import is_another_process, moments_of
from virtslo.slo.record.measured import Measured, measured_stage
from virtslo.slo.statistics.quantiles import quantile

P99: Final = 0.99


@dataclass(frozen=True, slots=True)
class BucketQuantile:
    """The bucket in which a quantile lies."""

    lower: float
    upper: float
    samples: int


def responsiveness_rows(run: Measured) -> Iterator[Row]:
    """The figures of our own calls and of everybody's, by scope."""
    for scope, of in OF_SCOPE.items():
        own = [
            (item, sorted(map(to_seconds, item.nanoseconds)))
            for item in run.record.rest_calls.own
            if item.scope == scope
        ]
        for statistic in QUANTILES:
            yield Row(of.own, statistic, _own(own, statistic))
    pairs = server_quantiles(run, measured_stage(run.record))
    for scope, of in OF_SCOPE.items():
        yield Row(of.everyone, "p99", _everybodys(pairs, scope))


def server_quantiles(
    run: Measured, stage: StageName = RAMP_UP
) -> Mapping[TimedCall, BucketQuantile] | str:
    """The P99 of everybody's calls for each pair in a stage's window; or why there is none."""
    moments = moments_of(run.record.rest_calls.reads, API_SERVER)
    labels = [label for label, _ in moments]
    if (stage, Moment.AFTER) not in labels or labels.index((stage, Moment.AFTER)) == 0:
        return "the API server's metrics were not read"
    index = labels.index((stage, Moment.AFTER))
    buckets = _grown(moments[index - 1][1], moments[index][1])
    if isinstance(buckets, str):
        return buckets
    return {
        pair: found
        for pair, edges in sorted(buckets.items())
        if (found := bucket_quantile(edges, P99)) is not None
    }


def bucket_quantile(edges: Mapping[str, int], share: float) -> BucketQuantile | None:
    """The bucket of a quantile by nearest rank, of cumulative counts by upper edge."""
    ordered = sorted((math.inf if edge == "+Inf" else float(edge), n) for edge, n in edges.items())
    total = ordered[-1][1] if ordered else 0
    if total <= 0:
        return None
    rank = max(1, math.ceil(share * total - 1e-9))
    lower = 0.0
    for upper, count in ordered:
        if count >= rank:
            return BucketQuantile(lower, upper, total)
        lower = upper
    return None


def _grown(
    before: Sequence[CounterRead], after: Sequence[CounterRead]
) -> dict[TimedCall, dict[str, int]] | str:
    failed = next((read.error for read in (*before, *after) if read.error), None)
    if failed is not None:
        return f"a read failed: {failed}"
    there = {read.pod for read in after}
    gone = next((read.pod for read in before if read.pod not in there), None)
    if gone is not None:
        return f"calls are lost with an API server that ended inside the window: {gone}"
    known = {read.pod: read for read in before}
    buckets: dict[TimedCall, dict[str, int]] = {}
    for read in after:
        earlier = known.get(read.pod)
        if earlier is not None and is_another_process(earlier, read):
            earlier = None
        known_buckets = earlier.durations if earlier is not None else ()
        base = {(bucket.timed, bucket.edge): bucket.observations for bucket in known_buckets}
        for bucket in read.durations:
            grown = bucket.observations - base.get((bucket.timed, bucket.edge), 0)
            edges = buckets.setdefault(bucket.timed, {})
            edges[bucket.edge] = edges.get(bucket.edge, 0) + grown
    return buckets


def _own(items: Sequence[tuple[OwnLatencies, Sequence[float]]], statistic: str) -> Figure:
    """The statistic of the slowest pair; of each, its calls' seconds.

    One too small for it has none: its slowest call may meet an objective, since every statistic of
    it keeps to what that call does.
    """
    if not items:
        return no_data("s", "virtslo made no call of this scope", source=OWN_CALLS)
    slowest, figure = max(
        ((item, _bounding(seconds, statistic)) for item, seconds in items),
        key=lambda found: float(found[1].value or 0),
    )
    detail = {"slowest": f"{slowest.verb} {slowest.resource}"}
    calls, needed = len(slowest.nanoseconds), LEAST_SAMPLES[statistic]
    if calls < needed:
        reason = (
            f"{statistic} needs {needed} calls; the slowest pair, {slowest.verb} "
            f"{slowest.resource}, has {calls}"
        )
        return Figure(None, "s", calls, OWN_CALLS, reason=reason, detail=detail)
    return Figure(figure.value, "s", figure.samples, OWN_CALLS, detail=detail)


def _bounding(seconds: Sequence[float], statistic: str) -> Figure:
    figure = quantile(statistic, seconds, source=OWN_CALLS)
    return figure if figure.value is not None else quantile("max", seconds, source=OWN_CALLS)


def _everybodys(pairs: Mapping[TimedCall, BucketQuantile] | str, scope: str) -> Figure:
    if isinstance(pairs, str):
        return no_data("s", pairs, source=API_SERVER)
    mine = {pair: found for pair, found in pairs.items() if pair.scope == scope}
    if not mine:
        return no_data("s", "no call of this scope in the window", source=API_SERVER)
    pair, found = max(mine.items(), key=lambda item: (item[1].upper, item[1].lower, item[0]))
    name = f"{pair.verb} {pair.target}"
    if math.isinf(found.upper):
        return Figure(
            None,
            "s",
            found.samples,
            SERVER_HISTOGRAMS,
            reason=f"{name}: beyond the last bucket, {found.lower:g} s",
            lower_bound=found.lower,
        )
    return Figure(
        found.upper,
        "s",
        found.samples,
        SERVER_HISTOGRAMS,
        range=(found.lower, found.upper),
        detail={"slowest": name},
    )
