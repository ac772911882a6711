"""What a Prometheus says of a run's windows, from the samples it scraped.

Invariant: a window is cut at scrapes, never between them. The run waits at rest for a scrape of
every pod after its own reads, so that no call of the next stage falls into the window before; what
is left unknown is stated as the gap at each end.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from virtslo.base.clock import Clock, sleep, to_nanoseconds
from virtslo.base.errors import ClusterError
from virtslo.model.kubernetes import kubevirt_metrics
from virtslo.model.run.rest_calls import ReadStage, ScrapedCount, ScrapedWindow
from virtslo.ports.metric_source import MetricSource, ScrapedSeries
from virtslo.slo.record.scraped import Growth, grown_by, process_of

PODS: Final = 'pod=~"virt-(api|controller|handler)-.*"'
REQUESTS: Final = f"{kubevirt_metrics.REQUESTS}{{{PODS}}}"
STARTS: Final = f"{kubevirt_metrics.PROCESS_START}{{{PODS}}}"
LABELS: Final = ("pod", "verb", "resource", "code")
LOOK_BACK: Final = 300.0
"""How far before a window its last scrape is looked for, seconds."""
WAIT: Final = 90.0
"""How long to wait for a scrape at most, seconds."""
ASK_EVERY: Final = 1.0


class ScrapedWindows:
    """Asks a Prometheus about each window, when there is a scrape on both of its sides."""

    def __init__(self, source: MetricSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._begins: float | None = None
        self.windows: tuple[ScrapedWindow, ...] = ()

    async def moment(self, stage: ReadStage, *, is_end: bool) -> None:
        """The cluster is at rest: end the window of `stage`, if it has one, and begin the next."""
        ended = self._clock.wall().timestamp()
        try:
            await self._wait_for_scrape(ended)
            if is_end and self._begins is not None:
                self.windows = (*self.windows, await self._window(stage, self._begins, ended))
        except ClusterError as error:
            if is_end:
                self.windows = (*self.windows, ScrapedWindow(stage, error=error.message))
        self._begins = self._clock.wall().timestamp()

    async def _wait_for_scrape(self, since: float) -> None:
        """Return when every pod that was scraped before has been scraped again."""
        until_ns = self._clock.now_ns() + to_nanoseconds(WAIT)
        before = await self._source.raw_samples(STARTS, start=since - LOOK_BACK, end=since)
        known = {process_of(item) for item in before}
        while self._clock.now_ns() < until_ns:
            now = self._clock.wall().timestamp()
            after = await self._source.raw_samples(STARTS, start=since, end=now)
            if after and known <= {process_of(item) for item in after}:
                return
            await sleep(self._clock, ASK_EVERY)

    async def _window(self, stage: ReadStage, start: float, end: float) -> ScrapedWindow:
        now = self._clock.wall().timestamp()
        since = start - LOOK_BACK
        series = await self._source.raw_samples(REQUESTS, start=since, end=now)
        starts = await self._source.raw_samples(STARTS, start=since, end=now)
        if not series:
            return ScrapedWindow(stage, error=f"{self._source.place} has no {REQUESTS}")
        grown = grown_by(series, LABELS, start=start, end=end, process_starts=_starts(starts))
        if not all(found.is_counter for found in grown.values()):
            return ScrapedWindow(stage, error=f"{REQUESTS} has a sample below 0")
        return ScrapedWindow(
            stage,
            counts=tuple(_counts(grown)),
            gap_before=_widest([found.gap_before for found in grown.values()]),
            gap_after=_widest([found.gap_after for found in grown.values()]),
            resets=sum(found.resets for found in grown.values()),
        )


def _starts(series: Sequence[ScrapedSeries]) -> Mapping[tuple[str, ...], float]:
    """When each process began, by its last scrape."""
    return {process_of(item): item.samples[-1][1] for item in series}


def _counts(grown: Mapping[tuple[str, ...], Growth]) -> Sequence[ScrapedCount]:
    """Growth by component, verb, resource and code."""
    sums: dict[tuple[str, str, str, str], tuple[float, float]] = {}
    for (pod, verb, resource, code), found in grown.items():
        key = ("-".join(pod.split("-")[:2]), verb, resource, code)
        value, least = sums.get(key, (0.0, 0.0))
        sums[key] = (value + found.value, least + found.at_least)
    return [ScrapedCount(*key, value, least) for key, (value, least) in sorted(sums.items())]


def _widest(gaps: Sequence[float | None]) -> float | None:
    known = [gap for gap in gaps if gap is not None]
    return max(known) if known and len(known) == len(gaps) else None
