"""A real Prometheus that scrapes a served cluster: its API server, and KubeVirt by the pod proxy.

Everything is on loopback; data and configuration are in a folder of the test's. It is for clusters
that live in real time.
"""

import base64
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from support.raw_api import RawApi

EVERY = "1s"
KUBEVIRT_PODS = "/api/v1/namespaces/kubevirt/pods"


def missing() -> str:
    """Why no Prometheus can be had here; empty where one can."""
    return "" if shutil.which("prometheus") else "no prometheus on the path"


class ScrapingPrometheus:
    """A running Prometheus."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port

    def query(self, query: str, at: float) -> list[tuple[dict[str, str], float]]:
        """An instant query at Unix seconds: labels and value of each series."""
        parameters = urlencode({"query": query, "time": at})
        found = self._get(f"/api/v1/query?{parameters}")["result"]
        return [(item["metric"], float(item["value"][1])) for item in found]

    def targets(self) -> list[Any]:
        """Every target, with its health, last scrape and last error."""
        found: list[Any] = self._get("/api/v1/targets?state=active")["activeTargets"]
        return found

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return self._answer("/-/ready")[0] == 200
        except OSError:
            return False

    def _get(self, path: str) -> Any:
        code, body = self._answer(path)
        assert code == 200, body
        return json.loads(body)["data"]

    def _answer(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def raw_api(kubeconfig: Path) -> RawApi:
    """The cluster of a kubeconfig."""
    document: Any = yaml.safe_load(kubeconfig.read_text())
    cluster = document["clusters"][0]["cluster"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    return RawApi(
        cluster["server"],
        ssl.create_default_context(cadata=authority),
        document["users"][0]["user"]["token"],
    )


@contextmanager
def prometheus_scraping(kubeconfig: Path, folder: Path) -> Iterator[ScrapingPrometheus]:
    """A Prometheus that scrapes a cluster every second, for as long as the context is open."""
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(_config(kubeconfig, folder)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            prometheus = ScrapingPrometheus(port)
            for _ in range(300):
                assert process.poll() is None, (folder / "prometheus.log").read_text()
                if prometheus.is_ready():
                    break
                time.sleep(0.1)
            yield prometheus
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_until_scraped(prometheus: ScrapingPrometheus, targets: int, since: float) -> None:
    """Wait until every target has been scraped after a moment (Unix seconds), without an error."""
    left: Sequence[Any] = ()
    for _ in range(120):
        found = prometheus.targets()
        left = [item for item in found if item["health"] != "up" or _scraped(item) <= since]
        if len(found) == targets and not left:
            return
        time.sleep(0.5)
    raise AssertionError(f"not scraped: {json.dumps(left, indent=1)}")


def _scraped(target: Any) -> float:
    return datetime.fromisoformat(target["lastScrape"]).timestamp()


def _config(kubeconfig: Path, folder: Path) -> dict[str, Any]:
    api = raw_api(kubeconfig)
    document: Any = yaml.safe_load(kubeconfig.read_text())
    authority = document["clusters"][0]["cluster"]["certificate-authority-data"]
    (folder / "ca.pem").write_bytes(base64.b64decode(authority))
    (folder / "token").write_text(api.token)
    pods = [item["metadata"]["name"] for item in api.call("GET", KUBEVIRT_PODS).document["items"]]
    where = urlsplit(api.url).netloc
    reach = {
        "scheme": "https",
        "authorization": {"credentials_file": str(folder / "token")},
        "tls_config": {"ca_file": str(folder / "ca.pem")},
    }
    of_pods = [
        {
            "targets": [where],
            "labels": {
                "__metrics_path__": f"{KUBEVIRT_PODS}/https:{pod}:8443/proxy/metrics",
                "namespace": "kubevirt",
                "pod": pod,
            },
        }
        for pod in pods
    ]
    return {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY},
        "scrape_configs": [
            {"job_name": "apiserver", **reach, "static_configs": [{"targets": [where]}]},
            {"job_name": "kubevirt", **reach, "static_configs": of_pods},
        ],
    }
