"""What another component answers behind the API server: which calls, and their audit log."""

import json
from typing import Any

import pytest

from virtslo.base.clock import SystemClock
from virtslo.base.errors import Conflict, ServerFailure
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.subresource_calls import SubresourceAnswer, SubresourceCall
from virtslo.model.simulated.profile import ServerProfile
from virtslo.sim.aggregation import call_of
from virtslo.sim.api_server import ApiServer

BASE = "/apis/subresources.kubevirt.io/v1"
START = f"{BASE}/namespaces/n/virtualmachines/one/start"
USER = Identity("virtctl", "somebody-else", "virtctl/v1")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", START),
        ("PUT", f"{BASE}/namespaces/n/virtualmachineinstances/one/start"),
        ("PUT", f"{BASE}/namespaces/n/virtualmachines/one/memorydump"),
        ("PUT", f"{BASE}/namespaces/n/virtualmachines/one/start/"),
        ("PUT", f"{BASE}/version"),
        ("PUT", START.replace("/v1/", "/v2/")),
    ],
)
def test_what_is_not_served_is_no_call(method: str, path: str) -> None:
    assert call_of(method, path) is None


def test_a_path_names_what_is_asked() -> None:
    older = START.replace("/v1/", "/v1alpha3/")

    assert call_of("PUT", START) == SubresourceCall("PUT", "start", "virtualmachines", "n", "one")
    assert call_of("PUT", older) == call_of("PUT", START)
    assert call_of("GET", f"{BASE}/version") == SubresourceCall("GET", "version")


async def test_every_call_is_in_the_audit_log_with_its_outcome() -> None:
    lines: list[bytes] = []
    server = ApiServer(clock=SystemClock(), seed=1, profile=ServerProfile(), audit_log=lines.append)
    call = call_of("PUT", START)
    assert call is not None

    async def answer(call: SubresourceCall) -> SubresourceAnswer:
        if call.options:
            raise Conflict("VM is already running")
        return SubresourceAnswer(202)

    with pytest.raises(ServerFailure, match="unable to handle"):
        await server.pass_on(call, START, USER)
    server.aggregation.register(answer)
    answered = await server.pass_on(call, START, USER)
    with pytest.raises(Conflict):
        await server.pass_on(
            SubresourceCall("PUT", "start", "virtualmachines", "n", "one", {"a": 1}), START, USER
        )

    events: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert answered == SubresourceAnswer(202)
    assert [event["responseStatus"]["code"] for event in events] == [503, 202, 409]
    assert {event["verb"] for event in events} == {"update"}
    assert events[1]["requestURI"] == START
    assert events[1]["objectRef"] == {
        "resource": "virtualmachines",
        "namespace": "n",
        "name": "one",
        "apiGroup": "subresources.kubevirt.io",
        "apiVersion": "v1",
        "subresource": "start",
    }
