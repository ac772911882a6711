"""Answers are read up to a limit, whatever their length, and no further."""

from collections.abc import AsyncIterator, Sequence

import pytest

from virtslo.base.bounded_streams import StreamTooLong, is_compressed, read_bounded_stream
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
