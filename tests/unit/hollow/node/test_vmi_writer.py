"""Virt-handler's writes: read when work on them begins, a conflict tried again on a newer VMI."""

import asyncio
from typing import Any

import pytest

from support.scripted_transport import ScriptedTransport
from virtslo.base.clock import Clock
from virtslo.base.errors import Conflict
from virtslo.hollow.client_go.bad_objects import BadObjects
from virtslo.hollow.client_go.cache import Cache
from virtslo.hollow.node.vmi_writer import VmiWriter
from virtslo.hollow.process.component import Component
from virtslo.hollow.process.delays import POD_STOP, Delays
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.ports.kube_api import Call, WatchEvent


class Server:
    """Takes writes of the newest version, and notes when each came."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.newest = "1"
        self.writes: list[tuple[float, str]] = []

    async def answer(self, call: Call) -> Object:
        assert call.verb == "update"
        version = call.body["metadata"]["resourceVersion"]
        self.writes.append((self._clock.now_ns() / 1e9, version))
        if version != self.newest:
            raise Conflict("changed meanwhile")
        body: Object = call.body
        return body


def _vmi(version: str) -> dict[str, Any]:
    metadata = {"namespace": "w", "name": "a", "uid": "1", "resourceVersion": version}
    return {"metadata": metadata, "status": {}}


@pytest.mark.parametrize(
    ("changed_at", "expected"),
    [
        pytest.param(0.5, [(2.0, "2")], id="before its turn"),
        pytest.param(1.5, [(2.0, "1"), (3.005, "2")], id="while it is worked on"),
    ],
)
async def test_a_change_while_a_write_is_worked_on_is_a_conflict(
    changed_at: float, expected: list[tuple[float, str]], clock: Clock
) -> None:
    start = clock.now_ns() / 1e9
    server, vmis = Server(clock), Cache(BadObjects("virt-handler"))
    user = Identity("h", "h", "h/1", ())
    component = Component(user, ScriptedTransport(server.answer), clock)
    delays = Delays(clock, {}, 1, node_work=1.0, pod_work=1.0)
    vmis.changed(WatchEvent("ADDED", _vmi("1"), 0))
    async with asyncio.TaskGroup() as group:
        group.create_task(delays.wait_for_pod(POD_STOP, "w/b"))
        await asyncio.sleep(0)
        writing = group.create_task(VmiWriter(component, vmis, delays).write(_vmi("1"), dict))
        await asyncio.sleep(changed_at)
        server.newest = "2"
        vmis.changed(WatchEvent("MODIFIED", _vmi("2"), 0))
    assert writing.result()

    assert [(round(at - start, 3), version) for at, version in server.writes] == expected


async def test_what_a_change_leaves_as_it_is_is_not_written(clock: Clock) -> None:
    server, vmis = Server(clock), Cache(BadObjects("virt-handler"))
    user = Identity("h", "h", "h/1", ())
    component = Component(user, ScriptedTransport(server.answer), clock)
    vmis.changed(WatchEvent("ADDED", _vmi("1"), 0))
    writer = VmiWriter(component, vmis, Delays(clock, {}, 1))

    assert await writer.write(_vmi("1"), lambda vmi: vmi)
    assert server.writes == []
