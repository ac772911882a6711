"""Clusters for tests that are coroutines, and the marks that say which cluster a test wants.

`@pytest.mark.cluster(log_size=10)`, `@pytest.mark.faults("latency:rate=1")` and
`@pytest.mark.hollow(profile="ci", nodes=3)` hold the arguments of the functions that open one.
A test marked `cluster`, with or without arguments, needs an API server that we set up.
"""

from contextlib import nullcontext
from typing import Any

import pytest

from support.clusters import WAYS, Cluster
from support.coroutines import OnLoop
from support.faulty_clusters import faulty_cluster
from support.hollow_clusters import Hollow, hollow_cluster
from virtslo.base.clock import Clock


def _wanted(request: pytest.FixtureRequest, mark: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a test's mark."""
    found = request.node.get_closest_marker(mark)
    return (found.args, dict(found.kwargs)) if found else ((), {})


@pytest.fixture
def clock() -> OnLoop[Clock]:
    """The clock of the test's loop."""
    return OnLoop(lambda loop: nullcontext(loop.clock))


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> OnLoop[Cluster]:
    """An API server in this process, under the faults of the mark `faults`.

    An indirect parameter names another way to one: see `support.clusters.WAYS`.
    """
    texts, options = _wanted(request, "faults")
    if texts:
        return OnLoop(lambda loop: faulty_cluster(loop.clock, *texts, **options))
    way = getattr(request, "param", "in process")
    if way == "real" and request.node.get_closest_marker("cluster"):
        pytest.skip("how a real API server is set up is not ours to choose")
    _, options = _wanted(request, "cluster")
    return OnLoop(lambda loop: WAYS[way](loop.clock, **options), way != "in process")


@pytest.fixture
def hollow(request: pytest.FixtureRequest) -> OnLoop[Hollow]:
    """Hollow controllers and nodes at work on an API server in this process."""
    _, options = _wanted(request, "hollow")
    return OnLoop(lambda loop: hollow_cluster(loop.clock, **options))
