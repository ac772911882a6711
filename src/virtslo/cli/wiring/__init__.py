"""The composition root: the one room that names adapters and puts parts together.

Invariant: no module of the command line outside this room imports `kube`, `sim`, `store` or
`report`; heavy parts are imported where they are used.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from virtslo import __version__
from virtslo.base.background import in_background
from virtslo.base.clock import Clock
from virtslo.base.stage_board import StageBoard
from virtslo.model.kubernetes.identity import Identity
from virtslo.ports.kube_api import KubeApi

if TYPE_CHECKING:
    from virtslo.hollow.attached import AttachedParts
    from virtslo.model.history.comparison import Comparison
    from virtslo.model.history.detection import DetectionPlan
    from virtslo.model.history.runs import HistoryRun, OddInput
    from virtslo.model.history.site import HistorySite, JobSummary
    from virtslo.model.plan.suite import SuiteRecord
    from virtslo.model.report.document import Report
    from virtslo.model.report.perfscale_audit import PerfscaleAuditRequest, PerfscaleAuditResult
    from virtslo.model.run.record import RunRecord
    from virtslo.model.simulated.profile import Profile
    from virtslo.model.simulated.target import SimulatedTarget
    from virtslo.ports.audit_log_source import AuditLogSource
    from virtslo.ports.document_sink import Delivery, Document
    from virtslo.ports.history_store import HistoryStore
    from virtslo.ports.metric_source import MetricSource
    from virtslo.ports.run_recorder import RunRecorder
    from virtslo.remote.prometheus import Prometheus
    from virtslo.sim.api_server import ApiServer

USER_AGENT = f"virtslo/{__version__}"
OURSELVES = Identity("virtslo", "virtslo", USER_AGENT, ("system:masters", "system:authenticated"))


@dataclass(frozen=True, slots=True)
class RealTarget:
    """Which real cluster is meant."""

    kubeconfig: Path | None = None
    context: str | None = None
    in_cluster: bool = False


@asynccontextmanager
async def open_cluster(where: RealTarget, clock: Clock) -> AsyncIterator[KubeApi]:
    """A connection to a real cluster."""
    from virtslo.kube.credentials import connect

    opened = await connect(
        kubeconfig=where.kubeconfig,
        context=where.context,
        in_cluster=where.in_cluster,
        clock=clock,
        user_agent=USER_AGENT,
    )
    async with opened as api:
        yield api


@asynccontextmanager
async def attached_parts(
    where: RealTarget, clock: Clock, profile: "Profile", *, nodes: int, seed: int
) -> AsyncIterator["AttachedParts"]:
    """Hollow nodes and a hollow virt-controller at work on a real cluster."""
    from virtslo.app.cluster.hollow_cluster import node_names
    from virtslo.hollow.attached import AttachedParts
    from virtslo.hollow.process.identities import kubelet_of, virt_controller, virt_handler_of
    from virtslo.kube.credentials import connect_as

    users = (virt_controller(), kubelet_of(""), virt_handler_of(""))
    agents = [identity.user_agent for identity in users]
    async with connect_as(
        agents,
        kubeconfig=where.kubeconfig,
        context=where.context,
        in_cluster=where.in_cluster,
        clock=clock,
    ) as opened:
        parts = AttachedParts(
            connect=lambda identity, node: opened[identity.user_agent],
            clock=clock,
            profile=profile,
            seed=seed,
            node_names=node_names(nodes),
            with_virt_controller=True,
        )
        async with in_background(parts.run):
            await parts.synced.wait()
            yield parts


def hollow_profile(name: str, *, cpu: str, memory: str, pods: int) -> "Profile":
    """A profile, with nodes of this shape. Raises ScenarioError for an unknown name."""
    from virtslo.config.profiles import choose_profile, profile_with

    name, document = choose_profile(name, option="--profile")
    profile = profile_with(name, document, {})
    return replace(profile, nodes=replace(profile.nodes, cpu=cpu, memory=memory, pods=pods))


def describe_target(where: RealTarget) -> str:
    """The cluster's name and address, for people."""
    from virtslo.kube.credentials import describe_target

    return describe_target(
        kubeconfig=where.kubeconfig, context=where.context, in_cluster=where.in_cluster
    )


@asynccontextmanager
async def simulated_cluster(
    target: "SimulatedTarget", clock: Clock, stages: StageBoard | None = None
) -> AsyncIterator[KubeApi]:
    """Our connection to a simulated cluster, in process, with its controllers running.

    With `stages`, faults wait for the first stage of a run, and those of a stage for that.
    """
    from virtslo.sim.direct import DirectTransport

    async with _running_cluster(target, clock=clock, audit_log=None, stages=stages) as server:
        yield KubeApi(DirectTransport(server, OURSELVES))


@asynccontextmanager
async def served_cluster(
    target: "SimulatedTarget",
    *,
    clock: Clock,
    port: int,
    kubeconfig: Path,
    audit_log: Callable[[bytes], None] | None,
    ages: tuple[float, float],
) -> AsyncIterator[str]:
    """A simulated cluster on a loopback socket, its kubeconfig written; yields its URL.

    `ages` are seconds after which events, and old versions, are forgotten.
    """
    from virtslo.sim.http.certificates import make_certificates
    from virtslo.sim.http.kubeconfig import check_replaceable, write_kubeconfig
    from virtslo.sim.http.server import HttpServer

    check_replaceable(kubeconfig)
    async with _running_cluster(
        target, clock=clock, audit_log=audit_log, is_shared=True, ages=ages
    ) as server:
        certificates = make_certificates()
        http = HttpServer(server, certificates)
        url = await http.start(port)
        try:
            write_kubeconfig(kubeconfig, url=url, token=http.token, ca=certificates.ca_pem)
            yield url
        finally:
            await http.stop()


@asynccontextmanager
async def _running_cluster(
    target: "SimulatedTarget",
    *,
    clock: Clock,
    audit_log: Callable[[bytes], None] | None,
    stages: StageBoard | None = None,
    is_shared: bool = False,
    ages: tuple[float, float] = (3600.0, 300.0),
) -> "AsyncIterator[ApiServer]":
    from virtslo.config.faults import parse_faults
    from virtslo.config.profiles import profile_of_target
    from virtslo.hollow.cluster import HollowCluster
    from virtslo.hollow.cluster_faults import cluster_plays
    from virtslo.sim.api_server import ApiServer
    from virtslo.sim.direct import DirectTransport
    from virtslo.sim.faults.fault_timer import FaultTimer
    from virtslo.sim.faults.request_faults import FaultPlan
    from virtslo.sim.server_faults import server_plays

    faults = parse_faults(target.faults)
    profile = profile_of_target(target)
    server = ApiServer(
        clock=clock,
        seed=target.seed,
        profile=profile.server,
        audit_log=audit_log,
        faults=FaultPlan(faults, seed=target.seed),
        event_ttl=ages[0],
        compaction_interval=ages[1],
    )
    server.set_up()
    cluster = HollowCluster(
        connect=lambda identity: DirectTransport(server, identity, is_trusted=True),
        clock=clock,
        profile=profile,
        seed=target.seed,
        nodes=target.nodes,
        register_metrics=server.register_proxy,
        work=server.work,
        register_subresources=server.aggregation.register,
        is_shared=is_shared,
        played_with=target.beside_the_profile(),
    )
    await cluster.install()
    async with in_background(cluster.run):
        await cluster.synced.wait()
        plays = {**server_plays(server), **cluster_plays(cluster, seed=target.seed)}
        timer = FaultTimer(faults, clock=clock, plays=plays, stages=stages)
        async with in_background(timer.run):
            yield server


def is_in_process(api: KubeApi) -> bool:
    """Whether a connection leads to a simulated API server in this process.

    Such a server's modules have been loaded then: a run on a real cluster does not load them.
    """
    if "virtslo.sim.direct" not in sys.modules:
        return False
    from virtslo.sim.direct import DirectTransport

    return isinstance(api.transport, DirectTransport)


def write_audit_log_to(api: KubeApi, write: Callable[[bytes], None] | None) -> None:
    """Have the simulated API server in this process write its audit log; None: no more."""
    from virtslo.sim.direct import DirectTransport

    assert isinstance(api.transport, DirectTransport)
    api.transport.server.write_audit_log_to(write)


@asynccontextmanager
async def simulated_prometheus(api: KubeApi, clock: Clock) -> AsyncIterator["MetricSource"]:
    """A Prometheus of the simulated cluster in this process, scraping while it is open."""
    from virtslo.sim.direct import DirectTransport
    from virtslo.sim.prometheus import SimulatedPrometheus

    assert isinstance(api.transport, DirectTransport)
    prometheus = SimulatedPrometheus(api.transport.server, clock)
    async with in_background(prometheus.run):
        yield prometheus


def open_audit_log_files(path: Path, *, in_thread: bool) -> "AuditLogSource":
    """An API server's audit log, to be read while it grows."""
    from virtslo.store.audit_log_files import AuditLogFiles

    return AuditLogFiles(path, in_thread=in_thread)


def open_scrapes(url: str, *, token: str | None) -> "AbstractAsyncContextManager[MetricSource]":
    """A Prometheus by its URL."""
    from virtslo.remote.prometheus import Prometheus, PrometheusAddress

    return Prometheus(PrometheusAddress(url, bearer_token=token), user_agent=USER_AGENT)


def open_recorder(directory: Path) -> "RunRecorder":
    """A run's record, open for writing."""
    from virtslo.store.jsonl import JsonlRecorder

    return JsonlRecorder(directory)


def read_record(directory: Path) -> "RunRecord":
    """A record, read back. Raises StoreError."""
    from virtslo.store.records import read_record as read

    return read(directory)


def is_suite(directory: Path) -> bool:
    """Whether a folder holds a suite."""
    from virtslo.store.suites import is_suite as holds

    return holds(directory)


def read_suite(directory: Path) -> "SuiteRecord":
    """A suite's record. Raises StoreError."""
    from virtslo.store.suites import read_suite as read

    return read(directory)


def write_suite(directory: Path, suite: "SuiteRecord") -> None:
    """Replace a suite's record. Raises StoreError."""
    from virtslo.store.suites import write_suite as write

    write(directory, suite)


def open_prometheus(request: "PerfscaleAuditRequest") -> "Prometheus":
    """The Prometheus that an audit is asked of; a context manager."""
    from virtslo.remote.prometheus import Prometheus, PrometheusAddress

    address = PrometheusAddress(
        request.url,
        bearer_token=request.bearer_token,
        username=request.username,
        password=request.password,
        verify=request.verify,
    )
    return Prometheus(address, user_agent=USER_AGENT)


def perfscale_audit_texts(result: "PerfscaleAuditResult") -> tuple[str, str]:
    """An audit's result for people, and as perfscale-audit's results file."""
    from virtslo.report.exports.perfscale_audit_results import perfscale_audit_text, results_text

    return perfscale_audit_text(result), results_text(result)


def kube_burner_documents(report: "Report") -> "Sequence[Document]":
    """The documents that kube-burner would index."""
    from virtslo.report.exports.kube_burner import documents_of

    return documents_of(report)


def send_documents(url: str, index: str, documents: "Sequence[Document]") -> "Delivery":
    """Index documents in an OpenSearch. Raises ClusterError."""
    from virtslo.base.clock import SystemClock
    from virtslo.remote.opensearch import OpenSearch

    async def send() -> "Delivery":
        clock = SystemClock()
        async with OpenSearch(url, index, clock=clock, user_agent=USER_AGENT) as sink:
            return await sink.send(documents)

    return asyncio.run(send())


def push_metrics(url: str, run: str, text: str) -> str:
    """Put a run's metrics into a Pushgateway; where they are then. Raises ClusterError."""
    from virtslo.remote.pushgateway import push

    return asyncio.run(push(url, run, text, user_agent=USER_AGENT))


def open_history(location: str) -> "HistoryStore":
    """A history by its path or URL, migrated. Raises StoreError."""
    from virtslo.store.history.database import open_history as opened

    return opened(location)


def history_sources(path: Path) -> tuple[Iterator[Path], "Iterator[HistoryRun | OddInput]"]:
    """The folders of records at or below a path, and the results that others published there."""
    from virtslo.store.history.salvage import is_history, read_history
    from virtslo.store.published import read, sources

    if is_history(path):
        return iter(()), read_history(path)
    return sources.records_of(path), read.read_published(path)


def site_files(site: "HistorySite") -> tuple[str, Mapping[str, str]]:
    """The folder of a lineage's pages, and its files."""
    from virtslo.report.history_site import files

    return files.site_files(site)


def site_front(jobs: "Sequence[JobSummary]") -> Mapping[str, str]:
    """The page above those of the lineages."""
    from virtslo.report.history_site import files

    return files.site_front(jobs)


def detection_text(plans: "Sequence[DetectionPlan]", form: str) -> str:
    """What repetitions can show, in a format."""
    from virtslo.report.detection import render_detection as rendered

    return rendered(plans, form)


def comparison_text(comparison: "Comparison", form: str) -> str:
    """A comparison in a format."""
    if form == "html":
        from virtslo.report.html.comparison_page import render

        return render(comparison)
    from virtslo.report.comparison import render_comparison as rendered

    return rendered(comparison, form)
