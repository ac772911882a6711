"""A simulated cluster in a process of its own, for other people's clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.kubectl import Kubectl
from support.raw_api import RawApi, real_api
from support.simulate_process import simulate_process


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.sockets)


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a cluster with three nodes that answers at once; of one for all tests.

    What a test makes is in a namespace of its own, which is deleted after it.
    """
    with simulate_process(tmp_path_factory.mktemp("simulate"), "--nodes", "3") as path:
        yield path


@pytest.fixture(scope="session")
def requests(kubeconfig: Path) -> RawApi:
    """Requests to that cluster that need no process."""
    return real_api(kubeconfig)


@pytest.fixture
def kubectl(
    kubeconfig: Path, requests: RawApi, request: pytest.FixtureRequest
) -> Iterator[Kubectl]:
    name = f"t-{abs(hash(request.node.nodeid)) % 10**8}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    assert requests.call("POST", "/api/v1/namespaces", body).code == 201
    yield Kubectl(kubeconfig, name)
    assert requests.call("DELETE", f"/api/v1/namespaces/{name}").code == 200
