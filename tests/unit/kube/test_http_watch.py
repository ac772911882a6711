"""Events of a watch are stamped on receipt, and those received together come together."""

import asyncio
from datetime import UTC, datetime

import aiohttp
import pytest

from virtslo.base.clock import SystemClock
from virtslo.base.errors import ConnectionLost
from virtslo.kube.http_watch import HttpWatch
from virtslo.kube.watch_stream import WatchStream

LINE = b'{"type":"ADDED","object":{"metadata":{"name":"a","uid":"u","resourceVersion":"1"}}}\n'


class CountingClock(SystemClock):
    """A clock that moves on by one whenever it is read."""

    is_virtual = True

    def __init__(self) -> None:
        self.reads = 0

    def now_ns(self) -> int:
        self.reads += 1
        return self.reads

    def wall(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def sleep_until(self, when_ns: int) -> None:
        await asyncio.sleep(0)


class Chunks:
    """The content of an answer, chunk by chunk; an exception is raised in its turn."""

    def __init__(self, *chunks: bytes | Exception) -> None:
        self._chunks = list(chunks)
        self.content = self

    async def readany(self) -> bytes:
        chunk = self._chunks.pop(0) if self._chunks else b""
        if isinstance(chunk, Exception):
            raise chunk
        return chunk


def read(*chunks: bytes | Exception) -> list[int]:
    async def main() -> list[int]:
        watch = HttpWatch(
            Chunks(*chunks),  # type: ignore[arg-type]
            CountingClock(),
            WatchStream("here"),
            place="here",
        )
        return [event.received_ns async for event in watch]

    return asyncio.run(main())


def test_events_of_one_chunk_carry_one_moment() -> None:
    assert read(LINE + LINE, LINE) == [1, 1, 2]


def test_an_event_in_two_chunks_carries_the_moment_of_its_end() -> None:
    assert read(LINE[:9], LINE[9:]) == [2]


def test_a_stream_that_is_cut_is_lost() -> None:
    with pytest.raises(ConnectionLost, match="here: the connection was closed within the answer"):
        read(LINE, aiohttp.ClientPayloadError("cut"))


def test_a_connection_that_breaks_is_lost() -> None:
    with pytest.raises(ConnectionLost, match="here: "):
        read(LINE, ConnectionResetError(104, "Connection reset by peer"))
