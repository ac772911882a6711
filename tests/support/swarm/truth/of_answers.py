"""How long calls truly took, our own and everybody's, from the exchanges of the server.

Invariant: a pair of verb and resource is one population; a scope's figure is its slowest pair's.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from support.swarm.door import GIVEN_UP, NO_ANSWER, Exchange
from support.swarm.play import OURS
from support.swarm.truth.happened import Happened
from support.swarm.truth.spans import ANYTHING, SHARES, Claim, Span, exactly, quantile

VERBS: Final[Mapping[str, str]] = {
    "create": "create",
    "get": "get",
    "list": "list",
    "patch": "patch",
    "update": "update",
    "delete": "delete",
    "deletecollection": "delete",
}
EDGES: Final = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0,
                6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0)  # fmt: skip
"""Upper edges of the buckets of kube-apiserver's histogram, seconds."""


def of_own_calls(truth: Happened) -> Iterator[Claim]:
    """The slowest pair of verb and resource among our own calls, by scope."""
    ours = (
        item
        for item in truth.played.exchanges
        if item.caller == OURS
        and item.begun_ns >= truth.origin_ns
        and item.outcome not in {NO_ANSWER, GIVEN_UP}
    )
    for scope, found in _pairs(ours).items():
        for statistic, (share, least) in SHARES.items():
            yield (f"own_call_seconds_{scope}", statistic), _slowest(found, share, least)


def of_everybodys_calls(surely: Sequence[Exchange], maybe: Sequence[Exchange]) -> Iterator[Claim]:
    """The P99 of the slowest pair, as the bucket of the API server's histogram it lies in.

    A request that was reset may have been served, and is in the histogram then.
    """
    ends = [_pairs(item for item in part if _is_timed(item)) for part in (surely, maybe)]
    ends.append(_pairs(item for item in maybe if _is_timed(item) or _may_be_timed(item)))
    for scope in ends[-1]:
        slowest = [_p99_of_slowest(part.get(scope, {})) for part in ends]
        known = [edge for value in slowest if value is not None and (edge := _edge(value))]
        found = Span(min(known), max(known)) if len(known) == len(ends) else ANYTHING
        yield (f"api_call_seconds_{scope}", "p99"), found


def _edge(seconds: float) -> float | None:
    """The upper edge of the bucket that this lies in; None: beyond the last."""
    place = bisect_left(EDGES, seconds)
    return EDGES[place] if place < len(EDGES) else None


def _p99_of_slowest(pairs: Mapping[tuple[str, str], Sequence[float]]) -> float | None:
    spans = [quantile([exactly(each) for each in took], 0.99) for took in pairs.values()]
    return max((span.low for span in spans if span is not None), default=None)


def _is_timed(item: Exchange) -> bool:
    """Whether the server keeps how long it took: what it answers of resources."""
    return item.outcome not in {NO_ANSWER, GIVEN_UP} and not item.is_raw and not item.is_dry


def _may_be_timed(item: Exchange) -> bool:
    """Whether the server may have kept it though its caller had no answer."""
    return item.outcome == NO_ANSWER and not item.is_raw and not item.is_dry


def _pairs(exchanges: Iterable[Exchange]) -> Mapping[str, Mapping[tuple[str, str], list[float]]]:
    """Seconds by scope, and by verb and resource; watches and proxies are left out."""
    pairs: dict[str, dict[tuple[str, str], list[float]]] = defaultdict(lambda: defaultdict(list))
    for item in exchanges:
        if item.verb in VERBS and item.subresource != "proxy":
            target = f"{item.resource}/{item.subresource}".rstrip("/")
            pairs[_scope(item)][VERBS[item.verb], target].append(item.seconds)
    return pairs


def _slowest(
    pairs: Mapping[tuple[str, str], Sequence[float]], share: float, least: int
) -> Span | None:
    """The figure of the slowest pair: one too small has none, and counts by its slowest call."""
    best, best_value = None, -1.0
    for took in pairs.values():
        is_enough = len(took) >= least
        span = quantile([exactly(value) for value in took], share if is_enough else 1.0)
        if span is not None and span.low > best_value:
            best, best_value = (span if is_enough else None), span.low
    return best


def _scope(item: Exchange) -> str:
    if item.verb == "create" or item.name:
        return "resource"
    return "namespace" if item.namespace else "cluster"
