"""What a trusted writer sends back with the stored metadata is stored as anyone else's write is."""

from typing import Any

import pytest

from support.bodies import machine
from support.clusters import USER, new_server
from virtslo.base.clock import Clock
from virtslo.base.errors import BadRequest, Conflict, Invalid
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import VMIS
from virtslo.ports.kube_api import KubeApi
from virtslo.sim.direct import DirectTransport


def writer(clock: Clock, *, is_trusted: bool) -> KubeApi:
    server = new_server(clock)
    return KubeApi(DirectTransport(server, USER, is_trusted=is_trusted))


@pytest.mark.parametrize(
    "changes",
    [{}, {"status": {"phase": "Scheduling"}}, {"status": None}],
    ids=["nothing", "status", "no status"],
)
async def test_the_store_holds_the_same_whoever_writes(
    clock: Clock, changes: dict[str, Any]
) -> None:
    left: list[Object] = []
    for is_trusted in (True, False):
        api = writer(clock, is_trusted=is_trusted)
        made = await api.create(VMIS, machine("a"))
        answer = await api.update(VMIS, {**made, **changes})
        assert answer == await api.get(VMIS, "a", namespace="default")
        left.append(answer)

    assert left[0] == left[1]


async def test_another_kind_or_version_is_refused_with_stored_metadata_too(clock: Clock) -> None:
    api = writer(clock, is_trusted=True)
    made = await api.create(VMIS, machine("a"))

    with pytest.raises(Invalid):
        await api.update(VMIS, {**made, "kind": "VirtualMachine"})
    with pytest.raises(BadRequest):
        await api.update(VMIS, {**made, "apiVersion": "kubevirt.io/v2"})


async def test_metadata_of_before_another_write_are_a_conflict(clock: Clock) -> None:
    api = writer(clock, is_trusted=True)
    made = await api.create(VMIS, machine("a"))
    await api.update(VMIS, {**made, "status": {"phase": "Scheduling"}})

    with pytest.raises(Conflict):
        await api.update(VMIS, {**made, "status": {"phase": "Running"}})
