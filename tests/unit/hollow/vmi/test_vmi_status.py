"""What virt-controller makes of a VMI's condition `Ready`, given its pod."""

from typing import Any

import pytest

from virtslo.hollow.client_go.conditions import find_condition
from virtslo.hollow.vmi.vmi_status import next_vmi

NOW = "2026-01-01T00:00:09Z"
SINCE = "2026-01-01T00:00:05Z"
BEFORE = "2026-01-01T00:00:01Z"


def _pod(phase: str = "Running", **ready: str) -> dict[str, Any]:
    conditions = [{"type": "Ready", "lastTransitionTime": SINCE, **ready}] if ready else []
    return {
        "metadata": {"uid": "p"},
        "spec": {"nodeName": "n", "containers": [{"name": "compute", "image": "launcher"}]},
        "status": {"phase": phase, "conditions": conditions},
    }


def _vmi(phase: str, **ready: str) -> dict[str, Any]:
    status: dict[str, Any] = {
        "phase": phase,
        "activePods": {"p": "n"},
        "launcherContainerImageVersion": "launcher",
    }
    if ready:
        status["conditions"] = [{"type": "Ready", "lastTransitionTime": BEFORE, **ready}]
    return {"metadata": {"uid": "v"}, "spec": {}, "status": status}


def _next(vmi: dict[str, Any], pod: dict[str, Any] | None) -> Any:
    return next_vmi(vmi, pod, active={"p": "n"}, has_vm=False, now=NOW)


@pytest.mark.parametrize(
    ("phase", "pod", "reason"),
    [
        ("Running", None, "PodNotExists"),
        ("Running", _pod("Succeeded", status="True"), "PodTerminating"),
        ("Scheduled", _pod(status="True"), "GuestNotRunning"),
        ("Running", _pod(), "PodConditionMissing"),
    ],
)
def test_a_vmi_that_is_not_ready_says_why(
    phase: str, pod: dict[str, Any] | None, reason: str
) -> None:
    ready = find_condition(_next(_vmi(phase), pod)["status"], "Ready")

    assert ready is not None
    assert (ready["status"], ready["reason"]) == ("False", reason)
    assert ready["lastTransitionTime"] == ready["lastProbeTime"] == NOW
    assert ready["message"]


def test_a_vmi_that_runs_is_as_ready_as_its_pod_and_since_then() -> None:
    found = _next(_vmi("Running"), _pod(status="False", reason="Late", message="wait"))

    assert find_condition(found["status"], "Ready") == {
        "type": "Ready",
        "status": "False",
        "reason": "Late",
        "message": "wait",
        "lastProbeTime": None,
        "lastTransitionTime": SINCE,
    }


@pytest.mark.parametrize(
    ("phase", "stands", "pod"),
    [
        ("Running", {"status": "True"}, _pod(status="True")),
        ("Running", {"status": "True"}, _pod(status="True", message="still")),
        ("Scheduled", {"status": "False", "reason": "GuestNotRunning"}, _pod(status="True")),
    ],
)
def test_a_condition_that_says_the_same_is_left_alone(
    phase: str, stands: dict[str, str], pod: dict[str, Any]
) -> None:
    vmi = _vmi(phase, **stands)

    assert _next(vmi, pod) is vmi


def test_another_reason_is_a_change() -> None:
    vmi = _vmi("Running", status="False", reason="GuestNotRunning")
    found = _next(vmi, _pod(status="False"))

    assert find_condition(found["status"], "Ready") == {
        "type": "Ready",
        "status": "False",
        "lastProbeTime": None,
        "lastTransitionTime": SINCE,
    }
