"""A real control plane for the suite; where it is not built, the suite is skipped and says why."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_plane.binaries import go, missing, programs
from virtslo.plane.control_plane import ControlPlane


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    lacking = missing()
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.slow)
        item.add_marker(pytest.mark.sockets)
        item.add_marker(pytest.mark.timeout(1200))
        if lacking:
            why = "build it with make control-plane" if go() else "there is no Go to build it with"
            reason = f"no real control plane ({', '.join(lacking)}): {why}"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Kubernetes without nodes; one a module, so that modules do not see each other's objects."""
    made = ControlPlane(tmp_path_factory.mktemp("plane"), programs())
    try:
        asyncio.run(made.start())
        yield made
    finally:
        made.stop()
