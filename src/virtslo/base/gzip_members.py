"""Gzip members one after another, unfolded within a limit.

Invariant: reading a file of members takes time by its size, however many they are.
"""

import zlib
from typing import Final

PIECE: Final = 1 << 16
"""Bytes that are given to zlib at a time."""


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
