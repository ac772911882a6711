"""The events of one open watch over HTTP.

Invariant: the clock is read first thing after bytes arrive; every event of these bytes carries that
moment. Leaving a watch closes its connection.
"""

from collections import deque

from virtslo.base.clock import Clock
from virtslo.kube.failures import NETWORK_ERRORS, lost
from virtslo.kube.http_library import aiohttp
from virtslo.kube.watch_stream import WatchStream
from virtslo.ports.kube_api import WatchEvent


class HttpWatch:
    """An iterator of events; it ends when the server ends the stream with its last chunk.

    Raises ConnectionLost where the stream is cut before that, ApiError for an ERROR event.
    """

    def __init__(
        self, response: aiohttp.ClientResponse, clock: Clock, stream: WatchStream, *, place: str
    ) -> None:
        self._content = response.content
        self._clock = clock
        self._place = place
        self._stream = stream
        self._events: deque[WatchEvent] = deque()
        self._is_over = False

    def __aiter__(self) -> "HttpWatch":
        return self

    async def __anext__(self) -> WatchEvent:
        while not self._events:
            if self._stream.error is not None:
                raise self._stream.error
            if self._is_over:
                raise StopAsyncIteration
            await self._read()
        return self._events.popleft()

    async def _read(self) -> None:
        try:
            chunk = await self._content.readany()
            received_ns = self._clock.now_ns()
        except NETWORK_ERRORS as error:
            raise lost(self._place, error) from error
        if chunk:
            self._events.extend(self._stream.feed(chunk, received_ns))
            return
        self._is_over = True
        self._events.extend(self._stream.finish(received_ns))
