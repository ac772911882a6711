"""A Prometheus of the simulated cluster: it scrapes KubeVirt's components as a real one does.

Invariant: targets are scraped directly, not through the API server, so that no request is counted
for it; what it hands out is what was scraped, at the moment it was scraped. It keeps the counters
of requests and the starts of processes, and forgets nothing.
"""

import re
from collections.abc import Mapping
from typing import Final

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.errors import ClusterError
from virtslo.client.exposition import read_samples
from virtslo.model.kubernetes.kubevirt_metrics import PROCESS_START, REQUESTS
from virtslo.ports.metric_source import Sample, ScrapedSeries
from virtslo.sim.api_server import ApiServer

EVERY_SECONDS: Final = 15.0
KEPT: Final = (REQUESTS, PROCESS_START)
_SELECTOR: Final = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?")
_MATCHER: Final = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*,?')

Labels = tuple[tuple[str, str], ...]


class SimulatedPrometheus:
    """A `MetricSource` in process, scraping on the cluster's own clock."""

    place = "the simulated cluster's Prometheus"

    def __init__(self, server: ApiServer, clock: Clock, *, every: float = EVERY_SECONDS) -> None:
        self._server = server
        self._clock = clock
        self._every_ns = to_nanoseconds(every)
        self._samples: dict[tuple[str, Labels], list[Sample]] = {}

    async def run(self) -> None:
        """Scrape until cancelled."""
        due_ns = self._clock.now_ns()
        while True:
            self.scrape()
            due_ns += self._every_ns
            await self._clock.sleep_until(due_ns)

    def scrape(self) -> None:
        """Scrape every target once, now."""
        now = self._clock.wall().timestamp()
        for (namespace, pod, port), read in self._server.scrape_targets().items():
            try:
                body = read("/metrics")
            except ClusterError:
                continue  # a process that is down has no sample, as in life
            target = {"namespace": namespace, "pod": pod, "instance": f"{pod}:{port}"}
            for (name, labels), value in read_samples(body, KEPT):
                key = tuple(sorted({**labels, **target}.items()))
                self._samples.setdefault((name, key), []).append((now, value))

    async def raw_samples(
        self, selector: str, *, start: float, end: float
    ) -> tuple[ScrapedSeries, ...]:
        """Every sample with start < time <= end of the series that `selector` picks."""
        found: list[ScrapedSeries] = []
        wanted, matchers = _parsed(selector)
        for (name, key), samples in sorted(self._samples.items()):
            labels = dict(key)
            if name != wanted or not _matches(labels, matchers):
                continue
            kept = tuple(sample for sample in samples if start < sample[0] <= end)
            if kept:
                found.append(ScrapedSeries(labels, kept, name))
        return tuple(found)


def _parsed(selector: str) -> tuple[str, list[tuple[str, str, str]]]:
    match = _SELECTOR.fullmatch(selector.strip())
    if match is None:
        raise ClusterError(f"bad_data: not a selector: {selector!r}")
    return match[1], [(m[1], m[2], m[3]) for m in _MATCHER.finditer(match[2] or "")]


def _matches(labels: Mapping[str, str], matchers: list[tuple[str, str, str]]) -> bool:
    for name, sign, value in matchers:
        actual = labels.get(name, "")
        is_same = re.fullmatch(value, actual) is not None if sign.endswith("~") else actual == value
        if is_same == sign.startswith("!"):
            return False
    return True
