"""Answers of other services, read with a limit.

Invariant: no more than one chunk past the limit is ever held; an answer that is too large is a
ClusterError with its place, and its connection is closed.
"""

import aiohttp

from virtslo.base.bounded_streams import StreamTooLong, read_bounded_stream
from virtslo.base.errors import ClusterError
from virtslo.base.limits import SERVICE_ANSWER


async def read_answer(response: aiohttp.ClientResponse, place: str) -> bytes:
    """The bytes of an answer. Raises ClusterError for one that is larger than SERVICE_ANSWER."""
    try:
        return await read_bounded_stream(response.content.iter_any(), SERVICE_ANSWER)
    except StreamTooLong as error:
        response.close()
        raise ClusterError(f"{place}: {error}") from None
