"""A kubelet that the node authorizer refuses at first asks again soon, and other errors slowly."""

import asyncio
from typing import Any

import pytest

from support.scripted_transport import ScriptedTransport
from virtslo.base.clock import Clock
from virtslo.base.errors import ApiError, Forbidden, ServerFailure
from virtslo.hollow.client_go.bad_objects import BadObjects
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.node.host import Host
from virtslo.hollow.node.kubelet import Kubelet
from virtslo.hollow.node.machine import Machine
from virtslo.hollow.node.pod_network import PodNetwork
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.delays import Delays
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.ports.kube_api import Call, WatchEvent

POD: dict[str, Any] = {
    "metadata": {"namespace": "w", "name": "a", "uid": "1", "resourceVersion": "1"},
    "spec": {"nodeName": "n", "containers": [{"name": "compute", "image": "launcher"}]},
    "status": {"phase": "Pending"},
}


async def reads_until_answered(clock: Clock, error: ApiError, refusals: int) -> list[float]:
    """When a kubelet asked for its pod, seconds from the first time, while it was refused."""
    asked: list[float] = []

    async def answer(call: Call) -> Object:
        if call.verb == "get":
            asked.append(clock.now_ns() / 1e9)
            if len(asked) <= refusals:
                raise error
        return POD

    component = Component(Identity("k", "k", "k/1", ()), ScriptedTransport(answer), clock)
    pods = Cache(BadObjects("kubelet"))
    network = PodNetwork(["n"], pods_per_node=10)
    host = Host("n", "10.0.0.1", Machine(), network, Delays(clock, {}, 1))
    kubelet = Kubelet(component, pods, host)
    async with asyncio.TaskGroup() as group:
        kubelet.start(group)
        pods.changed(WatchEvent("ADDED", POD, 0))
    return [round(moment - asked[0], 3) for moment in asked[: refusals + 1]]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(
            Forbidden("no relationship found between node and this object"),
            [0.0, 0.02, 0.06, 0.14, 0.3, 0.62, 1.26, 2.26],
            id="refused",
        ),
        pytest.param(
            ServerFailure("etcd is away"), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], id="failed"
        ),
    ],
)
async def test_a_kubelet_asks_again(error: ApiError, expected: list[float], clock: Clock) -> None:
    found = await reads_until_answered(clock, error, len(expected) - 1)

    assert found == expected
