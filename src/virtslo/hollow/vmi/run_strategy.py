"""What a VM's run strategy asks for, given its VMI: pure functions.

Invariant: a decision looks at the VM and its VMI alone; requests to start or stop are taken one at
a time, in the order in which they were made.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from virtslo.model.identifiers import Object

ALWAYS: Final = "Always"
HALTED: Final = "Halted"
MANUAL: Final = "Manual"
RERUN: Final = "RerunOnFailure"
ONCE: Final = "Once"
RECEIVER: Final = "WaitAsReceiver"

_FINAL: Final = frozenset({"Succeeded", "Failed"})


class Decision(Enum):
    """What is to be done about a VM's VMI."""

    NOTHING = "nothing"
    START = "start"
    STOP = "stop"
    STOP_AND_RERUN = "stop, and ask for another start"
    SET_RUNNING = "change the run strategy to Always"
    REFUSE_RECEIVER = "the VMI that exists is no receiver"


def run_strategy(vm: Object) -> str:
    """The run strategy, also where a VM still says `running`."""
    spec = vm["spec"]
    strategy = spec.get("runStrategy")
    if strategy:
        return str(strategy)
    return ALWAYS if spec.get("running") else HALTED


def phase_of(vmi: Object) -> str:
    """A VMI's phase; empty if it has none yet."""
    return str(vmi.get("status", {}).get("phase", ""))


def is_over(vmi: Object) -> bool:
    """Whether a VMI has ended."""
    return phase_of(vmi) in _FINAL


def first_request(vm: Object) -> Mapping[str, Any] | None:
    """The request to change state that is next."""
    requests = vm.get("status", {}).get("stateChangeRequests") or ()
    return requests[0] if requests else None


def wants_start(vm: Object) -> bool:
    """Whether a start is asked for."""
    request = first_request(vm)
    return request is not None and request.get("action") == "Start"


def wants_stop(vm: Object, vmi: Object) -> bool:
    """Whether a stop of this very VMI is asked for."""
    request = first_request(vm)
    if request is None or request.get("action") != "Stop":
        return False
    return bool(request.get("uid") == vmi["metadata"]["uid"])


def is_request_done(vm: Object, vmi: Object | None) -> bool:
    """Whether the next request has been carried out, or cannot be, and is to be dropped."""
    request = first_request(vm)
    if request is None:
        return False
    if request.get("action") == "Stop":
        return vmi is None or request.get("uid") != vmi["metadata"]["uid"]
    return vmi is not None and not vmi["metadata"].get("deletionTimestamp") and not is_over(vmi)


def decide(vm: Object, vmi: Object | None) -> Decision:
    """What the run strategy asks for now."""
    strategy = run_strategy(vm)
    if vmi is None:
        return _without_vmi(vm, strategy)
    return _with_vmi(vm, vmi, strategy)


def _without_vmi(vm: Object, strategy: str) -> Decision:
    if strategy == HALTED:
        return Decision.SET_RUNNING if wants_start(vm) else Decision.NOTHING
    if strategy == MANUAL:
        return Decision.START if wants_start(vm) else Decision.NOTHING
    if strategy == RERUN:
        is_new = vm.get("status", {}).get("runStrategy") != strategy
        return Decision.START if wants_start(vm) or is_new else Decision.NOTHING
    return Decision.START


def _with_vmi(vm: Object, vmi: Object, strategy: str) -> Decision:
    if strategy == HALTED:
        return Decision.STOP
    if strategy == ALWAYS:
        return Decision.STOP if wants_stop(vm, vmi) or is_over(vmi) else Decision.NOTHING
    if strategy == MANUAL:
        return Decision.STOP if wants_stop(vm, vmi) else Decision.NOTHING
    if strategy == RERUN:
        return _rerun(vm, vmi)
    if strategy == RECEIVER:
        annotations = vmi["metadata"].get("annotations") or {}
        is_receiver = annotations.get(RECEIVER_ANNOTATION) == "true"
        return Decision.NOTHING if is_receiver else Decision.REFUSE_RECEIVER
    return Decision.NOTHING


RECEIVER_ANNOTATION: Final = "kubevirt.io/create-migration-target"


def _rerun(vm: Object, vmi: Object) -> Decision:
    if vmi["metadata"].get("deletionTimestamp"):
        return Decision.NOTHING
    if phase_of(vmi) == "Failed":
        return Decision.STOP_AND_RERUN
    if phase_of(vmi) == "Succeeded" or wants_stop(vm, vmi):
        return Decision.STOP
    return Decision.NOTHING
