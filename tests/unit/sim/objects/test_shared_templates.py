"""Objects that share parts with one created before: what is wrong of them is still found."""

from typing import Any

import pytest

from support.clusters import USER, new_server
from virtslo.base.clock import Clock
from virtslo.base.errors import BadRequest
from virtslo.model.kubernetes.resources import PODS, Resource
from virtslo.sim.api.requests import Request, Response
from virtslo.sim.api_server import ApiServer

SPEC = {"containers": [{"name": "a", "image": "b"}]}
ODD = {"containers": [{"name": "a", "image": "b", "colour": "red"}]}


async def _create(server: ApiServer, resource: Resource, name: str, **parts: Any) -> Response:
    body = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name},
        **parts,
    }
    return await server.handle(Request("create", resource, "default", body=body, user=USER))


async def test_a_field_that_is_unknown_beside_a_shared_part_is_found(clock: Clock) -> None:
    server = new_server(clock)
    first = await _create(server, PODS, "one", spec=SPEC)

    second = await _create(server, PODS, "two", spec=SPEC, colour="red")

    assert (first.warnings, second.warnings) == ((), ('unknown field "colour"',))


async def test_an_unknown_field_in_a_shared_part_is_found_each_time(clock: Clock) -> None:
    server = new_server(clock)

    warnings = [(await _create(server, PODS, name, spec=ODD)).warnings for name in ("one", "two")]

    assert warnings == [('unknown field "spec.containers[0].colour"',)] * 2


async def test_a_wrong_type_in_a_shared_part_is_refused_each_time(clock: Clock) -> None:
    server = new_server(clock)
    wrong = {**SPEC, "priority": "high"}

    for name in ("one", "two"):
        with pytest.raises(BadRequest, match="cannot unmarshal string"):
            await _create(server, PODS, name, spec=wrong)
