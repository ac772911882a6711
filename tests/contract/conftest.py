"""Whose API the contract suites judge: the simulated one's, and a real one's where there is one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.clusters import REAL
from support.raw_api import RawApi, real_api, simulated_api


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
