"""Answers of other services end at a limit, and the connection with them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import pytest

from virtslo.base.errors import ClusterError
from virtslo.base.limits import SERVICE_ANSWER
from virtslo.remote.bounded_answers import read_answer

CHUNK = bytes(8 * 1024 * 1024)


class Endless:
    """A response whose body never ends; it counts the chunks that were taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.is_closed = False
        self.content = self

    async def iter_any(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += 1
            yield CHUNK

    def close(self) -> None:
        self.is_closed = True


def test_an_answer_without_an_end_is_refused_one_chunk_past_the_limit() -> None:
    answer = Endless()

    with pytest.raises(ClusterError, match="http://search: the answer is larger than 256 MiB"):
        asyncio.run(
            read_answer(cast("aiohttp.ClientResponse", cast("Any", answer)), "http://search")
        )

    assert answer.is_closed
    assert answer.taken == SERVICE_ANSWER.most // len(CHUNK) + 1
