"""A run's watch begins with lists; one that never succeeds ends the run."""

import asyncio
from typing import Any, cast

import pytest

from support.clusters import Cluster
from virtslo.app.run.run_watch import RunObjects, RunWatch
from virtslo.base.errors import ClusterError
from virtslo.model.plan.workload import Kind
from virtslo.ports.kube_api import KubeApi


class NoLists:
    """An API server that answers no list."""

    async def list_objects(self, *_: Any, **__: Any) -> Any:
        raise ClusterError("GET pods: 304 Not Modified")


async def test_a_list_that_never_succeeds_ends_at_the_limit(cluster: Cluster) -> None:
    watch = RunWatch(
        cast("KubeApi", NoLists()),
        cluster.clock,
        RunObjects((Kind.VMI,), "s1"),
        origin_ns=cluster.clock.now_ns(),
        on_observation=lambda _: None,
    )
    begun_ns = cluster.clock.now_ns()
    async with asyncio.TaskGroup() as group:
        tasks = watch.start(group)
        with pytest.raises(ClusterError, match=r"could not be listed within 30 s: .*304") as caught:
            await watch.synced(30.0)
        for task in tasks:
            task.cancel()

    assert cluster.clock.now_ns() - begun_ns == 30 * 10**9
    assert "deadlines.running" in caught.value.hint
