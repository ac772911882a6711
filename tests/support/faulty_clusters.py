"""Simulated API servers under faults, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from support.clusters import USER, Cluster
from virtslo.base.clock import Clock
from virtslo.base.stage_board import StageBoard
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.config.faults import parse_faults
from virtslo.model.simulated.profile import ServerProfile
from virtslo.ports.kube_api import KubeApi
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport
from virtslo.sim.faults.fault_timer import FaultTimer
from virtslo.sim.faults.request_faults import FaultPlan
from virtslo.sim.server_faults import server_plays

T = TypeVar("T")


@asynccontextmanager
async def faulty_cluster(clock: Clock, *texts: str, seed: int = 1) -> AsyncIterator[Cluster]:
    """A server under faults in this process, with no socket between."""
    async with faulty_server(clock, texts, seed=seed) as server:
        yield Cluster(KubeApi(DirectTransport(server, USER)), server, clock)


def under_faults(work: Callable[[Cluster], Awaitable[T]], *texts: str, seed: int = 1) -> T:
    """What work on a server under faults comes to, on a loop of its own in virtual time."""

    async def main(clock: Clock) -> T:
        async with faulty_cluster(clock, *texts, seed=seed) as cluster:
            return await work(cluster)

    return run_in_virtual_time(main)


@asynccontextmanager
async def faulty_server(
    clock: Clock,
    texts: Sequence[str],
    *,
    seed: int = 1,
    stages: StageBoard | None = None,
    audit_log: Callable[[bytes], None] | None = None,
) -> AsyncIterator[ApiServer]:
    """An API server whose faults play from now on."""
    faults = parse_faults(texts)
    server = ApiServer(
        clock=clock,
        seed=seed,
        profile=ServerProfile(),
        guard=True,
        audit_log=audit_log,
        faults=FaultPlan(faults, seed=seed),
    )
    server.set_up()
    timer = FaultTimer(faults, clock=clock, plays=server_plays(server), stages=stages)
    playing = asyncio.ensure_future(timer.run())
    try:
        yield server
    finally:
        playing.cancel()
        await asyncio.wait([playing])
