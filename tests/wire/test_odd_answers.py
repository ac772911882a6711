"""Answers that no API server should give: each is an error of ours, in bounded memory and time."""

import asyncio
import tracemalloc
from collections.abc import Callable

import pytest
from aiohttp import web

from support.bombs import bomb
from virtslo.base.clock import SystemClock
from virtslo.base.errors import ClusterError
from virtslo.client.paging import list_all
from virtslo.kube.connector import Endpoint
from virtslo.kube.http_transport import open_api
from virtslo.model.kubernetes.resources import VMIS
from virtslo.ports.kube_api import KubeApi


async def endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(400):  # 400 MiB: more than is ever read
        await answer.write(b" " * (1 << 20))
    return answer


def compressed(_: web.Request) -> web.Response:
    return web.Response(body=bomb(b" ", 64 << 20), headers={"Content-Encoding": "gzip"})


def text(body: str, status: int = 200, **headers: str) -> Callable[[web.Request], web.Response]:
    def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, status=status, headers=headers)

    return answer


ANSWERS = {
    "endless": (endless, "larger than 256 MiB"),
    "a bomb of gzip": (compressed, "compressed"),
    "a redirect": (text("{}", 302, Location="http://127.0.0.1:9/"), "HTTP 302"),
    "a failure under 200": (
        text('{"kind":"Status","status":"Failure","code":409,"message":"no"}'),
        "no",
    ),
    "always more": (text('{"items":[],"metadata":{"continue":"x"}}'), "the same token"),
    "a text as metadata": (text('{"items":[],"metadata":"x"}'), "expected a mapping"),
    "a number as an item": (text('{"items":[1]}'), "items"),
    "too deep": (text("[" * 100_000), "levels"),
}


async def asked(answer: Callable[[web.Request], object]) -> str:
    """What is said of a list that is answered so."""

    async def reply(request: web.Request) -> web.StreamResponse:
        made = answer(request)
        found = await made if asyncio.iscoroutine(made) else made
        assert isinstance(found, web.StreamResponse)
        return found

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", reply)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint = Endpoint(url=f"http://127.0.0.1:{runner.addresses[0][1]}", user_agent="me/1")
    api: KubeApi
    try:
        async with open_api(endpoint, SystemClock()) as api:
            with pytest.raises(ClusterError) as refused:
                await list_all(api, VMIS)
            return str(refused.value)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("name", ANSWERS)
def test_an_odd_answer_is_an_error_in_bounded_memory(name: str) -> None:
    answer, words = ANSWERS[name]
    tracemalloc.start()

    said = asyncio.run(asked(answer))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert words in said
    assert peak < 700 << 20
