"""Virtual machines of a plan that nothing starts. Pure.

Invariant: only what the manifest itself rules out is named: a VM that a run strategy starts, or
whose strategy is not known, is not.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from virtslo.base.errors import Problem
from virtslo.load.planned import PlannedObject
from virtslo.model.plan.workload import Kind

_WAITING: Final = frozenset({"Halted", "Manual", "WaitAsReceiver"})
"""Run strategies under which KubeVirt starts a VM only when it is asked to."""
_SPEC: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.VM: ("spec",),
    Kind.VMPOOL: ("spec", "virtualMachineTemplate", "spec"),
}


def never_started(objects: Iterable[PlannedObject]) -> list[Problem]:
    """A problem for each way in which objects say that nothing starts them."""
    found = Counter(
        reason for planned in objects if (reason := _reason(planned.kind, planned.template))
    )
    return [
        Problem(
            f"template: {place}",
            f"{value} (of {count} objects)",
            "a VM that runs: runStrategy Always, RerunOnFailure or Once",
            "nothing in this run starts it, and its VMI is waited for in vain",
        )
        for (place, value), count in found.items()
    ]


def _reason(kind: Kind, manifest: Mapping[str, Any]) -> tuple[str, str] | None:
    """The field that keeps a VM from starting, and its value."""
    path = _SPEC.get(kind)
    if path is None:
        return None
    spec: Any = manifest
    for key in path:
        spec = spec.get(key) if isinstance(spec, Mapping) else None
    return waiting_strategy(spec, ".".join(path))


def waiting_strategy(spec: Any, place: str = "spec") -> tuple[str, str] | None:
    """The field of a VM's spec that keeps it from starting, and its value; None: it is started."""
    if not isinstance(spec, Mapping):
        return None
    strategy = spec.get("runStrategy")
    if strategy in _WAITING:
        return f"{place}.runStrategy", str(strategy)
    if strategy is None and spec.get("running") is False:
        return f"{place}.running", "false"
    return None
