"""A component's `/metrics`, as far as virtslo counts on it.

Invariant: a family that is absent is absent here too, never 0; a component's histograms are kept as
sums and counts, since KubeVirt's buckets say little of what matters (they end at half a second).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from virtslo.base.plain_text import shown_text
from virtslo.client.exposition import (
    REMEMBERED,
    Identity,
    labels_of,
    read_identities,
    whole_count,
)
from virtslo.model.kubernetes.calls import Counted, RestCall
from virtslo.model.kubernetes.kubevirt_metrics import (
    LEADING,
    PROCESS_CPU,
    PROCESS_MEMORY,
    PROCESS_START,
    QUEUE_WAITS,
    QUEUE_WORK,
    RATE_LIMITER_WAITS,
    REQUEST_LATENCIES,
    REQUESTS,
    VERB_OF_METHOD,
)

SUMMED: Final = {
    RATE_LIMITER_WAITS: "verb",
    REQUEST_LATENCIES: "verb",
    QUEUE_WAITS: "name",
    QUEUE_WORK: "name",
}
"""Histograms of which the sum and the count are kept, by the label they are kept by."""

_SINGLE: Final = (PROCESS_CPU, PROCESS_MEMORY, PROCESS_START, LEADING)
_PARTS: Final = {
    f"{family}_{part}": (family, label, part == "sum")
    for family, label in SUMMED.items()
    for part in ("sum", "count")
}
_WANTED: Final = (REQUESTS, *_SINGLE, *_PARTS)


@dataclass(frozen=True, slots=True)
class Scrape:
    """What one read of a component's metrics said."""

    requests: Counted
    """Since the process began; a subresource counts as its resource."""
    cpu_seconds: float | None = None
    resident_bytes: float | None = None
    process_start: float | None = None
    is_leading: bool | None = None
    sums: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    """Seconds and observations by `family{label}`."""


def read_metrics(body: bytes) -> Scrape:
    """Read a component's exposition. Raises ValueError for what is none."""
    requests: dict[RestCall, int] = {}
    single: dict[str, float] = {}
    sums: dict[str, tuple[float, int]] = {}
    for identity, value in read_identities(body, _WANTED):
        what = _meaning(identity)
        if isinstance(what, RestCall):
            requests[what] = requests.get(what, 0) + whole_count(REQUESTS, value)
        elif isinstance(what, _Part):
            seconds, count = sums.get(what.kept, (0.0, 0))
            if what.is_sum:
                sums[what.kept] = (seconds + value, count)
            else:
                sums[what.kept] = (seconds, count + whole_count(identity[0], value))
        elif what is not None:
            single[what] = value
    if PROCESS_START not in single and not requests:
        raise ValueError("no component's metrics: neither requests nor a process start are there")
    leading = single.get(LEADING)
    return Scrape(
        requests=requests,
        cpu_seconds=single.get(PROCESS_CPU),
        resident_bytes=single.get(PROCESS_MEMORY),
        process_start=single.get(PROCESS_START),
        is_leading=None if leading is None else leading == 1,
        sums=sums,
    )


class _Part(NamedTuple):
    """The sum or the count of a histogram."""

    kept: str
    """`family{label}`, which it is kept by."""
    is_sum: bool


@lru_cache(maxsize=REMEMBERED)
def _meaning(identity: Identity) -> RestCall | _Part | str | None:
    """What a series counts: requests, a part of a histogram, or a process's single figure; None for
    what only begins as one of these. Made once for all reads of all pods, which keep it."""
    name, labels = identity[0], labels_of(identity)
    if name == REQUESTS:
        return RestCall(_verb(labels), labels.get("resource", ""), "", labels.get("code", ""))
    if name in _PARTS:
        family, label, is_sum = _PARTS[name]
        return _Part(f"{family}{{{labels.get(label, '')}}}", is_sum)
    return name if name in _SINGLE else None


def _verb(labels: Mapping[str, str]) -> str:
    """The verb of a request. Raises ValueError where its labels do not tell it."""
    if labels.get("verb"):
        return labels["verb"]
    method = labels.get("method", "")
    if method.upper() in VERB_OF_METHOD:
        return VERB_OF_METHOD[method.upper()]
    raise ValueError(
        f"{REQUESTS} has no label verb, and the method {shown_text(method)!r} does not tell it: "
        "GET, LIST and WATCH are one method"
    )
