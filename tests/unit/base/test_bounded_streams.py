"""Answers and members of gzip files are read up to a limit and no further.

Members are read one by one, in time by the size of what holds them.
"""

import gzip
import zlib
from collections.abc import AsyncIterator, Sequence

import pytest

from virtslo.base.bounded_streams import (
    StreamTooLong,
    is_compressed,
    read_bounded_stream,
    read_member,
)
from virtslo.base.limits import Limit

TEN = Limit("an answer", 10)


class Chunks:
    """Chunks of a stream, and how many of them were read."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = chunks
        self.taken = 0

    async def read(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            self.taken += 1
            yield chunk


@pytest.mark.parametrize("chunks", [[], [b"1234", b"567"], [b"12345", b"67890"]])
async def test_a_stream_within_the_limit_is_read_whole(chunks: list[bytes]) -> None:
    assert await read_bounded_stream(Chunks(chunks).read(), TEN) == b"".join(chunks)


async def test_a_longer_stream_is_refused_at_the_chunk_that_passes_the_limit() -> None:
    stream = Chunks([b"12345", b"67890", b"1", b"never read"])

    with pytest.raises(StreamTooLong, match="larger than"):
        await read_bounded_stream(stream.read(), TEN)

    assert stream.taken == 3


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [(None, False), ("", False), ("identity", False), (" Identity ", False), ("gzip", True)],
)
def test_any_encoding_but_identity_is_a_compression(encoding: str | None, expected: bool) -> None:
    assert is_compressed(encoding) is expected


def test_a_member_says_where_it_ends() -> None:
    one, two = gzip.compress(b"a"), gzip.compress(b"b")
    data = memoryview(one + two)

    assert read_member(data, 0, 10) == (b"a", len(one), True)
    assert read_member(data, len(one), 10) == (b"b", len(one + two), True)


def test_a_member_gives_one_byte_more_than_asked_for() -> None:
    text, _, is_whole = read_member(memoryview(gzip.compress(b"a" * 1000)), 0, 5)

    assert (text, is_whole) == (b"a" * 6, False)


def test_a_member_that_is_broken_off_gives_what_it_has() -> None:
    whole = gzip.compress(bytes(range(256)) * 10)
    text, end, is_whole = read_member(memoryview(whole[:-4]), 0, 10_000)

    assert (text, end, is_whole) == (bytes(range(256)) * 10, len(whole) - 4, False)


def test_what_is_no_member_is_an_error() -> None:
    with pytest.raises(zlib.error):
        read_member(memoryview(b"text"), 0, 10)
