"""Answers of other programs, read with a limit.

Invariant: no more than one chunk past the limit is ever held, whatever length was announced.
"""

from collections.abc import AsyncIterator

from virtslo.base.limits import Limit


class StreamTooLong(Exception):
    """An answer that is longer than it may be."""


async def read_bounded_stream(chunks: AsyncIterator[bytes], limit: Limit) -> bytes:
    """All bytes of a stream. Raises StreamTooLong."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        if len(held) > limit.most:
            raise StreamTooLong(f"the answer is larger than {limit.amount}")
    return bytes(held)


def is_compressed(encoding: str | None) -> bool:
    """Whether a Content-Encoding is another than the identity that we ask for."""
    return (encoding or "identity").strip().lower() not in {"", "identity"}
