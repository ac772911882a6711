"""Calls of the API port in process, straight to the simulated API server.

Invariant: it makes the same `Request` as the HTTP front would, so nothing behaves differently here;
objects are handed over without being copied.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from virtslo.base.errors import PathNotFound
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.ports.kube_api import Call, WatchEvent
from virtslo.sim.aggregation import GROUP as AGGREGATED
from virtslo.sim.aggregation import call_of
from virtslo.sim.api.requests import Request, received
from virtslo.sim.api_server import ApiServer
from virtslo.sim.storage.watch_log import Watcher


class DirectTransport:
    """One user's connection to a simulated API server in this process.

    What a trusted user writes is not searched for fields that its kind does not have, but for
    custom resources that it creates from users' templates. The hollow components are trusted: tests
    search every object that they write.
    """

    def __init__(self, server: ApiServer, user: Identity, *, is_trusted: bool = False) -> None:
        self._server = server
        self._user = user
        self._is_trusted = is_trusted

    @property
    def server(self) -> ApiServer:
        """The server on the other end."""
        return self._server

    async def send(self, call: Call) -> Object:
        """Have the server answer a call."""
        if call.resource.group == AGGREGATED:
            return await self._pass_on(call)
        request = received(call, self._user, is_trusted=self._is_trusted)
        return (await self._server.handle(request)).body

    async def _pass_on(self, call: Call) -> Object:
        """Have the component behind the API server answer a call."""
        path = call.resource.path(
            namespace=call.namespace, name=call.name, subresource=call.subresource
        )
        asked = call_of("PUT" if call.verb == "update" else "GET", path)
        if asked is None:
            raise PathNotFound
        answer = await self._server.pass_on(replace(asked, options=call.body), path, self._user)
        return answer.document or {}

    def open_watch(self, call: Call) -> AbstractAsyncContextManager[AsyncIterator[WatchEvent]]:
        """Open a watch for as long as the context is open."""
        return _DirectWatch(self._server, received(call, self._user))

    async def read_raw(self, path: str, query: Mapping[str, str]) -> bytes:
        """GET any path."""
        return await self._server.read_raw(path, query, self._user)


class _DirectWatch:
    """A watch of a server in this process. No generator: a simulated node keeps four open."""

    __slots__ = ("_request", "_server", "_watcher")

    def __init__(self, server: ApiServer, request: Request) -> None:
        self._server = server
        self._request = request
        self._watcher: Watcher | None = None

    async def __aenter__(self) -> Watcher:
        self._watcher = await self._server.open_watch(self._request)
        return self._watcher

    async def __aexit__(self, *failure: object) -> None:
        if self._watcher is not None:
            self._server.close_watch(self._watcher)
