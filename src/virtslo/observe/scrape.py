"""A component's `/metrics`, as far as virtslo counts on it.

Invariant: a family that is absent is absent here too, never 0; a component's histograms are kept as
sums and counts, since KubeVirt's buckets say little of what matters (they end at half a second).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from virtslo.client.exposition import read_samples

REQUESTS: Final = "kubevirt_rest_client_requests_total"
CPU: Final = "process_cpu_seconds_total"
MEMORY: Final = "process_resident_memory_bytes"
START: Final = "process_start_time_seconds"
LEADING: Final = "kubevirt_virt_controller_leading_status"

RATE_LIMITER: Final = "kubevirt_rest_client_rate_limiter_duration_seconds"
LATENCY: Final = "kubevirt_rest_client_request_latency_seconds"
QUEUED: Final = "kubevirt_workqueue_queue_duration_seconds"
WORKED: Final = "kubevirt_workqueue_work_duration_seconds"
SUMMED: Final = {RATE_LIMITER: "verb", LATENCY: "verb", QUEUED: "name", WORKED: "name"}
"""Histograms of which the sum and the count are kept, by the label they are kept by."""

_SINGLE: Final = (CPU, MEMORY, START, LEADING)
_PARTS: Final = {
    f"{family}_{part}": (family, label, part == "sum")
    for family, label in SUMMED.items()
    for part in ("sum", "count")
}
_WANTED: Final = (REQUESTS, *_SINGLE, *_PARTS)


@dataclass(frozen=True, slots=True)
class Scrape:
    """What one read of a component's metrics said."""

    requests: Mapping[tuple[str, str, str], int]
    """Requests by (verb, resource, code), since the process began."""
    cpu_seconds: float | None = None
    resident_bytes: float | None = None
    process_start: float | None = None
    is_leading: bool | None = None
    sums: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    """Seconds and observations by `family{label}`."""


def read_metrics(text: str) -> Scrape:
    """Read a component's exposition. Raises ValueError for what is none."""
    requests: dict[tuple[str, str, str], int] = {}
    single: dict[str, float] = {}
    sums: dict[str, tuple[float, int]] = {}
    for (name, labels), value in read_samples(text, _WANTED):
        if name == REQUESTS:
            verb = labels.get("verb") or VERB_OF_METHOD.get(labels.get("method", ""), "")
            key = (verb, labels.get("resource", ""), labels.get("code", ""))
            requests[key] = requests.get(key, 0) + int(value)
        elif name in _PARTS:
            family, label, is_sum = _PARTS[name]
            kept = f"{family}{{{labels.get(label, '')}}}"
            seconds, count = sums.get(kept, (0.0, 0))
            sums[kept] = (seconds + value, count) if is_sum else (seconds, count + int(value))
        elif name in _SINGLE:
            single[name] = value
    if START not in single and not requests:
        raise ValueError("no component's metrics: neither requests nor a process start are there")
    leading = single.get(LEADING)
    return Scrape(
        requests=requests,
        cpu_seconds=single.get(CPU),
        resident_bytes=single.get(MEMORY),
        process_start=single.get(START),
        is_leading=None if leading is None else leading == 1,
        sums=sums,
    )


VERB_OF_METHOD: Final = {
    "GET": "GET",
    "POST": "CREATE",
    "PUT": "UPDATE",
    "PATCH": "PATCH",
    "DELETE": "DELETE",
}
"""Verbs of KubeVirt's metric by HTTP method: some distributions' versions have no `verb` label."""
