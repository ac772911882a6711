"""Prometheus' answers, from a server of a few lines that answers as Prometheus does."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from aiohttp import web

from virtslo.base.errors import ClusterError, ConnectionLost
from virtslo.ports.metric_source import ScrapedSeries
from virtslo.remote.prometheus import Prometheus, PrometheusAddress

SERIES: Mapping[str, list[tuple[float, str]]] = {
    '{"__name__":"up","pod":"b"}': [(100.0, "1"), (7300.5, "2")],
    '{"__name__":"up","pod":"a"}': [(130.25, "3")],
}


class Judge:
    """A server that keeps what it was asked, and answers range selectors over SERIES."""

    def __init__(self) -> None:
        self.queries: list[tuple[str, float]] = []
        self.headers: list[Mapping[str, str]] = []
        self.answer: tuple[int, str] | None = None

    async def handle(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.queries.append((str(form["query"]), float(str(form["time"]))))
        self.headers.append(dict(request.headers))
        if self.answer is not None:
            status, text = self.answer
            return web.Response(status=status, text=text)
        return web.json_response(self.matrix(*self.queries[-1]))

    def matrix(self, query: str, at: float) -> Any:
        span = re.search(r"\[(\d+)ms\]$", query)
        assert span is not None, query
        result = []
        for metric, samples in SERIES.items():
            begin = at - int(span[1]) / 1000
            kept = [[when, value] for when, value in samples if begin < when <= at]
            if kept:
                result.append({"metric": json.loads(metric), "values": kept})
        return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def ask(judge: Judge, use: Callable[[Prometheus], Awaitable[Any]], **address: Any) -> Any:
    async def main() -> Any:
        application = web.Application()
        application.router.add_post("/prefix/api/v1/query", judge.handle)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        user = address.pop("user", "")
        where = PrometheusAddress(f"http://{user}127.0.0.1:{port}/prefix/", **address)
        try:
            async with Prometheus(where, user_agent="virtslo/test") as source:
                return await use(source)
        finally:
            await runner.cleanup()

    return asyncio.run(main())


def samples(start: float, end: float) -> Callable[[Prometheus], Awaitable[Any]]:
    async def use(source: Prometheus) -> Any:
        return await source.raw_samples('up{job="x"}', start=start, end=end)

    return use


def test_raw_samples_come_as_they_were_scraped_each_once() -> None:
    judge = Judge()

    found = ask(judge, samples(50.0, 7400.0))

    assert found == (
        ScrapedSeries({"pod": "a"}, ((130.25, 3.0),), "up"),
        ScrapedSeries({"pod": "b"}, ((100.0, 1.0), (7300.5, 2.0)), "up"),
    )
    assert len(judge.queries) == 3, "a long window is asked for hour by hour"
    assert all(query.startswith('up{job="x"}[') for query, _ in judge.queries)


def test_samples_that_are_no_number_are_no_data() -> None:
    judge = Judge()
    values = [[1, "1"], [2, "NaN"], [3, "+Inf"], [4, "-Inf"], [5, "2"]]
    data = {"resultType": "matrix", "result": [{"metric": {"pod": "a"}, "values": values}]}
    judge.answer = (200, json.dumps({"status": "success", "data": data}))

    (found,) = ask(judge, samples(0.0, 10.0))

    assert found.samples == ((1.0, 1.0), (5.0, 2.0))


def test_the_start_is_left_out_and_the_end_is_in() -> None:
    assert ask(Judge(), samples(100.0, 130.25)) == (
        ScrapedSeries({"pod": "a"}, ((130.25, 3.0),), "up"),
    )


def test_a_bearer_token_goes_before_a_password() -> None:
    judge = Judge()

    ask(judge, samples(0.0, 10.0), bearer_token="secret", username="me", password="too")

    assert judge.headers[0]["Authorization"] == "Bearer secret"
    assert judge.headers[0]["User-Agent"] == "virtslo/test"


def test_no_secret_is_shown() -> None:
    address = PrometheusAddress("https://me:secret@host:9090/p?token=secret", bearer_token="secret")

    assert address.place == "https://host:9090/p"
    assert "secret" not in repr(Prometheus(address, user_agent="x").place)


def matrix(*labels: dict[str, str]) -> str:
    """An answer with a series for each set of labels."""
    result = [{"metric": each, "values": [[1, "1"]]} for each in labels]
    data = {"resultType": "matrix", "result": result}
    return json.dumps({"status": "success", "data": data})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, '{"status":"error","errorType":"bad_data","error":"no such"}'), "bad_data: no such"),
        ((502, "<html>"), "answered 502"),
        ((200, '{"status":"success","warnings":["store down"],"data":{}}'), "partial: store down"),
        ((200, '{"status":"success","data":{"resultType":"vector","result":[]}}'), "a vector"),
        ((200, '{"status":"success","data":{"resultType":"matrix"}}'), "no matrix"),
        ((302, ""), "answered 302"),
        ((200, matrix({"pod": "a"}, {"pod": "b"}, {"pod": "a"})), "one series twice, {pod='a'}"),
        ((302, '{"status":"success","data":{"resultType":"matrix","result":[]}}'), "answered 302"),
    ],
)
def test_an_answer_that_is_not_whole_is_an_error(answer: tuple[int, str], words: str) -> None:
    judge = Judge()
    judge.answer = answer

    with pytest.raises(ClusterError, match=words):
        ask(judge, samples(0.0, 10.0))


@pytest.mark.sockets
async def test_no_answer_is_a_lost_connection_that_names_the_place() -> None:
    address = PrometheusAddress("http://127.0.0.1:9")
    async with Prometheus(address, user_agent="virtslo/test") as source:
        with pytest.raises(ConnectionLost, match=r"http://127\.0\.0\.1:9: "):
            await source.raw_samples("up", start=0, end=1)


@pytest.mark.sockets
async def test_an_address_that_is_no_url_is_refused() -> None:
    with pytest.raises(ClusterError, match="not an http or https URL"):
        async with Prometheus(PrometheusAddress("prometheus:9090"), user_agent="virtslo/test"):
            pass
