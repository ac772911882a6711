"""A way to an API server that can be cut: one port of loopback, relayed to another.

Invariant: while it is cut nothing listens on its port and no connection through it is alive; the
API server itself does not notice anything but the end of the connections.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Relay:
    """A port that leads to another one of loopback; the same one each time it is opened."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        ours = {writer, there[1]}
        if self._server is None:  # it was cut meanwhile
            for each in ours:
                each.transport.abort()
            return
        self._writers |= ours
        try:
            await asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer))
        finally:
            self._writers -= ours
            for each in ours:
                each.transport.abort()


@asynccontextmanager
async def relayed(target: int) -> AsyncIterator[Relay]:
    """A relay that is open at first and gone in the end."""
    relay = Relay(target)
    await relay.open()
    try:
        yield relay
    finally:
        await relay.cut()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.write_eof() if writer.can_write_eof() else writer.close()
