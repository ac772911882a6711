"""A component's `/metrics`, as far as virtslo counts on it.

Invariant: a family that is absent is absent here too, never 0; a component's histograms are kept as
sums and counts, since KubeVirt's buckets say little of what matters (they end at half a second).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from virtslo.base.plain_text import shown_text
from virtslo.client.exposition import read_samples, whole_count
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


def read_metrics(text: str) -> Scrape:
    """Read a component's exposition. Raises ValueError for what is none."""
    requests: dict[RestCall, int] = {}
    single: dict[str, float] = {}
    sums: dict[str, tuple[float, int]] = {}
    for series, value in read_samples(text, _WANTED):
        name, labels = series
        if name == REQUESTS:
            call = RestCall(_verb(labels), labels.get("resource", ""), "", labels.get("code", ""))
            requests[call] = requests.get(call, 0) + whole_count(series.name, value)
        elif name in _PARTS:
            family, label, is_sum = _PARTS[name]
            kept = f"{family}{{{labels.get(label, '')}}}"
            seconds, count = sums.get(kept, (0.0, 0))
            if is_sum:
                sums[kept] = (seconds + value, count)
            else:
                sums[kept] = (seconds, count + whole_count(series.name, value))
        elif name in _SINGLE:
            single[name] = value
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
