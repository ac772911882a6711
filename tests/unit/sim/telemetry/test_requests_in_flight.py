"""The API server's gauge of requests in flight: those that have come and are not answered."""

import asyncio

from support.bodies import machine
from support.clusters import USER
from virtslo.base.clock import Clock
from virtslo.base.errors import NotFound
from virtslo.model.kubernetes.resources import VMIS
from virtslo.model.simulated.profile import ServerProfile
from virtslo.ports.kube_api import KubeApi
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport

NOTHING = {"mutating": 0, "readOnly": 0}


async def test_requests_are_in_flight_from_their_coming_to_their_end(clock: Clock) -> None:
    server = ApiServer(clock=clock, seed=1, profile=ServerProfile(read=1.0, write=2.0))
    server.set_up()
    api = KubeApi(DirectTransport(server, USER))

    async def look_for_nothing() -> None:
        try:
            await api.get(VMIS, "missing", namespace="default")
        except NotFound:
            return

    async def look_on() -> None:
        async with api.watch(VMIS) as events:
            async for _ in events:
                pass

    seen = []
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(look_on())
        group.create_task(look_for_nothing())
        for name in ("a", "b"):
            group.create_task(_create(api, name))
        given_up = group.create_task(_create(api, "c"))
        for _ in range(3):
            await asyncio.sleep(0.9)
            seen.append(_in_flight(await api.read_raw("/metrics")))
            given_up.cancel()
        watching.cancel()

    assert seen == [{"mutating": 3, "readOnly": 1}, {"mutating": 2, "readOnly": 0}, NOTHING]
    assert _in_flight(await api.read_raw("/metrics")) == NOTHING


async def _create(api: KubeApi, name: str) -> None:
    await api.create(VMIS, machine(name))


def _in_flight(metrics: bytes) -> dict[str, int]:
    """The gauge's values by kind of request."""
    found = {}
    for line in metrics.decode().splitlines():
        if line.startswith("apiserver_current_inflight_requests{"):
            found[line.split('"')[1]] = int(float(line.split()[-1]))
    return found
