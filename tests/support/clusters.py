"""Simulated API servers for tests, reached in process or over a loopback socket."""

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from support.checked_writers import CheckedTransport
from virtslo.base.clock import Clock, SystemClock
from virtslo.base.errors import NotFound
from virtslo.config.profiles import load_profile
from virtslo.hollow.cluster import HollowCluster
from virtslo.kube.connector import Endpoint, tls_context
from virtslo.kube.credentials import connect
from virtslo.kube.http_transport import open_api
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import (
    CONFIG_MAPS,
    PODS,
    VM_POOLS,
    VMI_REPLICA_SETS,
    VMIS,
    VMS,
)
from virtslo.model.simulated.profile import ServerProfile
from virtslo.ports.kube_api import KubeApi, PatchType, Selection
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport
from virtslo.sim.discovery import install_documents
from virtslo.sim.http.certificates import Certificates, make_certificates
from virtslo.sim.http.server import HttpServer

T = TypeVar("T")
REAL = "VIRTSLO_CONTRACT_KUBECONFIG"
"""Names a kubeconfig whose current context is a real API server that tests may write to."""
OURS = Selection(namespace="default", field_selector="metadata.name!=kube-root-ca.crt")
"""Config maps that tests made: a real cluster puts one of its own into every namespace."""
USER = Identity("tester", "tester", "tester/1", ("system:masters",))


@dataclass(frozen=True, slots=True)
class Cluster:
    """An API server and a connection to it."""

    api: KubeApi
    server: ApiServer
    clock: Clock


@dataclass(frozen=True, slots=True)
class Served:
    """An API server on a socket."""

    server: ApiServer
    url: str
    token: str
    certificates: Certificates
    http: HttpServer


def new_server(clock: Clock, *, log_size: int = 10_000) -> ApiServer:
    """An API server without delays that refuses changes to what it handed out."""
    server = ApiServer(clock=clock, seed=1, profile=ServerProfile(), log_size=log_size, guard=True)
    server.set_up()
    install_documents(server)
    return server


@asynccontextmanager
async def in_process(clock: Clock, *, log_size: int = 10_000) -> AsyncIterator[Cluster]:
    """A server in this process, with no socket between."""
    server = new_server(clock, log_size=log_size)
    yield Cluster(KubeApi(DirectTransport(server, USER)), server, clock)


@asynccontextmanager
async def over_sockets(clock: Clock, *, log_size: int = 10_000) -> AsyncIterator[Cluster]:
    """A server on a loopback socket."""
    async with served(log_size=log_size) as there, connected(there) as api:
        yield Cluster(api, there.server, clock)


@asynccontextmanager
async def on_a_real_server(clock: Clock) -> AsyncIterator[Cluster]:
    """The real API server that REAL leads to, its default namespace emptied."""
    opened = await connect(
        kubeconfig=Path(os.environ[REAL]),
        context=None,
        in_cluster=False,
        clock=clock,
        user_agent="tests/1",
    )
    async with opened as api:
        await _empty_default_namespace(api)
        yield Cluster(api, cast("ApiServer", None), clock)


WAYS: Final[Mapping[str, Any]] = {
    "in process": in_process,
    "over HTTP": over_sockets,
    "real": on_a_real_server,
}
"""The ways to a cluster, by what a test's parameter is called."""
EVERY_WAY: Final = ("in process", "over HTTP", *(["real"] if os.environ.get(REAL) else []))
"""The ways to the API that its contract is held to; a real server only where REAL names one."""


async def _empty_default_namespace(api: KubeApi) -> None:
    here = Selection(namespace="default")
    for resource in (VM_POOLS, VMI_REPLICA_SETS, VMS, VMIS, PODS, CONFIG_MAPS):
        for item in (await api.list_objects(resource, here)).items:
            metadata = item["metadata"]
            if metadata["name"] == "kube-root-ca.crt":
                continue
            if metadata.get("finalizers"):
                free = {"metadata": {"finalizers": None}}
                await api.patch(
                    resource,
                    metadata["name"],
                    free,
                    patch_type=PatchType.MERGE,
                    namespace="default",
                )
            with contextlib.suppress(NotFound):
                await api.delete(
                    resource, metadata["name"], namespace="default", grace_period_seconds=0
                )


@asynccontextmanager
async def served(*, log_size: int = 10_000) -> AsyncIterator[Served]:
    """A server on a free port of loopback."""
    server = new_server(SystemClock(), log_size=log_size)
    certificates = make_certificates()
    http = HttpServer(server, certificates)
    url = await http.start(0)
    try:
        yield Served(server, url, http.token, certificates, http)
    finally:
        await http.stop()


@asynccontextmanager
async def hollow_served(
    *, nodes: int, audit_log: Callable[[bytes], None] | None = None
) -> AsyncIterator[Served]:
    """A server on a free port of loopback with hollow nodes and controllers at work behind it."""
    clock = SystemClock()
    profile = load_profile("instant")
    server = ApiServer(clock=clock, seed=1, profile=profile.server, audit_log=audit_log)
    server.set_up()
    install_documents(server)
    cluster = HollowCluster(
        connect=lambda identity: CheckedTransport(server, identity),
        clock=clock,
        profile=profile,
        seed=1,
        nodes=nodes,
        register_metrics=server.register_proxy,
        work=server.work,
        register_subresources=server.aggregation.register,
        is_shared=True,
    )
    await cluster.install()
    certificates = make_certificates()
    http = HttpServer(server, certificates)
    url = await http.start(0)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(cluster.run())
        try:
            await cluster.synced.wait()
            yield Served(server, url, http.token, certificates, http)
        finally:
            task.cancel()
            await http.stop()


def connected(
    there: Served, *, tls: ssl.SSLContext | None = None
) -> AbstractAsyncContextManager[KubeApi]:
    """A connection to a served cluster; a context manager."""

    async def authorize() -> str:
        return f"Bearer {there.token}"

    context = tls or tls_context(ca=there.certificates.ca_pem)
    endpoint = Endpoint(url=there.url, user_agent="tester/1", tls=context, authorize=authorize)
    return open_api(endpoint, SystemClock())
