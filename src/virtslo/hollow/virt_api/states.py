"""What virt-api asks of a VM and its VMI before it acts, and how it refuses.

Invariant: pure functions; the words are KubeVirt's.
"""

from typing import Final

from virtslo.base.errors import Conflict
from virtslo.model.identifiers import Object

VMI: Final = "virtualmachineinstance"
_OVER: Final = frozenset({"Succeeded", "Failed"})


def phase_of(vmi: Object) -> str:
    """The phase of a VMI; empty before its first."""
    return str((vmi.get("status") or {}).get("phase") or "")


def is_over(vmi: Object) -> bool:
    """Whether a VMI does not keep its VM from being started."""
    return phase_of(vmi) in _OVER or not phase_of(vmi)


def has_condition(vmi: Object, kind: str) -> bool:
    """Whether a condition of a VMI is True."""
    conditions = (vmi.get("status") or {}).get("conditions") or ()
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def refusal(name: str, words: str, kind: str = "virtualmachine") -> Conflict:
    """The answer to what the state of an object does not allow."""
    return Conflict(
        f'Operation cannot be fulfilled on {kind}.kubevirt.io "{name}": {words}',
        details={"name": name, "group": "kubevirt.io", "kind": kind},
    )
