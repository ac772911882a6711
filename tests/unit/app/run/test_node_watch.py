"""What goes on around a run: nodes that turn not ready, a date that moves on its own."""

import asyncio
from datetime import UTC, datetime, timedelta

from support.clusters import Cluster
from support.scripted_transport import ScriptedTransport
from virtslo.app.run.node_watch import Surroundings
from virtslo.base.clock import SystemClock
from virtslo.base.errors import Forbidden
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import NODES
from virtslo.model.simulated.faults import Fault
from virtslo.ports.kube_api import Call, KubeApi
from virtslo.sim.faults.request_faults import FaultPlan


class DriftingClock(SystemClock):
    """A clock whose date can be moved apart from its monotonic time."""

    is_virtual = False

    def __init__(self) -> None:
        self.elapsed = timedelta()
        self.set_ahead = timedelta()

    def now_ns(self) -> int:
        return int(self.elapsed.total_seconds() * 1e9)

    def wall(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + self.elapsed + self.set_ahead

    async def sleep_until(self, when_ns: int) -> None:
        await asyncio.sleep(0)


def node(name: str, *, is_ready: bool) -> dict[str, object]:
    conditions = [{"type": "Ready", "status": str(is_ready)}]
    return {"metadata": {"name": name}, "status": {"conditions": conditions}}


async def _set_ready(cluster: Cluster, name: str, *, is_ready: bool) -> None:
    found = await cluster.api.get(NODES, name)
    status = node(name, is_ready=is_ready)["status"]
    await cluster.api.update(NODES, {**found, "status": status}, subresource="status")


async def test_a_node_that_turns_not_ready_during_the_run_makes_it_inconclusive(
    cluster: Cluster,
) -> None:
    for name in ("a", "b"):
        await cluster.api.create(NODES, node(name, is_ready=True))
    around = Surroundings(cluster.api, cluster.clock)
    await around.begin()

    assert not list(around.findings)

    await _set_ready(cluster, "b", is_ready=False)
    await around.end()
    (finding,) = around.findings

    assert finding.code == "nodes_not_ready"
    assert "during the run: b" in finding.detail
    assert finding.inconclusive
    assert finding.touches == ("*",)


async def test_a_node_that_never_was_ready_is_told_and_does_not_spoil_the_run(
    cluster: Cluster,
) -> None:
    await cluster.api.create(NODES, node("a", is_ready=False))
    around = Surroundings(cluster.api, cluster.clock)
    await around.begin()
    await around.end()
    (finding,) = around.findings

    assert "before the run: a" in finding.detail
    assert not finding.inconclusive


def _refuse_everything(cluster: Cluster) -> None:
    fault = Fault("server-error", "server-error", {"code": 503, "rate": 1.0})
    cluster.server.faults = FaultPlan([fault])
    cluster.server.faults.begin(fault)


async def test_a_look_at_the_nodes_that_failed_is_told_and_not_taken_for_all_ready(
    cluster: Cluster,
) -> None:
    await cluster.api.create(NODES, node("a", is_ready=False))
    around = Surroundings(cluster.api, cluster.clock)
    await around.begin()
    _refuse_everything(cluster)
    await around.end()
    before, after = around.findings

    assert before.code == "nodes_not_ready"
    assert after.code == "nodes_not_read"
    assert after.detail.startswith("nodes could not be read after the run: ")
    assert "whether any became not ready is not known" in after.detail
    assert not after.inconclusive


async def test_nodes_that_were_not_seen_before_the_run_are_not_said_to_have_become_not_ready(
    cluster: Cluster,
) -> None:
    await cluster.api.create(NODES, node("a", is_ready=False))
    around = Surroundings(cluster.api, cluster.clock)
    _refuse_everything(cluster)
    await around.begin()
    cluster.server.faults = FaultPlan()
    await around.end()
    before, after = around.findings

    assert before.detail.startswith("nodes could not be read before the run: ")
    assert after.detail == "not ready after the run, and before it not known: a"
    assert after.inconclusive


async def test_that_nodes_may_not_be_listed_is_told_once_and_does_not_spoil_the_run(
    cluster: Cluster,
) -> None:
    async def refuse(call: Call) -> Object | None:
        if call.resource == NODES:
            raise Forbidden("nodes is forbidden")
        return None

    api = KubeApi(ScriptedTransport(refuse, behind=cluster.api.transport))
    around = Surroundings(api, cluster.clock)
    await around.begin()
    await around.end()
    (finding,) = around.findings

    assert finding.code == "nodes_not_read"
    assert finding.detail.endswith("before the run: listing them is not permitted")
    assert not finding.inconclusive


async def test_a_date_that_moves_apart_from_the_clock_is_told_once(cluster: Cluster) -> None:
    clock = DriftingClock()
    around = Surroundings(cluster.api, clock)
    clock.elapsed += timedelta(seconds=100)
    around.at_rest()

    assert not list(around.findings)

    clock.set_ahead += timedelta(seconds=3)
    around.at_rest()
    around.at_rest()
    (finding,) = around.findings

    assert finding.code == "clock_jump"
    assert "+3.0 s" in finding.detail
