"""The gateway of faults before a simulated API server: what it passes on, and what it strikes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from support.bodies import config_map
from support.clusters import Served, connected
from support.faulty_clusters import faulty_server
from support.gateway import Fate, Gateway, share
from virtslo.base.clock import SystemClock
from virtslo.base.errors import ClusterError, ConnectionLost, NotFound, ServerFailure
from virtslo.kube.connector import Endpoint, tls_context
from virtslo.kube.http_transport import open_api
from virtslo.model.kubernetes.resources import CONFIG_MAPS
from virtslo.plane.authority import Authority, server_context
from virtslo.ports.kube_api import KubeApi
from virtslo.sim.http.certificates import make_certificates
from virtslo.sim.http.server import HttpServer


@asynccontextmanager
async def through_a_gateway() -> AsyncIterator[tuple[Gateway, KubeApi, KubeApi]]:
    """A gateway, a client of it, and one that does not need it."""
    authority, certificates = Authority(), make_certificates()
    async with faulty_server(SystemClock(), ()) as server:
        http = HttpServer(server, certificates)
        there = Served(server, await http.start(0), http.token, certificates, http)
        gateway = Gateway(
            there.url,
            server=server_context(authority.server("gateway")),
            client=tls_context(ca=certificates.ca_pem),
        )

        async def authorize() -> str:
            return f"Bearer {there.token}"

        try:
            async with gateway.served(), connected(there) as direct:
                tls = tls_context(ca=authority.pem)
                endpoint = Endpoint(gateway.url, "test/1", tls=tls, authorize=authorize)
                async with open_api(endpoint, SystemClock()) as api:
                    yield gateway, api, direct
        finally:
            await http.stop()


async def create(api: KubeApi, name: str) -> None:
    await api.create(CONFIG_MAPS, config_map(name), namespace="default")


@pytest.mark.parametrize(
    ("fate", "error"),
    [
        (Fate(is_reset=True), ConnectionLost),
        (Fate(code=500), ServerFailure),
        (Fate(is_reset=True, is_served=True), ConnectionLost),
        (Fate(code=504, is_served=True), ServerFailure),
    ],
)
async def test_what_is_struck_fails_and_is_done_or_not(
    fate: Fate, error: type[ClusterError]
) -> None:
    async with through_a_gateway() as (gateway, api, direct):
        await create(api, "calm")
        with gateway.striking(share(1, fate)), pytest.raises(error):
            await create(api, "struck")

        await direct.get(CONFIG_MAPS, "calm", namespace="default")
        if fate.is_served:
            await direct.get(CONFIG_MAPS, "struck", namespace="default")
        else:
            with pytest.raises(NotFound):
                await direct.get(CONFIG_MAPS, "struck", namespace="default")
        assert [each for _, each in gateway.struck] == [fate]


async def test_a_watch_that_is_held_delivers_afterwards() -> None:
    async with through_a_gateway() as (gateway, api, direct):
        version = (await api.list_objects(CONFIG_MAPS)).resource_version
        async with api.watch(CONFIG_MAPS, resource_version=version) as events:
            with gateway.holding():
                await create(direct, "one")
                reading = asyncio.ensure_future(anext(aiter(events)))
                await asyncio.sleep(0.3)
                assert not reading.done()
            assert (await reading).object["metadata"]["name"] == "one"


async def test_watches_are_reset() -> None:
    async with through_a_gateway() as (gateway, api, _):
        version = (await api.list_objects(CONFIG_MAPS)).resource_version
        async with api.watch(CONFIG_MAPS, resource_version=version) as events:
            assert gateway.drop_watches() == 1
            with pytest.raises(ConnectionLost):
                await anext(aiter(events))
