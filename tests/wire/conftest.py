"""A simulated cluster in a process of its own, for other people's clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.kubectl import Kubectl
from support.simulate_process import simulate_process


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.sockets)


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a cluster with three nodes that answers at once."""
    with simulate_process(tmp_path_factory.mktemp("simulate"), "--nodes", "3") as path:
        yield path


@pytest.fixture
def kubectl(kubeconfig: Path, request: pytest.FixtureRequest) -> Iterator[Kubectl]:
    name = f"t-{abs(hash(request.node.nodeid)) % 10**8}"
    Kubectl(kubeconfig, "default")("create", "namespace", name)
    yield Kubectl(kubeconfig, name)
    Kubectl(kubeconfig, "default")("delete", "namespace", name, "--wait=false")
