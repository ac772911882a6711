"""Whose API the contract suites judge: the simulated one's, and a real one's where there is one."""

import base64
import os
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.clusters import REAL
from support.raw_api import RawApi, simulated_api


@pytest.fixture(scope="session")
def _simulated() -> Iterator[RawApi]:
    with simulated_api() as api:
        yield api


IMPLEMENTATIONS = ["simulated", "real"] if os.environ.get(REAL) else ["simulated"]
"""A real one only where it is named; `test_real_server.py` says so once where none is."""


@pytest.fixture(params=IMPLEMENTATIONS, scope="session")
def api(request: pytest.FixtureRequest) -> RawApi:
    """An API server."""
    if request.param == "simulated":
        found: RawApi = request.getfixturevalue("_simulated")
        return found
    return real_api(Path(os.environ[REAL]))


@pytest.fixture
def space(api: RawApi, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own."""
    body = {"metadata": {"generateName": "contract-"}}
    name = api.call("POST", "/api/v1/namespaces", body).document["metadata"]["name"]
    yield name
    api.call("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def kubevirt(api: RawApi) -> RawApi:
    """An API server with KubeVirt's kinds."""
    if not api.has_kubevirt:
        pytest.skip("this API server does not serve KubeVirt's kinds")
    return api


@pytest.fixture
def webhooks(kubevirt: RawApi) -> RawApi:
    """An API server behind which KubeVirt's webhooks are at work."""
    if not kubevirt.has_webhooks:
        pytest.skip("KubeVirt's webhooks are not installed on this API server")
    return kubevirt


def real_api(path: Path) -> RawApi:
    """The API server that a kubeconfig leads to."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    chosen = document["current-context"]
    context = _named(document["contexts"], chosen, "context")
    cluster = _named(document["clusters"], context["cluster"], "cluster")
    user = _named(document["users"], context["user"], "user")
    tls = ssl.create_default_context(cadata=_decoded(cluster, "certificate-authority").decode())
    if "client-certificate-data" in user or "client-certificate" in user:
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(_decoded(user, "client-certificate") + b"\n" + _decoded(user, "client-key"))
            pem.flush()
            tls.load_cert_chain(pem.name)
    api = RawApi(cluster["server"], tls, user.get("token", ""))
    has_kubevirt = api.call("GET", "/apis/kubevirt.io").code == 200
    base = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    found = api.call("GET", base).document.get("items") or ()
    has_webhooks = any(each["metadata"]["name"].startswith("virt-api") for each in found)
    return RawApi(api.url, tls, api.token, has_kubevirt=has_kubevirt, has_webhooks=has_webhooks)


def _named(items: list[Any], name: str, key: str) -> Any:
    return next(item[key] for item in items if item["name"] == name)


def _decoded(where: dict[str, Any], key: str) -> bytes:
    if f"{key}-data" in where:
        return base64.b64decode(where[f"{key}-data"])
    return Path(where[key]).read_bytes()
