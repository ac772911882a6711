"""A component's `/metrics`, as far as virtslo counts on it.

Invariant: a family that is absent is absent here too, never 0; histograms are kept as sums and
counts, since KubeVirt's buckets say little of what matters (they end at half a second).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

REQUESTS: Final = "kubevirt_rest_client_requests_total"
CPU: Final = "process_cpu_seconds_total"
MEMORY: Final = "process_resident_memory_bytes"
START: Final = "process_start_time_seconds"
LEADING: Final = "kubevirt_virt_controller_leading_status"

SUMMED: Final = (
    "kubevirt_rest_client_rate_limiter_duration_seconds",
    "kubevirt_rest_client_request_latency_seconds",
    "kubevirt_workqueue_queue_duration_seconds",
    "kubevirt_workqueue_work_duration_seconds",
)
"""Histograms of which the sum and the count are kept, by what they are labelled with."""

_SUM_LABEL: Final = {SUMMED[0]: "verb", SUMMED[1]: "verb", SUMMED[2]: "name", SUMMED[3]: "name"}
_WANTED: Final = (REQUESTS, CPU, MEMORY, START, LEADING, *SUMMED)


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
    """Parse a component's exposition. Raises ValueError for what is no exposition."""
    requests: dict[tuple[str, str, str], int] = {}
    single: dict[str, float] = {}
    sums: dict[str, tuple[float, int]] = {}
    for family in text_string_to_metric_families("\n".join(_wanted_lines(text)) + "\n"):
        for name, labels, value, *_ in family.samples:
            if name == REQUESTS:
                key = (labels.get("verb", ""), labels.get("resource", ""), labels.get("code", ""))
                requests[key] = requests.get(key, 0) + int(value)
            elif name in {CPU, MEMORY, START, LEADING}:
                single[name] = value
            else:
                _add(sums, name, labels, value)
    leading = single.get(LEADING)
    return Scrape(
        requests=requests,
        cpu_seconds=single.get(CPU),
        resident_bytes=single.get(MEMORY),
        process_start=single.get(START),
        is_leading=None if leading is None else leading == 1,
        sums=sums,
    )


def _wanted_lines(text: str) -> Iterator[str]:
    """The lines of the families that are read: a full cluster's other series cost little."""
    for line in text.splitlines():
        if line.startswith(_WANTED) and "_bucket{" not in line:
            yield line


def _add(
    sums: dict[str, tuple[float, int]], name: str, labels: Mapping[str, str], value: float
) -> None:
    for family in SUMMED:
        if name in {f"{family}_sum", f"{family}_count"}:
            key = f"{family}{{{labels.get(_SUM_LABEL[family], '')}}}"
            seconds, count = sums.get(key, (0.0, 0))
            if name.endswith("_sum"):
                sums[key] = (seconds + value, count)
            else:
                sums[key] = (seconds, count + int(value))
