"""Actions are the calls that virtctl makes, one to each machine, on a schedule of their own."""

from typing import Any

import pytest

from support.scenarios import planned, scenario
from support.scripted_transport import ScriptedTransport
from virtslo.base.errors import ScenarioError
from virtslo.load.operations import perform
from virtslo.model.identifiers import RUN_LABEL
from virtslo.ports.kube_api import Call, KubeApi


def plan(*actions: dict[str, Any], count: int = 3) -> Any:
    return planned(scenario("vm", count, load={"actions": list(actions)}))


def test_every_step_asks_each_machine_at_its_own_rate() -> None:
    steps = plan({"action": "stop", "rate": "2/s", "atOnce": 2}, {"action": "start"}, count=4).steps

    stops, starts = ([op.offset_ns / 1e9 for op in step.operations] for step in steps)
    assert stops == [0.0, 0.0, 0.5, 1.0]
    assert starts == [0.0] * 4
    assert [op.cycle for step in steps for op in step.operations] == [0] * 4 + [1] * 4


@pytest.mark.parametrize(
    ("step", "plural", "body"),
    [
        ({"action": "start"}, "virtualmachines", {}),
        ({"action": "start", "paused": True}, "virtualmachines", {"paused": True}),
        ({"action": "stop"}, "virtualmachines", {}),
        ({"action": "stop", "force": True}, "virtualmachines", {"gracePeriod": 0}),
        ({"action": "restart", "force": True}, "virtualmachines", {"gracePeriodSeconds": 0}),
        ({"action": "pause"}, "virtualmachineinstances", {}),
        ({"action": "unpause"}, "virtualmachineinstances", {}),
    ],
)
async def test_an_action_is_a_put_to_its_subresource(
    step: dict[str, Any], plural: str, body: dict[str, Any]
) -> None:
    (planned_step,) = plan(step).steps
    calls: list[Call] = []

    async def answer(call: Call) -> dict[str, Any]:
        calls.append(call)
        return {}

    outcome = await perform(KubeApi(ScriptedTransport(answer)), planned_step.operations[0])

    (call,) = calls
    assert call.resource.group == "subresources.kubevirt.io"
    assert (call.verb, call.resource.plural) == ("update", plural)
    assert (call.name, call.subresource, call.body) == ("vm-s1-00000", step["action"], body)
    assert outcome.error is None


async def test_a_migration_is_an_object_with_the_runs_label() -> None:
    (step,) = plan({"action": "migrate"}).steps
    calls: list[Call] = []

    async def answer(call: Call) -> dict[str, Any]:
        calls.append(call)
        return {"metadata": {"name": "x", "uid": "u"}}

    outcome = await perform(KubeApi(ScriptedTransport(answer)), step.operations[1])

    assert outcome.code == 201
    assert calls[0].resource.kind == "VirtualMachineInstanceMigration"
    assert calls[0].body["spec"] == {"vmiName": "vm-s1-00001"}
    assert calls[0].body["metadata"]["labels"] == {RUN_LABEL: "s1"}


@pytest.mark.parametrize(
    ("kind", "pattern", "step", "place"),
    [
        ("vmi", "burst", {"action": "stop"}, "load.actions"),
        ("vm", "steady-state", {"action": "stop"}, "load.actions"),
        ("vm", "burst", {"action": "pause", "force": True}, "load.actions.0.force"),
        ("vm", "burst", {"action": "stop", "paused": True}, "load.actions.0.paused"),
        ("vm", "burst", {"action": "stop", "atOnce": 5}, "load.actions.0.atOnce"),
        ("vm", "burst", {"action": "explode"}, "load.actions.0.action"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_place(
    kind: str, pattern: str, step: dict[str, Any], place: str
) -> None:
    with pytest.raises(ScenarioError) as refused:
        scenario(kind, 4, pattern, load={"actions": [step]})

    assert [problem.place for problem in refused.value.problems] == [place]
