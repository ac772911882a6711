"""A gateway before a server of loopback that fails on demand: delays, errors, resets, watches.

Invariant: a request that no fault strikes is passed on once, as it is, and its answer comes back as
it is. What was struck, and how, is kept.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Final

import aiohttp
from aiohttp import web

from virtslo.sim.http.reset import reset

_OF_ONE_CONNECTION: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "upgrade"}
)
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    is_watch: bool
    is_dry_run: bool

    @property
    def is_write(self) -> bool:
        """Whether it is to change something."""
        return self.method in WRITES and not self.is_dry_run


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a request: nothing, by default."""

    delay: float = 0.0
    """Seconds before it is passed on."""
    code: int | None = None
    """What it is answered instead of the server's answer."""
    is_reset: bool = False
    """Whether its connection is reset instead of an answer."""
    is_served: bool = False
    """Whether the server carries it out all the same."""

    @property
    def is_calm(self) -> bool:
        """Whether nothing strikes it."""
        return not self.delay and not self.is_failed

    @property
    def is_failed(self) -> bool:
        """Whether the server's answer is not what comes back."""
        return self.is_reset or self.code is not None


CALM: Final = Fate()
Meeting = Callable[[Asked], Fate]


def calm(_: Asked) -> Fate:
    """Strikes nothing."""
    return CALM


def share(
    rate: float, *fates: Fate, seed: int = 1, of: Callable[[Asked], bool] = lambda _: True
) -> Meeting:
    """Strikes a share of the requests of a kind, by chance, with one fate after another."""
    chance, following = Random(seed), cycle(fates)

    def meet(asked: Asked) -> Fate:
        return next(following) if of(asked) and chance.random() < rate else CALM

    return meet


class Gateway:
    """One port of loopback that leads to a server."""

    def __init__(self, url: str, *, server: ssl.SSLContext, client: ssl.SSLContext) -> None:
        """`server`: what it shows; `client`: how it is known to the server at `url`, beside the
        Authorization header, which is passed on."""
        self._url = url
        self._server = server
        self._client = client
        self._session: aiohttp.ClientSession | None = None
        self._watches: set[asyncio.BaseTransport] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._meet: Meeting = calm
        self.port = 0
        self.asked: list[tuple[Asked, Fate]] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://localhost:{self.port}"

    @property
    def struck(self) -> list[tuple[Asked, Fate]]:
        """What was struck, and how."""
        return [(asked, fate) for asked, fate in self.asked if not fate.is_calm]

    @property
    def open_watches(self) -> int:
        """How many watches go through it now."""
        return len(self._watches)

    @asynccontextmanager
    async def served(self) -> AsyncIterator["Gateway"]:
        """At work."""
        limits = aiohttp.ClientTimeout(total=None, sock_connect=30)
        connector = aiohttp.TCPConnector(ssl=self._client, limit=0)
        async with aiohttp.ClientSession(
            connector=connector, timeout=limits, auto_decompress=False, skip_auto_headers={"Accept"}
        ) as self._session:
            runner = web.ServerRunner(
                web.Server(
                    self._handle,
                    handler_cancellation=True,
                    access_log=None,
                    logger=_Silent(),
                ),
                shutdown_timeout=1,
            )
            await runner.setup()
            try:
                site = web.TCPSite(runner, "127.0.0.1", self.port, ssl_context=self._server)
                await site.start()
                self.port = runner.addresses[0][1]
                yield self
            finally:
                self.drop_watches()
                await runner.cleanup()

    @contextmanager
    def striking(self, meet: Meeting) -> Iterator[None]:
        """Requests meet a fault for a while."""
        self._meet = meet
        try:
            yield
        finally:
            self._meet = calm

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Watches deliver nothing for a while, and stay open."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    def drop_watches(self) -> int:
        """Reset the connections of all open watches; how many there were."""
        dropped = tuple(self._watches)
        for transport in dropped:
            reset(transport)
        return len(dropped)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = Asked(
            request.method,
            request.path,
            request.query.get("watch") in {"true", "1"},
            "dryRun" in request.query,
        )
        body = await request.read()
        fate = self._meet(asked)
        self.asked.append((asked, fate))
        await asyncio.sleep(fate.delay)
        if fate.is_failed and not fate.is_served:
            return _failed(request, fate)
        assert self._session is not None
        async with self._session.request(
            request.method,
            f"{self._url}{request.raw_path}",
            data=body or None,
            headers=_passed_on(request.headers),
            allow_redirects=False,
        ) as answer:
            if fate.is_failed:
                await answer.read()
                return _failed(request, fate)
            if asked.is_watch and answer.status == 200:
                return await self._stream(request, answer)
            headers = _passed_on(answer.headers)
            return web.Response(status=answer.status, body=await answer.read(), headers=headers)

    async def _stream(
        self, request: web.BaseRequest, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        """Pass a watch on, until the server or a fault ends it."""
        response = web.StreamResponse(headers=_passed_on(answer.headers))
        response.enable_chunked_encoding()
        await response.prepare(request)
        transport = request.transport
        if transport is None:
            return response
        self._watches.add(transport)
        try:
            async for data in answer.content.iter_any():
                await self._flows.wait()
                await response.write(data)
            await response.write_eof()
        except ConnectionError:
            pass
        except aiohttp.ClientError:
            reset(transport)
        finally:
            self._watches.discard(transport)
        return response


class _Silent:
    """A logger for connections that break on purpose."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_, **__: None


def _failed(request: web.BaseRequest, fate: Fate) -> web.Response:
    if fate.code is None:
        reset(request.transport)
        return web.Response()
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Internal error occurred: a fault was asked for",
        "reason": "InternalError",
        "code": fate.code,
    }
    return web.Response(
        status=fate.code, body=json.dumps(status).encode(), content_type="application/json"
    )


def _passed_on(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (name, value) for name, value in headers.items() if name.lower() not in _OF_ONE_CONNECTION
    ]
