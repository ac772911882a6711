"""A real Prometheus that scrapes a served cluster: its API server, and KubeVirt by the pod proxy.

Everything is on loopback; data and configuration are in a folder of the test's. It is for clusters
that live in real time.
"""

import base64
import json
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from support.raw_api import RawApi
from support.running_prometheus import RunningPrometheus, running_prometheus

EVERY = "1s"
MILLISECOND = 0.001
"""What Prometheus dates scrapes by, seconds."""
KUBEVIRT_PODS = "/api/v1/namespaces/kubevirt/pods"


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
def prometheus_scraping(kubeconfig: Path, folder: Path) -> Iterator[RunningPrometheus]:
    """A Prometheus that scrapes a cluster every second, for as long as the context is open."""
    with running_prometheus(folder, _config(kubeconfig, folder)) as running:
        yield running


def wait_until_scraped(prometheus: RunningPrometheus, targets: int, since: float) -> float:
    """Wait until every target has been scraped after a moment (Unix seconds), without an error.

    Returns the moment of the last of these scrapes: a later one may fail on a busy machine.
    """
    left: Sequence[Any] = ()
    for _ in range(120):
        found = prometheus.targets()
        left = [item for item in found if item["health"] != "up" or _scraped(item) <= since]
        if len(found) == targets and not left:
            return max(map(_scraped, found)) + MILLISECOND
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
