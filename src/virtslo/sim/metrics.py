"""The API server's own metrics, with the real names.

Invariant: every answered request is in `apiserver_request_total` once, by what it was and how it
ended. Text is made only when it is read.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from virtslo.base.clock import Clock
from virtslo.sim.requests import Request

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

Series = tuple[str, str, str, str, str, str, str]
"""(verb, group, version, resource, subresource, scope, dry run)."""


def scope_of(request: Request) -> str:
    """`resource`, `namespace` or `cluster`, as Kubernetes' SLIs tell them apart."""
    if request.name is not None or request.verb == "create":
        return "resource"
    return "namespace" if request.namespace else "cluster"


class ServerMetrics:
    """Counters of the simulated API server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.wall().timestamp()
        self._requests: dict[tuple[Series, int], int] = {}
        self._durations: dict[Series, list[float]] = {}
        self._watch_events: dict[tuple[str, str, str], int] = {}
        self.in_flight = {"mutating": 0, "readOnly": 0}
        self.long_running: dict[tuple[str, str, str, str], int] = {}

    def answered(self, request: Request, code: int, seconds: float) -> None:
        """Count a request by how it ended."""
        resource = request.resource
        series: Series = (
            _VERBS[request.verb],
            resource.group,
            resource.version,
            resource.plural,
            request.subresource or "",
            scope_of(request),
            "All" if "dryRun" in request.query else "",
        )
        key = (series, code)
        self._requests[key] = self._requests.get(key, 0) + 1
        if request.verb == "watch":
            return
        durations = self._durations.get(series)
        if durations is None:
            durations = self._durations[series] = [0.0] * (len(BUCKETS) + 2)
        durations[bisect_left(BUCKETS, seconds)] += 1
        durations[-1] += seconds

    def requests(self) -> dict[tuple[Series, int], int]:
        """Requests by series and code, since the server began."""
        return dict(self._requests)

    def text(self, *, watches: Iterable[tuple[tuple[str, str, str], int]], events: int) -> str:
        """The exposition."""
        lines = ["# TYPE apiserver_request_total counter"]
        for (series, code), count in sorted(self._requests.items()):
            lines.append(f'apiserver_request_total{{code="{code}",{_labels(series)}}} {count}')
        lines.append("# TYPE apiserver_request_duration_seconds histogram")
        for series, counts in sorted(self._durations.items()):
            lines += _histogram(series, counts)
        lines.append("# TYPE apiserver_current_inflight_requests gauge")
        for kind, count in self.in_flight.items():
            lines.append(f'apiserver_current_inflight_requests{{request_kind="{kind}"}} {count}')
        lines.append("# TYPE apiserver_longrunning_requests gauge")
        for (group, version, resource), count in watches:
            lines.append(
                f'apiserver_longrunning_requests{{component="apiserver",group="{group}",'
                f'resource="{resource}",scope="cluster",subresource="",verb="WATCH",'
                f'version="{version}"}} {count}'
            )
        lines += [
            "# TYPE apiserver_watch_events_total counter",
            f'apiserver_watch_events_total{{group="",resource="",version=""}} {events}',
            "# TYPE process_start_time_seconds gauge",
            f"process_start_time_seconds {self._started:.3f}",
        ]
        return "\n".join(lines) + "\n"


def _labels(series: Series) -> str:
    verb, group, version, resource, subresource, scope, dry = series
    return (
        f'component="apiserver",dry_run="{dry}",group="{group}",resource="{resource}",'
        f'scope="{scope}",subresource="{subresource}",verb="{verb}",version="{version}"'
    )


def _histogram(series: Series, counts: list[float]) -> list[str]:
    name, labels = "apiserver_request_duration_seconds", _labels(series)
    lines: list[str] = []
    total = 0
    for bound, count in zip((*BUCKETS, "+Inf"), counts[:-1], strict=True):
        total += int(count)
        lines.append(f'{name}_bucket{{{labels},le="{bound}"}} {total}')
    lines.append(f"{name}_sum{{{labels}}} {counts[-1]:.9g}")
    lines.append(f"{name}_count{{{labels}}} {total}")
    return lines
