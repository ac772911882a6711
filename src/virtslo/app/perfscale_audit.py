"""An audit of a test from what a Prometheus scraped meanwhile.

Invariant: only raw samples are asked for; the scrape after the end is waited for rather than
guessed; what the scrapes cannot tell is said.
"""

from collections.abc import Callable
from typing import Final

from virtslo.base.clock import Clock, sleep
from virtslo.model.kubernetes import kubevirt_metrics
from virtslo.model.kubernetes.components import VIRT_API, VIRT_CONTROLLER
from virtslo.model.report.perfscale_audit import (
    PerfscaleAuditRequest,
    PerfscaleAuditResult,
    PerfscaleAuditValue,
)
from virtslo.model.report.verdicts import Outcome
from virtslo.ports.metric_source import MetricSource, ScrapedSeries
from virtslo.slo.perfscale_audit import values as audit_values
from virtslo.slo.perfscale_audit.thresholds import judge
from virtslo.slo.record.scraped import scraped_once

LEAST_MARGIN: Final = 300.0
"""How far around the window samples are asked for, seconds, at least."""
SCRAPES: Final = 1.5
"""How many scrape intervals after the end are waited for."""
MET: Final = 0
VIOLATED: Final = 1
INCONCLUSIVE: Final = 4


async def perfscale_audit(
    request: PerfscaleAuditRequest, source: MetricSource, clock: Clock, tell: Callable[[str], None]
) -> PerfscaleAuditResult:
    """Everything that the samples say of the window. Raises ClusterError."""
    reading = _Reading(request, source)
    await _wait_for_last_scrape(request, reading, clock, tell)
    wanted = [
        key
        for threshold in request.thresholds
        for key in (threshold.key, threshold.metric)
        if key is not None and key.endswith("-count") and "-phase-" not in key
    ]
    window = {"start": request.start, "end": request.end}
    requests = await reading.requests()
    values = audit_values.request_counts(requests, **window, wanted=wanted)
    values += audit_values.latencies(await reading.buckets(), requests, **window)
    phases = await reading.series("node:kubevirt_vmi_phase:sum", "kubevirt_vmi_phase_count")
    values += audit_values.phase_counts(phases, end=request.end, interval=request.scrape_interval)
    for component, pod in (("VirtAPI", VIRT_API), ("VirtController", VIRT_CONTROLLER)):
        rss = await reading.of_pod("container_memory_rss", kubevirt_metrics.PROCESS_MEMORY, pod)
        values += audit_values.memory(component, rss, **window)
        cpu = await reading.of_pod(
            "container_cpu_usage_seconds_total", kubevirt_metrics.PROCESS_CPU, pod
        )
        values.append(audit_values.processor(component, cpu, **window))
    by_key = {value.key: value for value in values}
    return PerfscaleAuditResult(
        place=source.place,
        start=request.start,
        end=request.end,
        values=tuple(values),
        verdicts=judge(request.thresholds, by_key),
        notes=(*_notes(values, requests), *_twice(reading.left_out)),
    )


def exit_code(result: PerfscaleAuditResult) -> int:
    """1 if a threshold is violated, 4 if one cannot be judged, else 0."""
    outcomes = {item.verdict for item in result.verdicts}
    if Outcome.VIOLATED in outcomes:
        return VIOLATED
    return INCONCLUSIVE if Outcome.INCONCLUSIVE in outcomes else MET


class _Reading:
    """Reads series around the window; of several metrics the first that was scraped."""

    def __init__(self, request: PerfscaleAuditRequest, source: MetricSource) -> None:
        margin = max(LEAST_MARGIN, 2 * request.scrape_interval)
        self._source = source
        self.left_out: tuple[ScrapedSeries, ...] = ()
        """Further scrapes of processes that were scraped twice."""
        self._from, self._to = request.start - margin, request.end + margin

    async def series(self, *selectors: str) -> tuple[ScrapedSeries, ...]:
        """Every sample around the window of the first metric that has any."""
        for selector in selectors:
            found = await self._source.raw_samples(selector, start=self._from, end=self._to)
            if found:
                kept, left = scraped_once(found)
                self.left_out += left
                return kept
        return ()

    async def requests(self) -> tuple[ScrapedSeries, ...]:
        """The counters of requests, under the name that this version of KubeVirt gives them."""
        names = (kubevirt_metrics.REQUESTS, kubevirt_metrics.OLDER_REQUESTS)
        return await self.series(*(f"{name}{{{audit_values.PODS}}}" for name in names))

    async def of_pod(self, container: str, process: str, pod: str) -> tuple[ScrapedSeries, ...]:
        """A container's metric, or where cAdvisor is not scraped its process's own."""
        of = f'pod=~"{pod}-.*"'
        real = f'{container}{{{of},container!="",container!="POD"}}'
        return await self.series(real, f"{process}{{{of}}}")

    async def buckets(self) -> dict[tuple[str, str], tuple[ScrapedSeries, ...]]:
        """The histograms of virt-controller's own claims, by since when and phase."""
        found = {}
        for _, since, phase in audit_values.LATENCIES:
            name = f"kubevirt_vmi_phase_transition_time_from_{since}_seconds_bucket"
            found[since, phase] = await self.series(f'{name}{{phase="{phase}"}}')
        return found


async def _wait_for_last_scrape(
    request: PerfscaleAuditRequest, reading: _Reading, clock: Clock, tell: Callable[[str], None]
) -> None:
    """Until a scrape after the end may be there: without one the last requests are not seen.

    A Prometheus that does not answer is reported before the wait, not after it.
    """
    ready = request.end + SCRAPES * request.scrape_interval
    missing = ready - clock.wall().timestamp()
    if missing > 0:
        await reading.requests()
        tell(f"waiting {missing:.0f} s for the scrape after the end of the window")
        await sleep(clock, missing)


def _twice(left_out: tuple[ScrapedSeries, ...]) -> tuple[str, ...]:
    """What is said of processes that were scraped twice."""
    pods = sorted({item.labels.get("pod", "without a pod") for item in left_out})
    if not pods:
        return ()
    names = ", ".join(pods[:5]) + (" and others" if len(pods) > 5 else "")
    note = f"scraped by several jobs or replicas of Prometheus at once, counted once: {names}"
    return (note,)


def _notes(
    values: list[PerfscaleAuditValue], requests: tuple[ScrapedSeries, ...]
) -> tuple[str, ...]:
    notes = []
    if not requests:
        notes.append(
            f"{kubevirt_metrics.REQUESTS} of virt-api, virt-controller and virt-handler was not "
            "scraped: every count is no data"
        )
    elif any(item.surely != item.value for item in values if item.unit == "requests"):
        notes.append(
            "a count is that of the whole scrapes around the window, from the last one before it "
            "to the first one after it; what surely fell inside stands beside it"
        )
    return tuple(notes)
