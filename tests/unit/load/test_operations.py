"""Outcomes are data."""

import pytest

from support.scenarios import planned, scenario
from support.scripted_transport import ScriptedTransport, StoredObjects
from virtslo.base.errors import ClusterError, ConnectionLost, Forbidden
from virtslo.base.virtual_time import VirtualClock
from virtslo.load.operations import Answer, perform
from virtslo.load.planned import PlannedOperation
from virtslo.model.run.operations import CREATE, DELETE, SCALE, Verb
from virtslo.model.stage_names import RAMP_UP
from virtslo.ports.kube_api import KubeApi

PLAN = planned(scenario("vmirs", 3, warmUp={"objects": 0}))


def operation(verb: Verb, replicas: int | None = None) -> PlannedOperation:
    return PlannedOperation(verb, PLAN.objects[0], 0, RAMP_UP, replicas=replicas)


async def test_create_scale_and_delete_do_what_they_say(clock: VirtualClock) -> None:
    stored = StoredObjects(clock)
    api = KubeApi(ScriptedTransport(stored.answer))

    assert await perform(api, operation(CREATE)) == Answer(201, None, "uid-vmirs-s1-00000")
    assert (await perform(api, operation(SCALE, 1))).code == 200
    (found,) = stored.objects.values()
    assert found["spec"]["replicas"] == 1
    assert await perform(api, operation(DELETE)) == Answer(200, None, "uid-vmirs-s1-00000")
    assert stored.objects == {}


async def test_an_answer_of_the_server_is_its_code_and_reason(clock: VirtualClock) -> None:
    api = KubeApi(ScriptedTransport(StoredObjects(clock).answer))
    await perform(api, operation(CREATE))

    again = await perform(api, operation(CREATE))
    assert (again.code, again.error) == (409, "AlreadyExists")
    assert again.message
    await perform(api, operation(DELETE))
    gone = await perform(api, operation(DELETE))
    assert (gone.code, gone.error) == (404, "NotFound")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Forbidden("no"), Answer(403, "Forbidden", message="no")),
        (Forbidden("x" * 999), Answer(403, "Forbidden", message="x" * 256)),
        (ConnectionLost("reset"), Answer(None, "ConnectionLost: reset")),
        (ClusterError("no credentials"), Answer(None, "ClusterError: no credentials")),
    ],
)
async def test_failures_are_told_apart(
    error: Exception, expected: Answer, clock: VirtualClock
) -> None:
    failing = StoredObjects(clock, failure=lambda _: error)
    api = KubeApi(ScriptedTransport(failing.answer))

    assert await perform(api, operation(CREATE)) == expected
