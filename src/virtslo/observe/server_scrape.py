"""The API server's own `/metrics`: requests of all callers, and how long they took.

Invariant: verbs are spelled as KubeVirt's client metric spells them (POST is CREATE, PUT is UPDATE,
DELETECOLLECTION is DELETE, APPLY is PATCH), so that the sources can be compared; a watch is counted
and has no duration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from virtslo.client.exposition import read_samples, whole_count
from virtslo.model.kubernetes.calls import Counted, RestCall, TimedCall
from virtslo.model.kubernetes.kubevirt_metrics import PROCESS_START

REQUESTS: Final = "apiserver_request_total"
SLI: Final = "apiserver_request_sli_duration_seconds"
"""What Kubernetes' SLO is about: without webhooks and without waiting for priority and fairness."""
DURATION: Final = "apiserver_request_duration_seconds"

VERBS: Final = {
    "POST": "CREATE",
    "PUT": "UPDATE",
    "PATCH": "PATCH",
    "APPLY": "PATCH",
    "DELETE": "DELETE",
    "DELETECOLLECTION": "DELETE",
    "GET": "GET",
    "LIST": "LIST",
    "WATCH": "WATCH",
    "WATCHLIST": "WATCH",
    "CONNECT": "CONNECT",
}
"""Verbs of the API server's metrics, as KubeVirt's client metric spells them."""

_WANTED: Final = (REQUESTS, f"{SLI}_bucket", f"{DURATION}_bucket", PROCESS_START)


@dataclass(frozen=True, slots=True)
class ServerScrape:
    """What one read of an API server's metrics said."""

    requests: Counted
    """Since the process began."""
    durations: Mapping[TimedCall, Mapping[str, int]]
    """Cumulative buckets by upper edge, of `family`."""
    family: str
    """The histogram that `durations` is of."""
    process_start: float | None


def read_server_metrics(text: str) -> ServerScrape:
    """Read an API server's exposition. Raises ValueError for what is none."""
    requests: dict[RestCall, int] = {}
    durations: dict[str, dict[TimedCall, dict[str, int]]] = {SLI: {}, DURATION: {}}
    start: float | None = None
    for series, value in read_samples(text, _WANTED):
        name, labels = series
        if name == PROCESS_START:
            start = value
            continue
        verb = labels.get("verb", "")
        verb, target = VERBS.get(verb, verb), target_of(labels)
        if name == REQUESTS:
            call = RestCall.of_target(verb, target, labels.get("code", ""))
            requests[call] = requests.get(call, 0) + whole_count(series, value)
        elif verb not in {"WATCH", "CONNECT"} and labels.get("resource"):
            by_call = durations[name.removesuffix("_bucket")]
            timed = TimedCall(verb, target, labels.get("scope", ""))
            buckets = by_call.setdefault(timed, {})
            edge = labels.get("le", "")
            buckets[edge] = buckets.get(edge, 0) + whole_count(series, value)
    if start is None and not requests:
        raise ValueError("no API server's metrics: neither requests nor a process start are there")
    family = SLI if durations[SLI] else DURATION
    return ServerScrape(requests, durations[family], family, start)


def target_of(labels: Mapping[str, str]) -> str:
    """`resource`, `resource/subresource`, or the path of what is no resource.

    The server labels the path of discovery and of OpenAPI without its first slash.
    """
    resource, subresource = labels.get("resource", ""), labels.get("subresource", "")
    if not resource:
        return subresource and f"/{subresource.removeprefix('/')}"
    return f"{resource}/{subresource}" if subresource else resource
