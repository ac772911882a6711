"""Sending a run to where others read it: what speaks as OpenSearch does, a real Pushgateway."""

import asyncio
import http.client
import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from support.cli import only_run, virtslo
from support.loopback import free_port, wait_until_ready
from virtslo.base.clock import SystemClock
from virtslo.base.errors import ClusterError, ConnectionLost
from virtslo.ports.document_sink import Delivery
from virtslo.remote import opensearch
from virtslo.remote.opensearch import OpenSearch

DOCUMENTS = [{"metricName": "x", "value": number} for number in range(5)]


@dataclass(slots=True)
class Bulk:
    """An OpenSearch as its bulk API documents it: an answer for each document, in order."""

    troubles: list[int] = field(default_factory=list)
    """Statuses to answer with before anything is taken."""
    busy: set[int] = field(default_factory=set)
    """Values of documents that are too much the first time."""
    bad: set[int] = field(default_factory=set)
    """Values of documents that the mapping does not take."""
    stored: dict[str, Any] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        self.authorizations.append(request.headers.get("Authorization", ""))
        if self.troubles:
            return web.Response(status=self.troubles.pop(0), text="no")
        assert request.headers["Content-Type"] == "application/x-ndjson"
        text = await request.text()
        assert text.endswith("\n")
        lines = [json.loads(line) for line in text.splitlines()]
        pairs = zip(lines[::2], lines[1::2], strict=True)
        items = [{"index": self._take(action["index"]["_id"], doc)} for action, doc in pairs]
        return web.json_response({"errors": True, "items": items})

    def _take(self, identity: str, document: Any) -> dict[str, Any]:
        value = document.get("value")
        if value in self.busy:
            self.busy.remove(value)
            return {"status": 429, "error": {"type": "es_rejected", "reason": "queue is full"}}
        if value in self.bad:
            return {"status": 400, "error": {"type": "mapper_parsing", "reason": "not a date"}}
        self.stored[identity] = document
        return {"status": 201}


def sent(bulk: Bulk, *, url: str = "http://{host}", times: int = 1) -> Delivery:
    """What came of sending the documents to it."""

    async def main() -> Delivery:
        async def send(host: str) -> Delivery:
            where = url.format(host=host)
            async with OpenSearch(where, "runs", clock=SystemClock(), user_agent="test") as sink:
                for _ in range(times):
                    delivery = await sink.send(DOCUMENTS)
                return delivery

        return await serving(bulk, send)

    return asyncio.run(main())


async def serving(bulk: Bulk, use: Callable[[str], Awaitable[Delivery]]) -> Delivery:
    app = web.Application()
    app.router.add_post("/{index}/_bulk", bulk.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return await use(f"127.0.0.1:{port}")
    finally:
        await runner.cleanup()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opensearch, "FIRST_WAIT", 0.001)


def test_documents_are_indexed_each_once() -> None:
    bulk = Bulk()

    delivery = sent(bulk, times=2)

    assert (delivery.accepted, delivery.retries, delivery.refused) == (5, 0, ())
    assert sorted(item["value"] for item in bulk.stored.values()) == [0, 1, 2, 3, 4]
    assert set(bulk.paths) == {"/runs/_bulk"}


def test_what_is_too_much_is_sent_again_and_counted() -> None:
    bulk = Bulk(troubles=[429, 503], busy={1, 3})

    delivery = sent(bulk)

    assert delivery.accepted == 5
    assert (delivery.requests, delivery.retries) == (4, 3)
    assert len(bulk.stored) == 5


def test_what_the_mapping_does_not_take_is_told() -> None:
    delivery = sent(Bulk(bad={2}))

    assert delivery.accepted == 4
    assert delivery.refused == ("400: mapper_parsing: not a date",)


def test_it_gives_up_with_words_after_so_many_attempts() -> None:
    with pytest.raises(ClusterError, match="gave up after 6 attempts: it answered 503"):
        sent(Bulk(troubles=[503] * 20))


@pytest.mark.parametrize("status", [401, 403, 404, 413])
def test_a_refusal_is_not_tried_again(status: int) -> None:
    bulk = Bulk(troubles=[status])

    with pytest.raises(ClusterError, match=f"refused with {status}"):
        sent(bulk)
    assert len(bulk.paths) == 1


def test_user_and_password_are_sent_and_not_shown() -> None:
    bulk = Bulk(troubles=[401])

    with pytest.raises(ClusterError) as refused:
        sent(bulk, url="http://us%40er:s3cret@{host}")

    assert bulk.authorizations == ["Basic dXNAZXI6czNjcmV0"]
    assert "s3cret" not in refused.value.message


async def test_nobody_there_is_told_at_once() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    async with OpenSearch(url, "x", clock=SystemClock(), user_agent="test") as sink:
        with pytest.raises(ConnectionLost):
            await sink.send(DOCUMENTS)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    done = virtslo("run", "burst", "--repeat", "1", "--count", "20", "--runs", str(runs), "--quiet")
    assert done.code == 0, done.err
    return only_run(runs)


@pytest.fixture(scope="module")
def pushgateway(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """An empty one: by default Debian's keeps what it was ever given."""
    if shutil.which("prometheus-pushgateway") is None:
        pytest.skip("no prometheus-pushgateway on the path")
    port = free_port()
    kept = tmp_path_factory.mktemp("pushgateway") / "kept"
    process = subprocess.Popen(
        [
            "prometheus-pushgateway",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--persistence.file={kept}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=600)


def test_a_real_pushgateway_takes_a_run(run: Path, pushgateway: int) -> None:
    url = f"http://127.0.0.1:{pushgateway}"

    done = virtslo("report", str(run), "--format", "openmetrics", "--to", url)

    assert done.code == 0, done.err
    assert f"pushed: {url}/metrics/job/virtslo/run/{run.name}" in done.err
    connection = http.client.HTTPConnection("127.0.0.1", pushgateway, timeout=600)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    (line,) = [
        line
        for line in text.splitlines()
        if line.startswith("virtslo_vmi_creation_to_running_seconds{") and '"p50"' in line
    ]
    assert 'job="virtslo"' in line
    assert f'run="{run.name}"' in line


def test_of_a_suite_every_part_is_pushed(tmp_path: Path, pushgateway: int) -> None:
    url = f"http://127.0.0.1:{pushgateway}"
    load = ("--count", "4", "--repeat", "2", "--simulate", "instant")
    virtslo("run", "burst", "--repeat", "1", *load, "--runs", str(tmp_path), "--quiet")
    suite = only_run(tmp_path)

    done = virtslo("report", str(suite), "--format", "openmetrics", "--to", url)

    assert done.code == 0, done.err
    parts = [path.name for path in suite.iterdir() if path.is_dir()]
    assert len(parts) == 2
    assert all(f"/metrics/job/virtslo/run/{part}" in done.err for part in parts)


def test_a_format_that_cannot_be_sent_says_which_can(run: Path) -> None:
    refused = virtslo("report", str(run), "--format", "junit", "--to", "http://127.0.0.1:1")

    assert refused.code == 2
    assert "openmetrics (a Prometheus Pushgateway)" in refused.err


def test_a_simulated_run_is_not_sent_unmarked(run: Path) -> None:
    refused = virtslo("report", str(run), "--format", "kube-burner", "--to", "http://127.0.0.1:1")

    assert refused.code == 2
    assert "--allow-simulated" in refused.err
