"""Bytes from elsewhere, read with a limit: answers of other programs, members of gzip files.

Invariant: no more than one chunk past the limit is ever held, whatever length was announced; a file
of gzip members takes time by its size, however many they are.
"""

import zlib
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Final

from virtslo.base.limits import Limit

PIECE: Final = 1 << 16
"""Bytes that are given to zlib at a time."""


class StreamTooLong(Exception):
    """An answer that is longer than it may be."""


async def read_bounded_stream(chunks: AsyncIterator[bytes], limit: Limit) -> bytes:
    """All bytes of a stream. Raises StreamTooLong."""
    held = BytesIO()  # it hands over what it holds; a bytearray would be there twice
    async for chunk in chunks:
        held.write(chunk)
        if held.tell() > limit.most:
            raise StreamTooLong(f"the answer is larger than {limit.amount}")
    return held.getvalue()


def is_compressed(encoding: str | None) -> bool:
    """Whether a Content-Encoding is another than the identity that we ask for."""
    return (encoding or "identity").strip().lower() not in {"", "identity"}


def read_member(data: memoryview, begin: int, most: int) -> tuple[bytes, int, bool]:
    """A member's text up to one byte past `most`, where the member ends, and whether it is whole.

    It is given piece by piece: zlib copies all that follows a member in what it is given, which
    over a file of many small members would be the square of its size. Raises zlib.error.
    """
    member = zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    size = 0
    while begin < len(data) and not member.eof and size <= most:
        piece = data[begin : begin + PIECE]
        part = member.decompress(piece, most + 1 - size)
        begin += len(piece) - len(member.unused_data) - len(member.unconsumed_tail)
        size += len(part)
        parts.append(part)
    return b"".join(parts), begin, member.eof
