"""Calls of the API port over HTTP.

Invariant: one call is one HTTP exchange: no retry, no cache. No exception of aiohttp, ssl or the
socket escapes; each becomes a ConnectionLost or a ClusterError that names the host.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Self
from urllib.parse import urlencode

from yarl import URL

from virtslo.base.bounded_streams import StreamTooLong, is_compressed, read_bounded_stream
from virtslo.base.clock import Clock
from virtslo.base.errors import ClusterError
from virtslo.base.limits import ANSWER_BYTES
from virtslo.kube import requests
from virtslo.kube.connector import CONNECT_TIMEOUT_SECONDS, Endpoint, open_session
from virtslo.kube.failures import NETWORK_ERRORS, lost
from virtslo.kube.http_library import aiohttp
from virtslo.kube.http_watch import HttpWatch
from virtslo.kube.requests import HttpRequest
from virtslo.kube.responses import error_of, read_object
from virtslo.kube.watch_stream import WatchStream
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import SUBRESOURCE_GROUP
from virtslo.ports.kube_api import Call, KubeApi, WatchEvent

WATCH_GRACE_SECONDS: Final = 30.0


@asynccontextmanager
async def open_api(endpoint: Endpoint, clock: Clock) -> AsyncIterator[KubeApi]:
    """The typed calls to an API server over HTTP."""
    async with HttpTransport(endpoint, clock) as transport:
        yield KubeApi(transport)


class HttpTransport:
    """One user's connection to an API server; a context manager that closes its connections."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = open_session(self._endpoint)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, call: Call) -> Object:
        """One exchange. Raises ApiError if the answer is a failure."""
        request = requests.request_of(call)
        answer = await self._exchange(request)
        if call.resource.group == SUBRESOURCE_GROUP:
            return {}  # virt-api answers an action with nothing
        place, namespaced = self._place(request), call.resource.namespaced
        return read_object(answer, place=place, namespaced=namespaced)

    async def read_raw(self, path: str, query: Mapping[str, str]) -> bytes:
        """GET any path."""
        return await self._exchange(requests.raw_request(path, query))

    @asynccontextmanager
    async def open_watch(self, call: Call) -> AsyncIterator[AsyncIterator[WatchEvent]]:
        """Open a watch for as long as the context is open."""
        request = requests.request_of(call)
        timeout = call.query.get("timeoutSeconds")
        longest = None if timeout is None else int(timeout) + WATCH_GRACE_SECONDS
        limits = aiohttp.ClientTimeout(total=longest, sock_connect=CONNECT_TIMEOUT_SECONDS)
        response = await self._send(request, limits)
        try:
            if not _is_success(response.status):
                body = await self._body(request, response)
                place = self._place(request)
                raise error_of(response.status, response.headers, body, place=place)
            _refuse_compressed(response, self._place(request))
            stream = WatchStream(self._place(request), facts_only=call.facts_only)
            yield HttpWatch(response, self._clock, stream, place=self._place(request))
        finally:
            _leave(response)

    async def _exchange(self, request: HttpRequest) -> bytes:
        """Send a request and read its answer. Raises ApiError if that is a failure."""
        response = await self._send(request)
        try:
            body = await self._body(request, response)
        finally:
            response.release()
        if not _is_success(response.status):
            raise error_of(response.status, response.headers, body, place=self._place(request))
        return body

    async def _send(
        self, request: HttpRequest, limits: aiohttp.ClientTimeout | None = None
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            raise ClusterError(f"{self._endpoint.host}: the connection is closed")
        endpoint = self._endpoint
        headers = request.headers
        if endpoint.authorize is not None:
            authorization = await endpoint.authorize()
            if authorization is not None:
                headers = {**headers, "Authorization": authorization}
        url = f"{endpoint.url}{request.path}"
        if request.query:
            url = f"{url}?{urlencode(request.query)}"
        try:
            return await self._session.request(
                request.method,
                URL(url, encoded=True),
                data=request.body,
                headers=headers,
                allow_redirects=False,
                server_hostname=endpoint.server_name,
                proxy=endpoint.proxy,
                timeout=limits if limits is not None else self._session.timeout,
            )
        except NETWORK_ERRORS as error:
            raise lost(self._place(request), error) from error

    async def _body(self, request: HttpRequest, response: aiohttp.ClientResponse) -> bytes:
        _refuse_compressed(response, self._place(request))
        try:
            return await read_bounded_stream(response.content.iter_any(), ANSWER_BYTES)
        except StreamTooLong as error:
            response.close()
            raise ClusterError(f"{self._place(request)}: {error}") from None
        except NETWORK_ERRORS as error:
            raise lost(self._place(request), error) from error

    def _place(self, request: HttpRequest) -> str:
        return f"{request.method} {request.path} at {self._endpoint.host}"


def _is_success(status: int) -> bool:
    """Whether an answer is one: a redirect is none, since nothing is sent on."""
    return 200 <= status < 300


def _refuse_compressed(response: aiohttp.ClientResponse, place: str) -> None:
    """Compression was not asked for: what it would unfold to has no bound."""
    if is_compressed(response.headers.get("Content-Encoding")):
        raise ClusterError(f"{place}: the answer is compressed, though identity was asked for")


def _leave(response: aiohttp.ClientResponse) -> None:
    """Close an answer's connection at once: TLS close_notify waits for the peer's, unbounded."""
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    response.close()
