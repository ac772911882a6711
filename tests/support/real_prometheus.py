"""A real Prometheus holding what was scraped from a simulated cluster in virtual time.

The scrapes are made in virtual time, written as OpenMetrics with their times, turned into blocks by
promtool, and served by Prometheus on loopback: what it answers is what it would have after having
scraped for as long.
"""

import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from prometheus_client.parser import text_string_to_metric_families

Scrape = tuple[float, str, str]
"""(Unix seconds, pod, exposition)."""


def missing() -> str:
    """Why no Prometheus can be had here; empty where one can."""
    absent = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    return f"no {' and no '.join(absent)} on the path" if absent else ""


def lines_of(scrape: Scrape) -> Iterator[str]:
    """The samples of a scrape with the labels that a scrape config adds, and its time."""
    at, pod, text = scrape
    added = {"pod": pod, "namespace": "kubevirt", "instance": f"{pod}:8443", "job": "kubevirt"}
    families = text_string_to_metric_families(text)
    for family in families:
        for sample in family.samples:
            labels = ",".join(
                f"{key}={json.dumps(value)}" for key, value in {**sample.labels, **added}.items()
            )
            yield f"{sample.name}{{{labels}}} {sample.value!r} {at:.3f}"


class RealPrometheus:
    """A running Prometheus."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def query(self, query: str, at: float) -> list[tuple[dict[str, str], float]]:
        """An instant query, as perfscale-audit makes it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", f"/api/v1/query?{urlencode({'query': query, 'time': at})}")
            answer: Any = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert answer["status"] == "success", answer
        return [(item["metric"], float(item["value"][1])) for item in answer["data"]["result"]]


@contextmanager
def prometheus_with(scrapes: Sequence[Scrape], folder: Path) -> Iterator[RealPrometheus]:
    """A Prometheus that holds these scrapes."""
    text = folder / "scrapes.txt"
    with text.open("w") as file:
        for scrape in scrapes:
            file.writelines(f"{line}\n" for line in lines_of(scrape))
        file.write("# EOF\n")
    data = folder / "data"
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    config = folder / "prometheus.yml"
    config.write_text("global: {}\n")
    port = free_port()
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}",
                "--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )  # fmt: skip
        try:
            wait_until_ready(port, process)
            yield RealPrometheus(port)
        finally:
            process.terminate()
            process.wait(timeout=20)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(port: int, process: subprocess.Popen[bytes], path: str = "/-/ready") -> None:
    """Until it answers 200."""
    for _ in range(300):
        assert process.poll() is None, "it ended"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise AssertionError("it did not become ready")
