"""A replica set whose members vanish as they are made: no end of making at one moment."""

from typing import Any

from support.scripted_transport import ScriptedTransport
from virtslo.base.clock import Clock, sleep
from virtslo.hollow.client_go.api_versions import with_api_versions
from virtslo.hollow.client_go.bad_objects import BadObjects
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.process.component import Component
from virtslo.hollow.virt_controller.replica_set import (
    PAUSE_SECONDS,
    TIMES_AT_ONE_MOMENT,
    ReplicaSetController,
)
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.ports.kube_api import Call, WatchEvent

REPLICAS = 2
MOST = TIMES_AT_ONE_MOMENT * (REPLICAS + 1)
KEY = ("w", "set")


async def test_members_that_vanish_as_they_are_made_are_made_no_more_at_one_moment(
    clock: Clock,
) -> None:
    made: list[float] = []

    async def answer(call: Call) -> Object:
        if call.verb == "create" and call.resource.plural == "virtualmachineinstances":
            made.append(clock.now_ns() / 1e9)
            name = f"set{len(made)}"
            vmi = {**call.body, "metadata": {**call.body["metadata"], "name": name, "uid": name,
                                             "resourceVersion": "1"}}  # fmt: skip
            vmis.changed(WatchEvent("ADDED", vmi, 0))
            vmis.changed(WatchEvent("DELETED", vmi, 0))
            return vmi
        return replica_set()

    component = Component(Identity("v", "v", "v/1", ()), ScriptedTransport(answer), clock)
    sets, vmis = Cache(BadObjects("v")), Cache(BadObjects("v"))
    controller = ReplicaSetController(component, sets, vmis)
    sets.changed(WatchEvent("ADDED", replica_set(), 0))
    begun = clock.now_ns() / 1e9
    for _ in range(MOST):
        await controller.reconcile(KEY)

    assert made == [begun] * MOST

    await sleep(clock, PAUSE_SECONDS)
    assert await controller.queue.get() == KEY
    await controller.reconcile(KEY)

    assert made[MOST:] == [begun + PAUSE_SECONDS] * REPLICAS


def replica_set() -> dict[str, Any]:
    return dict(
        with_api_versions(
            {
                "apiVersion": "kubevirt.io/v1",
                "kind": "VirtualMachineInstanceReplicaSet",
                "metadata": {
                    "namespace": "w",
                    "name": "set",
                    "uid": "1",
                    "resourceVersion": "1",
                },
                "spec": {
                    "replicas": REPLICAS,
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {"spec": {}},
                },
            }
        )
    )
