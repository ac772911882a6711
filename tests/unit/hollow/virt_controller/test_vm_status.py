"""A VM's status: printable word, conditions, start failures, requests; equal in, equal out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from virtslo.hollow.virt_controller.vm_status import (
    Awaited,
    Failure,
    backoff_seconds,
    next_status,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING = Awaited()


def _vm(strategy: str = "Always", **more: Any) -> dict[str, Any]:
    metadata = {"name": "a", "uid": "1", "generation": 1, **more.pop("metadata", {})}
    return {"metadata": metadata, "spec": {"runStrategy": strategy}, **more}


def _vmi(phase: str, *conditions: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    annotations = {"kubevirt.io/vm-generation": "1"}
    return {
        "metadata": {"name": "a", "uid": "2", "annotations": annotations, **metadata},
        "status": {"phase": phase, "conditions": list(conditions)},
    }


def _next(vm: dict[str, Any], vmi: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    given = {"failure": None, "awaited": NOTHING, "now": NOW, **more}
    return next_status(vm, vmi, **given)


UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
PAUSED = {"type": "Paused", "status": "True"}
PULLING = {"type": "Synchronized", "status": "False", "reason": "ErrImagePull"}
READY = {"type": "Ready", "status": "True"}


@pytest.mark.parametrize(
    ("vmi", "expected"),
    [
        (None, "Stopped"),
        (_vmi("Pending"), "Starting"),
        (_vmi("Scheduling", UNSCHEDULABLE), "ErrorUnschedulable"),
        (_vmi("Scheduling", PULLING), "ErrImagePull"),
        (_vmi("Scheduled"), "Starting"),
        (_vmi("Running"), "Running"),
        (_vmi("Running", PAUSED), "Paused"),
        (_vmi("Running", deletionTimestamp="now"), "Stopping"),
        (_vmi("Succeeded"), "Stopped"),
    ],
)
def test_the_printable_status_is_the_first_that_applies(
    vmi: dict[str, Any] | None, expected: str
) -> None:
    assert _next(_vm("Manual"), vmi)["printableStatus"] == expected


def test_a_deleted_vm_terminates_whatever_its_vmi_does() -> None:
    vm = _vm(metadata={"deletionTimestamp": "now"})

    assert _next(vm, _vmi("Running"))["printableStatus"] == "Terminating"


def test_a_start_that_is_awaited_shows() -> None:
    status = _next(_vm(), None, awaited=Awaited(start=True))

    assert status["printableStatus"] == "Starting"


def test_the_status_of_a_status_is_itself() -> None:
    vmi = _vmi("Running", READY)
    once = _next(_vm(), vmi)

    assert _next(_vm(status=once), vmi) == once


def test_a_condition_that_says_the_same_keeps_its_time() -> None:
    once = _next(_vm(), None)
    again = _next(_vm(status=once), None, now=datetime(2026, 1, 2, tzinfo=UTC))

    assert again["conditions"] == once["conditions"]


def test_what_the_vmi_no_longer_says_the_vm_no_longer_says() -> None:
    once = _next(_vm(), _vmi("Scheduling", UNSCHEDULABLE))
    again = _next(_vm(status=once), _vmi("Running", READY))

    assert [item["type"] for item in again["conditions"]] == ["Ready"]
    assert again["ready"] is True


def test_a_failure_is_told_and_taken_back() -> None:
    failed = _next(_vm(), None, failure=Failure("FailedCreate", "no"))
    assert {"Failure", "Ready"} == {item["type"] for item in failed["conditions"]}

    healed = _next(_vm(status=failed), None)
    assert [item["type"] for item in healed["conditions"]] == ["Ready"]


def test_each_failed_start_is_counted_once_and_waited_for_longer() -> None:
    first = _next(_vm(), _vmi("Failed"))
    same = _next(_vm(status=first), _vmi("Failed"))
    second = _next(_vm(status=first), {**_vmi("Failed"), "metadata": {"uid": "3"}})

    assert first["startFailure"]["consecutiveFailCount"] == 1
    assert same["startFailure"] == first["startFailure"]
    assert second["startFailure"]["consecutiveFailCount"] == 2
    assert 10 <= backoff_seconds(first, NOW) <= 15
    assert 40 <= backoff_seconds(second, NOW) <= 60
    assert _next(_vm(status=second), None)["printableStatus"] == "CrashLoopBackOff"


def test_a_vmi_that_ran_clears_the_count() -> None:
    failed = _next(_vm(), _vmi("Failed"))
    vmi = _vmi("Running")
    vmi["status"]["phaseTransitionTimestamps"] = [{"phase": "Running"}]

    assert "startFailure" not in _next(_vm(status=failed), vmi)


def test_a_request_that_is_done_is_dropped() -> None:
    vm = _vm("Manual", status={"stateChangeRequests": [{"action": "Start"}]})

    assert "stateChangeRequests" not in _next(vm, _vmi("Pending"))
    assert "stateChangeRequests" in _next(vm, None)


def test_a_new_message_alone_is_no_change_of_a_condition() -> None:
    first = _next(_vm(), _vmi("Scheduling", {**UNSCHEDULABLE, "message": "0/2 nodes"}))
    after = _next(_vm(status=first), _vmi("Scheduling", {**UNSCHEDULABLE, "message": "0/3 nodes"}))

    assert after == first
