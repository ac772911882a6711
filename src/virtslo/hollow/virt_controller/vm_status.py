"""A VM's status as virt-controller wants it, given its VMI: pure functions.

Invariant: a condition is replaced only if its status or reason changes; so the same
inputs give an equal status, and nothing is written twice.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from virtslo.base.clock import timestamp
from virtslo.hollow.client_go.conditions import Condition, find_condition, not_ready
from virtslo.hollow.virt_controller.restart_required import (
    RESTART_REQUIRED,
    needs_restart,
    restart_condition,
)
from virtslo.hollow.vmi.run_strategy import (
    ALWAYS,
    ONCE,
    RECEIVER,
    RERUN,
    is_over,
    is_request_done,
    phase_of,
    run_strategy,
)
from virtslo.model.identifiers import Object

GENERATION_ANNOTATION: Final = "kubevirt.io/vm-generation"
LONGEST_BACKOFF_SECONDS: Final = 300
UNSCHEDULABLE: Final = ("False", "Unschedulable")
_OWN: Final = frozenset({"Ready", "Failure", RESTART_REQUIRED})
_STARTING: Final = frozenset({"", "Pending", "Scheduling", "Scheduled"})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a VM could not be brought to where it should be."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """What the controller has asked for and not yet seen."""

    start: bool = False
    stop: bool = False


def next_status(
    vm: Object,
    vmi: Object | None,
    *,
    failure: Failure | None,
    awaited: Awaited,
    now: datetime,
    revision: Object | None = None,
) -> dict[str, Any]:
    """The status that the VM should have; `revision` remembers what its VMI was started with."""
    status = dict(vm.get("status") or {})
    _set(status, "created", vmi is not None)
    _set(status, "ready", vmi is not None and _is_true(vmi, "Ready"))
    if vmi is not None:
        observed = (vmi["metadata"].get("annotations") or {}).get(GENERATION_ANNOTATION)
        if observed is not None:
            status["observedGeneration"] = int(observed)
            status["desiredGeneration"] = vm["metadata"].get("generation", 1)
    if status.get("runStrategy") or vmi is not None:
        status["runStrategy"] = run_strategy(vm)
    if is_request_done(vm, vmi):
        status["stateChangeRequests"] = list(status["stateChangeRequests"])[1:]
        if not status["stateChangeRequests"]:
            del status["stateChangeRequests"]
    _count_start_failures(status, vm, vmi, now)
    conditions = _conditions(vm, vmi, failure, timestamp(now))
    is_known = any(each["type"] == RESTART_REQUIRED for each in conditions)
    if vmi is not None and not is_known and needs_restart(vm, vmi, revision):
        conditions.append(restart_condition(timestamp(now)))
    status["conditions"] = conditions
    status["printableStatus"] = printable_status(vm, vmi, status, awaited)
    return status


def printable_status(
    vm: Object, vmi: Object | None, status: Mapping[str, Any], awaited: Awaited
) -> str:
    """The one word that people see; the first that applies, in KubeVirt's order."""
    if vm["metadata"].get("deletionTimestamp"):
        return "Terminating"
    if vmi is not None and not is_over(vmi):
        return _alive(vmi, awaited)
    if vmi is None and awaited.start:
        return "Starting"
    if _is_backing_off(vm, status):
        return "CrashLoopBackOff"
    if vmi is None and run_strategy(vm) == RECEIVER:
        return "WaitingForReceiver"
    return "Stopped"


def _alive(vmi: Object, awaited: Awaited) -> str:
    phase = phase_of(vmi)
    if vmi["metadata"].get("deletionTimestamp") or awaited.stop:
        return "Stopping"
    if _is_migrating(vmi):
        return "Migrating"
    if phase == "Running":
        return "Paused" if _is_true(vmi, "Paused") else "Running"
    placed = find_condition(vmi["status"], "PodScheduled")
    if placed is not None and (placed["status"], placed.get("reason")) == UNSCHEDULABLE:
        return "ErrorUnschedulable"
    synchronized = find_condition(vmi["status"], "Synchronized")
    if synchronized is not None and synchronized["status"] == "False":
        reason = synchronized.get("reason", "")
        if reason in {"ErrImagePull", "ImagePullBackOff"}:
            return str(reason)
        if reason == "FailedPvcNotFound":
            return "ErrorPvcNotFound"
    if phase in _STARTING:
        return "Starting"
    return "WaitingForReceiver" if phase == "WaitingForSync" else "Unknown"


def backoff_seconds(status: Mapping[str, Any], now: datetime) -> float:
    """How long a start is still to wait after failures, seconds; 0 if it may go."""
    failure = status.get("startFailure")
    if not failure:
        return 0.0
    due = datetime.fromisoformat(failure["retryAfterTimestamp"])
    return max(0.0, (due - now.replace(microsecond=0)).total_seconds())


def _count_start_failures(
    status: dict[str, Any], vm: Object, vmi: Object | None, now: datetime
) -> None:
    """Count VMIs that failed before they ran; one that ran, or no restart, clears the count."""
    restarts = run_strategy(vm) in {ALWAYS, RERUN, ONCE}
    if not restarts or (vmi is not None and _has_run(vmi)):
        status.pop("startFailure", None)
        return
    if vmi is None or not is_over(vmi):
        return
    known = status.get("startFailure") or {}
    uid = vmi["metadata"]["uid"]
    if known.get("lastFailedVMIUID") == uid:
        return
    count = known.get("consecutiveFailCount", 0) + 1
    delay = 10 * count**2
    delay += random.Random(f"{uid}:{count}").randrange(delay // 2 + 1)
    due = now + timedelta(seconds=min(delay, LONGEST_BACKOFF_SECONDS))
    status["startFailure"] = {
        "consecutiveFailCount": count,
        "lastFailedVMIUID": uid,
        "retryAfterTimestamp": timestamp(due),
    }


def _conditions(
    vm: Object, vmi: Object | None, failure: Failure | None, now: str
) -> list[Condition]:
    before: Sequence[Condition] = (vm.get("status") or {}).get("conditions") or ()
    conditions = {condition["type"]: condition for condition in before}
    _keep_or_replace(conditions, _ready(vmi, now))
    if failure is None:
        conditions.pop("Failure", None)
    else:
        _keep_or_replace(conditions, _failed(failure, now))
    if vmi is None:
        conditions.pop(RESTART_REQUIRED, None)
        return list(conditions.values())
    theirs = vmi["status"].get("conditions") or ()
    known = {condition["type"] for condition in theirs}
    for condition in theirs:
        if condition["type"] not in _OWN:
            _keep_or_replace(conditions, condition)
    return [item for name, item in conditions.items() if name in _OWN or name in known]


def _keep_or_replace(conditions: dict[str, Condition], wanted: Condition) -> None:
    current = conditions.get(wanted["type"])
    if current is not None and all(
        current.get(key) == wanted.get(key) for key in ("status", "reason")
    ):
        return
    conditions[wanted["type"]] = wanted


def _ready(vmi: Object | None, now: str) -> Condition:
    if vmi is None:
        reason, message = "VMINotExists", "VMI does not exist"
    else:
        theirs = find_condition(vmi["status"], "Ready")
        if theirs is not None:
            return theirs
        reason, message = "VMIConditionMissing", "VMI is missing the Ready condition"
    return not_ready(reason, message, now)


def _failed(failure: Failure, now: str) -> Condition:
    return {
        "lastTransitionTime": now,
        "message": failure.message,
        "reason": failure.reason,
        "status": "True",
        "type": "Failure",
    }


def _is_backing_off(vm: Object, status: Mapping[str, Any]) -> bool:
    failures = (status.get("startFailure") or {}).get("consecutiveFailCount", 0)
    return failures > 0 and run_strategy(vm) in {ALWAYS, RERUN, ONCE}


def _is_migrating(vmi: Object) -> bool:
    state = vmi["status"].get("migrationState")
    return bool(state) and not state.get("completed") and not state.get("failed")


def _has_run(vmi: Object) -> bool:
    stamps = vmi["status"].get("phaseTransitionTimestamps") or ()
    return any(stamp["phase"] == "Running" for stamp in stamps)


def _is_true(vmi: Object, name: str) -> bool:
    condition = find_condition(vmi["status"], name)
    return condition is not None and condition["status"] == "True"


def _set(status: dict[str, Any], key: str, value: bool) -> None:
    """A flag that is left out when it is not set, as the real one is."""
    if value:
        status[key] = True
    else:
        status.pop(key, None)
