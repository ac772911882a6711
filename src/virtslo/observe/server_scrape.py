"""The API server's own `/metrics`: requests of all callers, and how long they took.

Invariant: verbs are spelled as KubeVirt's client metric spells them (POST is CREATE, PUT is UPDATE,
DELETECOLLECTION is DELETE, APPLY is PATCH), so that the sources can be compared; a watch is counted
and has no duration. Buckets are of the histogram of Kubernetes' SLO where there is one; whole times
are of the other one, which has webhooks and waiting in it, as an audit log's times have.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from virtslo.base.plain_text import shown_text
from virtslo.client.exposition import (
    REMEMBERED,
    Identity,
    labels_of,
    read_buckets,
    read_identities,
    whole_count,
)
from virtslo.model.kubernetes.calls import Counted, RestCall, TimedCall
from virtslo.model.kubernetes.kubevirt_metrics import PROCESS_START
from virtslo.model.run.rest_calls import BUCKET_EDGE, answer_key

is_edge: Final = lru_cache(REMEMBERED)(re.compile(BUCKET_EDGE).search)
"""Whether a label `le` is a bucket's edge; there are few, each met thousands of times."""

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

SINGLE: Final = "resource"
"""The scope of requests for a single object."""
_UNTIMED: Final = frozenset({"WATCH", "CONNECT"})


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
    sums: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    """Seconds from received to answered, and requests, of single objects, by `answer_key`."""


Durations = dict[TimedCall, dict[str, int]]


def read_server_metrics(body: bytes) -> ServerScrape:
    """Read an API server's exposition. Raises ValueError for what is none."""
    requests: dict[RestCall, int] = {}
    start: float | None = None
    for identity, value in read_identities(body, (REQUESTS, PROCESS_START)):
        if identity[0] == PROCESS_START:
            start = value
        elif identity[0] == REQUESTS:
            call = _call_of(identity)
            requests[call] = requests.get(call, 0) + whole_count(REQUESTS, value)
    if start is None and not requests:
        raise ValueError("no API server's metrics: neither requests nor a process start are there")
    sums = _sums(body)
    if durations := _durations(body, f"{SLI}_bucket"):
        return ServerScrape(requests, durations, SLI, start, sums)
    return ServerScrape(requests, _durations(body, f"{DURATION}_bucket"), DURATION, start, sums)


def _durations(body: bytes, family: str) -> Durations:
    """The buckets of calls of a resource; of watches and of what is no resource there are none."""
    durations: Durations = {}
    for (identity, edge), value in read_buckets(body, family):
        call = _timed_of(identity)
        if call is None or identity[0] != family:
            continue
        if not is_edge(edge):
            raise ValueError(f"{family}: le={shown_text(repr(edge))} is no number")
        buckets = durations.setdefault(call, {})
        buckets[edge] = buckets.get(edge, 0) + whole_count(family, value)
    return durations


def _sums(body: bytes) -> dict[str, tuple[float, int]]:
    """How long requests of single objects took in all, and how many there were."""
    total, count = f"{DURATION}_sum", f"{DURATION}_count"
    found: dict[str, tuple[float, int]] = {}
    for identity, value in read_identities(body, (total, count)):
        key = _answered_by(identity)
        if key is None:
            continue
        seconds, requests = found.get(key, (0.0, 0))
        if identity[0] == count:
            requests += whole_count(count, value)
        elif value < 0:
            raise ValueError(f"{total} is {value:g}, which is no time")
        else:
            seconds += value
        found[key] = seconds, requests
    return dict(sorted(found.items()))


@lru_cache(maxsize=REMEMBERED)
def _answered_by(identity: Identity) -> str | None:
    """The key of a series' requests; None of watches, lists, dry runs and what is no resource."""
    labels = labels_of(identity)
    call = _timed_of(identity)
    if call is None or call.scope != SINGLE or labels.get("dry_run"):
        return None
    return answer_key(call.verb, call.target)


def _verb_of(labels: Mapping[str, str]) -> str:
    verb = labels.get("verb", "")
    return VERBS.get(verb, verb)


@lru_cache(maxsize=REMEMBERED)
def _call_of(identity: Identity) -> RestCall:
    labels = labels_of(identity)
    return RestCall.of_target(_verb_of(labels), target_of(labels), labels.get("code", ""))


@lru_cache(maxsize=REMEMBERED)
def _timed_of(identity: Identity) -> TimedCall | None:
    """The call of a histogram; None where that has no duration."""
    labels = labels_of(identity)
    verb = _verb_of(labels)
    if verb in _UNTIMED or not labels.get("resource"):
        return None
    return TimedCall(verb, target_of(labels), labels.get("scope", ""))


def target_of(labels: Mapping[str, str]) -> str:
    """`resource`, `resource/subresource`, or the path of what is no resource.

    The server labels the path of discovery and of OpenAPI without its first slash.
    """
    resource, subresource = labels.get("resource", ""), labels.get("subresource", "")
    if not resource:
        return subresource and f"/{subresource.removeprefix('/')}"
    return f"{resource}/{subresource}" if subresource else resource
