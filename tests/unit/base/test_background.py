"""Work beside other work."""

import asyncio

import pytest

from virtslo.base.background import in_background
from virtslo.base.errors import ClusterError


async def test_what_is_beside_ends_with_the_context() -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            seen.append("ended")

    async with in_background(work):
        await asyncio.sleep(0)

    assert seen == ["ended"]


async def test_an_error_of_ours_is_raised_as_it_is() -> None:
    async def work() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(ClusterError, match="broken"):
        async with in_background(work):
            raise ClusterError("broken")
