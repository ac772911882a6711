"""Reading the counters of KubeVirt's components, directly, through the API server's pod proxy.

Invariant: every pod is read once per moment, whole or not at all; a failed read is recorded as
failed and never as 0. Reads are timed, and happen at rest.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from virtslo.base.clock import Clock
from virtslo.base.errors import ApiError, ClusterError
from virtslo.model import resources
from virtslo.model.identifiers import Object
from virtslo.model.record import CounterRead
from virtslo.observe.scrape import Scrape, read_metrics
from virtslo.ports.kube_api import KubeApi, Selection

COMPONENTS = ("virt-api", "virt-controller", "virt-handler", "virt-operator")
METRICS_PORT = 8443
READS_AT_ONCE = 16
_LABEL = "kubevirt.io"


@dataclass(frozen=True, slots=True)
class ComponentPod:
    """A pod of one of KubeVirt's components."""

    component: str
    namespace: str
    name: str
    port: int = METRICS_PORT

    @property
    def metrics_path(self) -> str:
        """Where the pod's metrics are, through the API server."""
        pods = f"/api/v1/namespaces/{self.namespace}/pods"
        return f"{pods}/https:{self.name}:{self.port}/proxy/metrics"


class Counters:
    """Reads every component's counters, moment by moment, and keeps the reads."""

    def __init__(self, api: KubeApi, clock: Clock, *, origin_ns: int) -> None:
        self._api = api
        self._clock = clock
        self._origin_ns = origin_ns
        self.reads: tuple[CounterRead, ...] = ()

    async def read(self, stage: str, moment: str) -> None:
        """Read every pod's counters now."""
        try:
            pods = await self._find_pods()
        except ClusterError as error:
            self.reads = (*self.reads, self._failed(stage, moment, "kubevirt", "*", str(error)))
            return
        gate = asyncio.Semaphore(READS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._read_pod(pod, stage, moment, gate)) for pod in pods]
        self.reads = (*self.reads, *(task.result() for task in tasks))

    async def _find_pods(self) -> Sequence[ComponentPod]:
        selection = Selection(label_selector=f"{_LABEL} in ({', '.join(COMPONENTS)})")
        found: list[ComponentPod] = []
        token: str | None = None
        while True:
            page = await self._api.list_objects(
                resources.PODS, selection, limit=500, continue_token=token
            )
            found += [
                ComponentPod(
                    item["metadata"]["labels"][_LABEL],
                    item["metadata"]["namespace"],
                    item["metadata"]["name"],
                    _metrics_port(item),
                )
                for item in page.items
            ]
            token = page.continue_token
            if not token:
                return sorted(found, key=lambda pod: (pod.component, pod.name))

    async def _read_pod(
        self, pod: ComponentPod, stage: str, moment: str, gate: asyncio.Semaphore
    ) -> CounterRead:
        async with gate:
            started_ns = self._clock.now_ns()
            try:
                text = await self._api.read_raw(pod.metrics_path)
                scrape = read_metrics(text.decode("utf-8", "replace"))
            except (ClusterError, ValueError) as error:
                return self._failed(stage, moment, pod.component, pod.name, _words(error))
            ended_ns = self._clock.now_ns()
        return CounterRead(
            stage=stage,
            moment=moment,
            component=pod.component,
            pod=pod.name,
            started_ns=started_ns - self._origin_ns,
            ended_ns=ended_ns - self._origin_ns,
            process_start=scrape.process_start,
            cpu_seconds=scrape.cpu_seconds,
            resident_bytes=scrape.resident_bytes,
            counters=tuple(_rows(scrape)),
            extra={"sums": dict(sorted(scrape.sums.items())), "leading": scrape.is_leading},
        )

    def _failed(self, stage: str, moment: str, component: str, pod: str, error: str) -> CounterRead:
        now_ns = self._clock.now_ns() - self._origin_ns
        return CounterRead(stage, moment, component, pod, now_ns, now_ns, error=error)


def _metrics_port(pod: Object) -> int:
    """The port that a pod names `metrics`; KubeVirt's own where it names none."""
    for container in pod.get("spec", {}).get("containers", ()):
        for port in container.get("ports") or ():
            if port.get("name") == "metrics":
                return int(port["containerPort"])
    return METRICS_PORT


def _rows(scrape: Scrape) -> Iterable[tuple[str, str, str, int]]:
    return (
        (verb, resource, code, count)
        for (verb, resource, code), count in sorted(scrape.requests.items())
    )


def _words(error: Exception) -> str:
    if isinstance(error, ApiError) and error.code == 403:
        return "no permission for pods/proxy"
    return str(error)
