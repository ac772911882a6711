"""The word for a pod's state, with the real order of precedence."""

from typing import Any

import pytest

from virtslo.sim.http.pod_columns import pod_status, ready_containers, restarts


def pod(status: Any, *, deleted: bool = False, **spec: Any) -> dict[str, Any]:
    metadata = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleted else {}
    return {"metadata": metadata, "spec": spec, "status": status}


def waiting(reason: str) -> dict[str, Any]:
    return {"name": "a", "state": {"waiting": {"reason": reason}}}


def ended(code: int, reason: str = "") -> dict[str, Any]:
    state: dict[str, Any] = {"exitCode": code}
    if reason:
        state["reason"] = reason
    return {"name": "a", "state": {"terminated": state}}


RUNNING: Any = {"name": "a", "ready": True, "state": {"running": {}}}
INIT: Any = {"initContainers": [{"name": "a"}, {"name": "b"}]}


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (pod({}), "Unknown"),
        (pod({"phase": "Pending"}), "Pending"),
        (pod({"phase": "Failed", "reason": "Evicted"}), "Evicted"),
        (pod({"phase": "Running", "containerStatuses": [RUNNING]}), "Running"),
        (
            pod({"phase": "Pending", "containerStatuses": [waiting("ContainerCreating")]}),
            "ContainerCreating",
        ),
        (pod({"phase": "Running", "containerStatuses": [ended(1)]}), "ExitCode:1"),
        (pod({"phase": "Failed", "containerStatuses": [ended(1, "Error")]}), "Error"),
        (
            pod({"phase": "Running", "containerStatuses": [ended(0, "Completed"), RUNNING]}),
            "Running",
        ),
        (pod({"phase": "Pending", "initContainerStatuses": [waiting("")]}, **INIT), "Init:0/2"),
        (
            pod({"phase": "Pending", "initContainerStatuses": [ended(0), waiting("")]}, **INIT),
            "Init:1/2",
        ),
        (pod({"phase": "Pending", "initContainerStatuses": [ended(2)]}, **INIT), "Init:ExitCode:2"),
        (
            pod(
                {"phase": "Pending", "initContainerStatuses": [waiting("CrashLoopBackOff")]}, **INIT
            ),
            "Init:CrashLoopBackOff",
        ),
        (
            pod(
                {
                    "phase": "Pending",
                    "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}],
                }
            ),
            "SchedulingGated",
        ),
        (pod({"phase": "Running", "containerStatuses": [RUNNING]}, deleted=True), "Terminating"),
        (pod({"phase": "Succeeded"}, deleted=True), "Succeeded"),
        (pod({"phase": "Running", "reason": "NodeLost"}, deleted=True), "Unknown"),
    ],
)
def test_a_pod_is_in_the_state_that_matters_most(found: dict[str, Any], word: str) -> None:
    assert pod_status(found) == word


def test_sidecars_count_among_the_containers() -> None:
    found = pod(
        {
            "containerStatuses": [{"name": "main", "ready": True}],
            "initContainerStatuses": [
                {"name": "log", "ready": True},
                {"name": "once", "ready": False},
            ],
        },
        containers=[{"name": "main"}],
        initContainers=[{"name": "log", "restartPolicy": "Always"}, {"name": "once"}],
    )

    assert ready_containers(found) == "2/2"


def test_restarts_are_summed() -> None:
    assert restarts(pod({"containerStatuses": [{"restartCount": 2}, {"restartCount": 3}]})) == "5"
    assert restarts(pod({})) == "0"
