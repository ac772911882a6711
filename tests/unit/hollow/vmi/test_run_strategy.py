"""What a run strategy asks for: every strategy, with and without a VMI."""

from typing import Any

import pytest

from virtslo.hollow.vmi.run_strategy import Decision, decide, is_request_done, run_strategy


def _vm(strategy: str, *requests: dict[str, Any], seen: str | None = None) -> dict[str, Any]:
    status: dict[str, Any] = {"stateChangeRequests": list(requests)} if requests else {}
    if seen is not None:
        status["runStrategy"] = seen
    return {"metadata": {"name": "a"}, "spec": {"runStrategy": strategy}, "status": status}


def _vmi(phase: str, uid: str = "1", *, deleted: bool = False) -> dict[str, Any]:
    metadata = {"uid": uid, **({"deletionTimestamp": "now"} if deleted else {})}
    return {"metadata": metadata, "status": {"phase": phase}}


START = {"action": "Start"}
STOP = {"action": "Stop", "uid": "1"}


@pytest.mark.parametrize(
    ("vm", "vmi", "expected"),
    [
        (_vm("Always"), None, Decision.START),
        (_vm("Always"), _vmi("Running"), Decision.NOTHING),
        (_vm("Always"), _vmi("Succeeded"), Decision.STOP),
        (_vm("Always", STOP), _vmi("Running"), Decision.STOP),
        (_vm("Always", STOP), _vmi("Running", "2"), Decision.NOTHING),
        (_vm("Halted"), None, Decision.NOTHING),
        (_vm("Halted", START), None, Decision.SET_RUNNING),
        (_vm("Halted"), _vmi("Running"), Decision.STOP),
        (_vm("Manual"), None, Decision.NOTHING),
        (_vm("Manual", START), None, Decision.START),
        (_vm("Manual"), _vmi("Failed"), Decision.NOTHING),
        (_vm("Manual", STOP), _vmi("Running"), Decision.STOP),
        (_vm("RerunOnFailure"), None, Decision.START),
        (_vm("RerunOnFailure", seen="RerunOnFailure"), None, Decision.NOTHING),
        (_vm("RerunOnFailure", START, seen="RerunOnFailure"), None, Decision.START),
        (_vm("RerunOnFailure"), _vmi("Failed"), Decision.STOP_AND_RERUN),
        (_vm("RerunOnFailure"), _vmi("Failed", deleted=True), Decision.NOTHING),
        (_vm("RerunOnFailure"), _vmi("Succeeded"), Decision.STOP),
        (_vm("Once"), None, Decision.START),
        (_vm("Once"), _vmi("Failed"), Decision.NOTHING),
        (_vm("WaitAsReceiver"), None, Decision.START),
        (_vm("WaitAsReceiver"), _vmi("Running"), Decision.REFUSE_RECEIVER),
    ],
)
def test_a_decision_follows_strategy_requests_and_vmi(
    vm: dict[str, Any], vmi: dict[str, Any] | None, expected: Decision
) -> None:
    assert decide(vm, vmi) is expected


@pytest.mark.parametrize(
    ("vm", "vmi", "done"),
    [
        (_vm("Manual"), None, False),
        (_vm("Manual", STOP), None, True),
        (_vm("Manual", STOP), _vmi("Running", "2"), True),
        (_vm("Manual", STOP), _vmi("Running"), False),
        (_vm("Manual", START), None, False),
        (_vm("Manual", START), _vmi("Pending"), True),
        (_vm("Manual", START), _vmi("Failed"), False),
    ],
)
def test_a_request_is_dropped_when_it_is_carried_out(
    vm: dict[str, Any], vmi: dict[str, Any] | None, done: bool
) -> None:
    assert is_request_done(vm, vmi) is done


@pytest.mark.parametrize(("running", "expected"), [(True, "Always"), (False, "Halted")])
def test_running_is_understood_as_a_strategy(running: bool, expected: str) -> None:
    assert run_strategy({"spec": {"running": running}}) == expected
