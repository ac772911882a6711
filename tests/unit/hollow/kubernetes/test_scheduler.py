"""A pod whose binding had no answer: what the scheduler's watch has shown of it stands."""

import asyncio
from typing import Any

import pytest

from support.scripted_transport import ScriptedTransport
from virtslo.base.background import in_background
from virtslo.base.clock import Clock, sleep
from virtslo.base.errors import ConnectionLost
from virtslo.hollow.client_go.bad_objects import BadObjects
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.kubernetes.scheduler import Scheduler
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.delays import Delays
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.ports.kube_api import Call, WatchEvent

NODE: dict[str, Any] = {
    "metadata": {"name": "n", "uid": "n", "resourceVersion": "1"},
    "spec": {},
    "status": {"allocatable": {"cpu": "8", "memory": "8Gi", "pods": "1"}},
}


def pod(name: str, node: str | None = None) -> dict[str, Any]:
    version = "1" if node is None else "2"
    return {
        "metadata": {"namespace": "w", "name": name, "uid": name, "resourceVersion": version},
        "spec": {"containers": [{"name": "c"}], **({"nodeName": node} if node else {})},
        "status": {"phase": "Pending"},
    }


@pytest.mark.parametrize(
    ("is_shown", "expected"),
    [pytest.param(True, ["a"], id="shown"), pytest.param(False, ["a", "a"], id="lost")],
)
async def test_a_pod_that_was_seen_bound_keeps_its_room(
    is_shown: bool, expected: list[str], clock: Clock
) -> None:
    bound: list[str] = []

    async def answer(call: Call) -> Object:
        if call.subresource == "binding":
            assert call.name is not None
            bound.append(call.name)
            if len(bound) == 1:
                if is_shown:
                    pods.changed(WatchEvent("MODIFIED", pod("a", "n"), 0))
                raise ConnectionLost("no answer")
        return {"metadata": {"name": "x", "namespace": "w", "resourceVersion": "3"}}

    identity = Identity("s", "s", "s/1", ())
    component = Component(identity, ScriptedTransport(answer), clock)
    pods, nodes = Cache(BadObjects("s")), Cache(BadObjects("s"))
    scheduler = Scheduler(component, pods, nodes, Delays(clock, {}, 1))
    nodes.changed(WatchEvent("ADDED", NODE, 0))

    async def schedule() -> None:
        async with asyncio.TaskGroup() as group:
            scheduler.start(group)

    async with in_background(schedule):
        await asyncio.sleep(0)
        pods.changed(WatchEvent("ADDED", pod("a"), 0))
        await sleep(clock, 5.0)
        pods.changed(WatchEvent("ADDED", pod("b"), 0))
        await sleep(clock, 5.0)

    assert bound == expected
