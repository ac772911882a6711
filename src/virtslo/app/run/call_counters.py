"""Reading who has made how many REST calls, at the moments between a run's stages.

Invariant: every process is read once per moment, whole or not at all; a failed read is recorded as
failed and never as 0. Reads are timed, and happen at rest. A moment ends one window and begins the
next, so that no call falls between two.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.app.cluster.component_pods import ComponentPod, find_component_pods
from virtslo.app.run.audit_log_counters import audit_log_reads
from virtslo.app.run.scraped_windows import ScrapedWindows
from virtslo.base.clock import Clock, sleep, to_seconds
from virtslo.base.errors import ApiError, ClusterError, StoreError
from virtslo.client.answers import mappings_of, read_document
from virtslo.load.plan import Plan
from virtslo.model.plan.scenario import Scenario
from virtslo.model.run.rest_calls import (
    API_SERVER,
    AUDIT_LOG,
    COMPONENTS,
    IDLE,
    NO_PODS,
    BucketCount,
    CallSource,
    CounterRead,
    Moment,
    ReadStage,
    RestCallReads,
    counters_of,
)
from virtslo.model.stage_names import WARM_UP
from virtslo.model.vocabulary import EVERYONE
from virtslo.observe.audit_log import METRICS, AuditLogTally
from virtslo.observe.scrape import read_metrics
from virtslo.observe.server_scrape import ServerScrape, read_server_metrics
from virtslo.ports.audit_log_source import AuditLogSource
from virtslo.ports.kube_api import KubeApi
from virtslo.ports.metric_source import MetricSource

READS_AT_ONCE: Final = 16
"""How many pods are read at a time, each by one request: virt-handler serves three at most."""
READS_A_SERVER: Final = 4
"""How often each of several API servers is asked for, to find every one behind an address."""
LEAST_IDLE: Final = 10.0
MOST_IDLE: Final = 60.0
"""Bounds of the idle time that is looked at before a run, seconds."""
_SLICES: Final = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"


@dataclass(frozen=True, slots=True)
class CallSources:
    """Where REST calls are counted besides the counters that the cluster itself serves."""

    audit_log: AuditLogSource | None = None
    metrics: MetricSource | None = None


NO_SOURCES: Final = CallSources()


def idle_seconds(scenario: Scenario, plan: Plan) -> float:
    """How long to look at the idle cluster: as long as the window is at least, 60 s at most.

    The window meant is the measured one: that of the churn stage, where there is churn.
    """
    last_offset = to_seconds(plan.offsets_ns[-1]) if plan.offsets_ns else 0.0
    least = last_offset + plan.usual_seconds
    churn = scenario.load.churn
    if churn is not None and scenario.load.pattern.has_churn:
        least = churn.duration or churn.cycles * churn.every
    return min(MOST_IDLE, max(LEAST_IDLE, least + scenario.load.settle))


class Counting:
    """Reads every source's counters, moment by moment, and keeps the reads."""

    def __init__(
        self,
        api: KubeApi,
        clock: Clock,
        *,
        origin_ns: int,
        idle_seconds: float = 0.0,
        sources: CallSources = NO_SOURCES,
        is_off: bool = False,
    ) -> None:
        self._api = api
        self._clock = clock
        self._origin_ns = origin_ns
        self._idle_seconds = idle_seconds
        self._audit_log = sources.audit_log
        metrics = sources.metrics
        self._scraped = None if metrics is None else ScrapedWindows(metrics, clock)
        self._tally = AuditLogTally()
        self._servers = 1
        self.is_off = is_off
        self.reads: tuple[CounterRead, ...] = ()

    @property
    def result(self) -> RestCallReads:
        """What has been read so far."""
        return RestCallReads(self.reads, () if self._scraped is None else self._scraped.windows)

    async def begin(self) -> None:
        """Get ready: what the audit log holds already is none of this run's business."""
        if self.is_off:
            return
        self._servers = await self._count_servers()
        if self._audit_log is not None:
            await self._audit_log.skip()

    async def at_rest(self, stage: ReadStage, moment: Moment) -> None:
        """Read around a stage: after each, and before the first as long as it idles, twice.

        What ended the stage before is at the same time what begins the next one.
        """
        if self.is_off or stage == WARM_UP:
            return
        if moment is Moment.AFTER:
            await self.read(stage, Moment.AFTER)
        elif not self.reads:
            await self.read(IDLE, Moment.BEFORE)
            await sleep(self._clock, self._idle_seconds)
            await self.read(IDLE, Moment.AFTER)

    async def read(self, stage: ReadStage, moment: Moment) -> None:
        """Read every source's counters now."""
        if self.is_off:
            return
        pods, found = await self._read_components(stage, moment)
        found += await self._read_servers(stage, moment)
        if self._audit_log is not None:
            found += await self._read_audit_log(self._audit_log, pods, stage, moment)
        self.reads = (*self.reads, *found)
        if self._scraped is not None:
            await self._scraped.moment(stage, is_end=moment is Moment.AFTER)

    async def _read_components(
        self, stage: ReadStage, moment: Moment
    ) -> tuple[Sequence[ComponentPod], list[CounterRead]]:
        try:
            pods = await find_component_pods(self._api)
        except ClusterError as error:
            return (), [self._failed(stage, moment, "kubevirt", EVERYONE, words_of(error, "pods"))]
        if not pods:
            return (), [self._failed(stage, moment, "kubevirt", EVERYONE, NO_PODS)]
        gate = asyncio.Semaphore(READS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._read_pod(pod, stage, moment, gate)) for pod in pods]
        return pods, [task.result() for task in tasks]

    async def _read_pod(
        self, pod: ComponentPod, stage: ReadStage, moment: Moment, gate: asyncio.Semaphore
    ) -> CounterRead:
        async with gate:
            started_ns = self._now()
            try:
                scrape = read_metrics(await self._api.read_raw(pod.metrics_path))
            except (ClusterError, ValueError) as error:
                why = words_of(error, "pods/proxy")
                return self._failed(stage, moment, pod.component, pod.name, why)
        return CounterRead(
            stage=stage,
            moment=moment,
            component=pod.component,
            pod=pod.name,
            started_ns=started_ns,
            ended_ns=self._now(),
            process_start=scrape.process_start,
            cpu_seconds=scrape.cpu_seconds,
            resident_bytes=scrape.resident_bytes,
            counters=counters_of(scrape.requests),
            sums=dict(sorted(scrape.sums.items())),
            is_leading=scrape.is_leading,
        )

    async def _count_servers(self) -> int:
        """How many API servers there are; 1 where that cannot be known."""
        try:
            query = {"labelSelector": "kubernetes.io/service-name=kubernetes"}
            slices = mappings_of(await read_document(self._api, _SLICES, query=query), "items")
        except ClusterError:
            return 1
        addresses = {
            str(address)
            for item in slices
            for endpoint in mappings_of(item, "endpoints")
            for address in endpoint.get("addresses") or ()
        }
        return max(1, len(addresses))

    async def _read_servers(self, stage: ReadStage, moment: Moment) -> list[CounterRead]:
        """Every API server's metrics; which one answered is known by when it began."""
        times = 1 if self._servers == 1 else READS_A_SERVER * self._servers
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._read_server(stage, moment)) for _ in range(times)]
        answered: dict[str, CounterRead] = {}
        failed: list[CounterRead] = []
        for read in (task.result() for task in tasks):
            if read.error is None:
                answered.setdefault(read.pod, read)
            else:
                failed.append(read)
        if len(answered) < self._servers:
            why = f"{len(answered)} of {self._servers} API servers could be read"
            missing = self._failed(stage, moment, EVERYONE, "kube-apiserver", why, API_SERVER)
            return [*answered.values(), *(failed[:1] or [missing])]
        return [answered[pod] for pod in sorted(answered)]

    async def _read_server(self, stage: ReadStage, moment: Moment) -> CounterRead:
        started_ns = self._now()
        try:
            scrape = read_server_metrics(await self._api.read_raw(METRICS))
        except (ClusterError, ValueError) as error:
            why = words_of(error, METRICS)
            return self._failed(stage, moment, EVERYONE, "kube-apiserver", why, API_SERVER)
        return CounterRead(
            stage=stage,
            moment=moment,
            component=EVERYONE,
            pod=f"kube-apiserver begun {scrape.process_start or 0:.3f}",
            started_ns=started_ns,
            ended_ns=self._now(),
            process_start=scrape.process_start,
            counters=counters_of(scrape.requests),
            sums=dict(scrape.sums),
            durations=tuple(_durations(scrape)),
            duration_family=scrape.family,
            source=API_SERVER,
        )

    async def _read_audit_log(
        self,
        audit_log: AuditLogSource,
        pods: Sequence[ComponentPod],
        stage: ReadStage,
        moment: Moment,
    ) -> list[CounterRead]:
        started_ns = self._now()
        try:
            await audit_log.collect(self._tally.add)
        except StoreError as error:
            return [self._failed(stage, moment, EVERYONE, "log", error.message, AUDIT_LOG)]
        if self._tally.unreadable:
            why = f"{self._tally.unreadable} lines of {audit_log.place} are no audit events"
            return [self._failed(stage, moment, EVERYONE, "log", why, AUDIT_LOG)]
        return audit_log_reads(
            self._tally, pods, stage=stage, moment=moment, span_ns=(started_ns, self._now())
        )

    def _failed(
        self,
        stage: ReadStage,
        moment: Moment,
        component: str,
        pod: str,
        error: str,
        source: CallSource = COMPONENTS,
    ) -> CounterRead:
        now_ns = self._now()
        return CounterRead(
            stage=stage,
            moment=moment,
            component=component,
            pod=pod,
            started_ns=now_ns,
            ended_ns=now_ns,
            error=error,
            source=source,
        )

    def _now(self) -> int:
        return self._clock.now_ns() - self._origin_ns


def words_of(error: Exception, what: str) -> str:
    """Why a read failed, in words; `what` is what permission is missing for."""
    if isinstance(error, ApiError) and error.code in {401, 403}:
        return f"no permission for {what}"
    return str(error)


def _durations(scrape: ServerScrape) -> Iterator[BucketCount]:
    for timed, buckets in sorted(scrape.durations.items()):
        for edge, count in buckets.items():
            if count:
                yield BucketCount(*timed, edge, count)
