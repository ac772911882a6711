"""The API server's own metrics, with the real names, labels and buckets.

Invariant: every answered request of a resource, and every look at its health, is in
`apiserver_request_total` once, when it has ended: a watch when it is over, as the real server
counts. Until then it is in `apiserver_longrunning_requests`. Text is made only when it is read.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from virtslo.base.clock import Clock
from virtslo.client.exposition import Exposition
from virtslo.client.histogram import Histogram
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.options import is_apply
from virtslo.sim.api.requests import Request

BUCKETS: Final = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0,
                  6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0)  # fmt: skip
_VERBS: Final = {
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETECOLLECTION",
    "get": "GET",
    "list": "LIST",
    "watch": "WATCH",
}
CONNECTED: Final = frozenset({"proxy", "exec", "attach", "portforward", "log"})
"""Subresources whose requests the real server's metrics call CONNECT."""
_HELP: Final = {
    "apiserver_request_total": (
        "counter",
        "Requests by verb, dry run, group, version, resource, subresource, scope and code.",
    ),
    "apiserver_request_duration_seconds": (
        "histogram",
        "Seconds to answer by verb, dry run, group, version, resource, subresource and scope.",
    ),
    "apiserver_current_inflight_requests": (
        "gauge",
        "Requests in flight, by whether they may change something.",
    ),
    "apiserver_longrunning_requests": (
        "gauge",
        "Open long-running requests by verb, group, version, resource, scope and component.",
    ),
    "apiserver_watch_events_total": ("counter", "Events sent to the clients of watches."),
    "process_start_time_seconds": ("gauge", "Start time of the process since the Unix epoch."),
}

RequestLabels = tuple[str, str, str, str, str, str, str]
"""(verb, group, version, resource, subresource, scope, dry run)."""
_IN_FLIGHT: Final = {"GET": "readOnly", "LIST": "readOnly", "WATCH": "", "CONNECT": ""}
"""What requests count as in flight, by their label `verb`; every other is `mutating`, and those
that go on count as nothing."""


class RequestSeries:
    """Requests with the same labels: how they ended, and after what time."""

    __slots__ = ("durations", "ended", "labels", "running")

    def __init__(self, labels: RequestLabels) -> None:
        self.labels = labels
        self.running = 0
        """How many have come and not ended."""
        self.ended: dict[int, int] = {}
        """How many ended with each code."""
        self.durations = Histogram(BUCKETS)

    def answered(self, code: int, seconds: float) -> None:
        """Count a request by how it ended."""
        self.ended[code] = self.ended.get(code, 0) + 1
        self.durations.observe(seconds)


def _labels_of(request: Request) -> RequestLabels:
    """The labels of a request, but for its code."""
    resource, subresource = request.resource, request.subresource or ""
    verb = _VERBS[request.verb]
    if subresource in CONNECTED:
        verb = "CONNECT"
    elif is_apply(request):
        verb = "APPLY"
    scope = "resource"
    if request.name is None and request.verb != "create":
        scope = "namespace" if request.namespace else "cluster"
    dry_run = "All" if "dryRun" in request.query else ""
    return (verb, resource.group, resource.version, resource.plural, subresource, scope, dry_run)


class ServerMetrics:
    """Counters of one life of the simulated API server."""

    def __init__(self, clock: Clock) -> None:
        self._started = clock.wall().timestamp()
        self._series: dict[RequestLabels, RequestSeries] = {}
        self._series_of_requests: dict[tuple[object, ...], RequestSeries] = {}
        """By what the labels are made of: there are as many as shapes of requests."""
        self._watch_events: Counter[Resource] = Counter()
        self.long_running: Counter[RequestLabels] = Counter()

    def series_of(self, request: Request) -> RequestSeries:
        """The series of a request."""
        key = (
            request.verb,
            request.resource,
            request.subresource,
            request.name is None,
            not request.namespace,
            is_apply(request),
            "dryRun" in request.query,
        )
        series = self._series_of_requests.get(key)
        if series is None:
            series = self._series_of_requests[key] = self.series(_labels_of(request))
        return series

    def series(self, labels: RequestLabels) -> RequestSeries:
        """The series with these labels."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = RequestSeries(labels)
        return series

    def sent(self, resource: Resource, events: int) -> None:
        """Count the events that a watch which is over was sent."""
        self._watch_events[resource] += events

    @property
    def in_flight(self) -> dict[str, int]:
        """Requests in flight, by whether they may change something."""
        counts = {"mutating": 0, "readOnly": 0}
        for series in self._series.values():
            kind = _IN_FLIGHT.get(series.labels[0], "mutating")
            if kind:
                counts[kind] += series.running
        return counts

    def requests(self) -> dict[tuple[RequestLabels, int], int]:
        """Requests by series and code, since the server began."""
        return {
            (series.labels, code): count
            for series in self._series.values()
            for code, count in series.ended.items()
        }

    def text(self, sent: Mapping[Resource, int]) -> bytes:
        """The exposition; `sent` is how many events the open watches were sent."""
        text = Exposition()
        name = _family(text, "apiserver_request_total")
        for (series, code), count in sorted(self.requests().items()):
            text.sample(name, {"code": str(code), **_labels(series)}, count)
        name = _family(text, "apiserver_request_duration_seconds")
        for series, found in sorted(self._series.items()):
            if found.ended:
                text.histogram(name, _labels(series), found.durations)
        name = _family(text, "apiserver_current_inflight_requests")
        for kind, count in self.in_flight.items():
            text.sample(name, {"request_kind": kind}, count)
        name = _family(text, "apiserver_longrunning_requests")
        for series, count in sorted(self.long_running.items()):
            text.sample(name, _labels(series, dry_run=False), count)
        name = _family(text, "apiserver_watch_events_total")
        events = self._watch_events + Counter(sent)
        for resource in sorted(events, key=lambda each: (each.group, each.plural, each.version)):
            labels = {
                "group": resource.group,
                "resource": resource.plural,
                "version": resource.version,
            }
            text.sample(name, labels, events[resource])
        name = _family(text, "process_start_time_seconds")
        text.sample(name, {}, round(self._started, 3))
        return text.encode()


def _family(text: Exposition, name: str) -> str:
    """Begin a family; its name."""
    kind, words = _HELP[name]
    text.family(name, kind, words)
    return name


def _labels(series: RequestLabels, *, dry_run: bool = True) -> dict[str, str]:
    verb, group, version, resource, subresource, scope, dry = series
    return {
        "component": "apiserver",
        **({"dry_run": dry} if dry_run else {}),
        "group": group,
        "resource": resource,
        "scope": scope,
        "subresource": subresource,
        "verb": verb,
        "version": version,
    }
