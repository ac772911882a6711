"""Parts of objects of which a client makes nonsense are refused or left out, and break nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from support.bodies import machine
from support.clusters import USER, new_server
from virtslo.base.clock import Clock
from virtslo.base.errors import BadRequest, Invalid
from virtslo.model.kubernetes.resources import CONFIG_MAPS, VMIS, VMS
from virtslo.model.simulated.profile import ServerProfile
from virtslo.ports.kube_api import Call, KubeApi, PatchType
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport


def _api(clock: Clock) -> KubeApi:
    return KubeApi(DirectTransport(new_server(clock), USER))


@pytest.mark.parametrize("status", ["Running", 5, True, ["Running"]])
async def test_the_status_of_a_machine_is_an_object(clock: Clock, status: Any) -> None:
    with pytest.raises(Invalid, match="status in body must be of type object"):
        await _api(clock).create(VMIS, {**machine("a"), "status": status})


async def test_a_status_that_is_left_out_of_a_write_may_be_anything(clock: Clock) -> None:
    template = {"spec": machine("a")["spec"]}
    vm: Mapping[str, Any] = {
        "apiVersion": VMS.api_version,
        "kind": VMS.kind,
        "metadata": {"name": "a", "namespace": "default"},
        "spec": {"runStrategy": "Halted", "template": template},
        "status": "Running",
    }

    assert "status" not in await _api(clock).create(VMS, vm)


async def test_a_status_of_what_has_none_is_dropped_as_other_unknown_fields_are(
    clock: Clock,
) -> None:
    place = {"name": "a", "namespace": "default"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place, "status": "x"}

    assert "status" not in await _api(clock).create(CONFIG_MAPS, body)


async def test_an_entry_of_managed_fields_that_is_null_is_left_out(clock: Clock) -> None:
    api = _api(clock)
    place = {"name": "a", "namespace": "default"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place, "data": {"a": "b"}}
    await api.create(CONFIG_MAPS, {**body, "metadata": {**place, "managedFields": [None]}})
    query = {"fieldManager": "me", "force": "true"}
    apply = Call("patch", CONFIG_MAPS, "default", "a", None, body, PatchType.APPLY, query=query)

    managed = (await api.transport.send(apply))["metadata"]["managedFields"]
    assert [entry["manager"] for entry in managed] == ["me"]


async def test_metadata_that_are_a_text_are_refused_where_requests_take_time(clock: Clock) -> None:
    server = ApiServer(clock=clock, seed=1, profile=ServerProfile(write=0.001))
    server.set_up()
    api = KubeApi(DirectTransport(server, USER))
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    await api.create(CONFIG_MAPS, body, namespace="default")
    put = Call("update", CONFIG_MAPS, "default", "a", None, {**body, "metadata": "a"})

    with pytest.raises(BadRequest, match="cannot unmarshal string into Go struct field"):
        await api.transport.send(put)
