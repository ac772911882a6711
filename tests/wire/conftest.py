"""A simulated cluster in a process of its own, for other people's clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.simulate_process import simulate_process


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a cluster with three nodes that answers at once."""
    with simulate_process(tmp_path_factory.mktemp("simulate"), "--nodes", "3") as path:
        yield path
