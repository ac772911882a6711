"""What a node has room for, as kube-scheduler looks at it. Pure.

Invariant: a pod that a node refuses is refused for one reason, the first that kube-scheduler's
filters come to, in its words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from virtslo.hollow.kubernetes.affinity import BESIDE, accepts_node
from virtslo.hollow.kubernetes.tolerations import CORDONED, Taint
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.pod_requests import node_amounts

UNSCHEDULABLE: Final = "node(s) were unschedulable"
TAINTED: Final = "node(s) had untolerated taint"
UNMATCHED: Final = "node(s) didn't match Pod's node affinity/selector"
NOT_HELPFUL: Final = (UNSCHEDULABLE, TAINTED, UNMATCHED, BESIDE)
"""How reasons begin that no preemption can help with."""
_DEFAULT_PODS: Final = 110


@dataclass(slots=True)
class NodeResources:
    """What a node can hold, and what it holds."""

    name: str
    limits: Mapping[str, int]
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    """What keeps pods away that do not tolerate it."""
    used: dict[str, int] = field(default_factory=dict)
    pods: int = 0

    def lacks(
        self,
        wanted: Mapping[str, int],
        selector: Mapping[str, str],
        terms: Iterable[Mapping[str, Any]] | None = None,
        tolerations: Sequence[Mapping[str, Any]] = (),
    ) -> str | None:
        """Why a pod does not fit; None if it does. `terms` is what its node affinity requires."""
        for taint in self.taints:
            if not taint.is_tolerated(tolerations):
                return _repelled(taint)
        if selector and not selector.items() <= self.labels.items():
            return UNMATCHED
        if terms is not None and not accepts_node(terms, self.name, self.labels):
            return UNMATCHED
        if self.pods + 1 > self.limits.get("pods", _DEFAULT_PODS):
            return "Too many pods"
        for name, amount in wanted.items():
            if self.used.get(name, 0) + amount > self.limits.get(name, 0):
                return f"Insufficient {name}"
        return None

    def take(self, wanted: Mapping[str, int], sign: int) -> None:
        """A pod came (1) or went (-1)."""
        self.pods += sign
        for name, amount in wanted.items():
            self.used[name] = self.used.get(name, 0) + sign * amount

    def change(
        self, limits: Mapping[str, int], labels: Mapping[str, str], taints: tuple[Taint, ...]
    ) -> bool:
        """The node has changed; whether it may now hold what it could not."""
        is_wider = any(limit > self.limits.get(name, 0) for name, limit in limits.items())
        is_open = bool(self.taints) and taints != self.taints
        is_other = labels != self.labels
        self.limits, self.labels, self.taints = limits, labels, taints
        return is_wider or is_open or is_other


class NodeLimits:
    """What nodes can hold of each resource, read once for nodes that have it in common."""

    def __init__(self) -> None:
        self._last: tuple[Any, Mapping[str, int]] | None = None

    def of(self, node: Object) -> Mapping[str, int]:
        """What a node can hold. Raises ValueError for what cannot be read."""
        allocatable = (node.get("status") or {}).get("allocatable")
        if self._last is None or self._last[0] is not allocatable:
            self._last = (allocatable, node_amounts(allocatable, "status.allocatable"))
        return self._last[1]


def holds_the_same(before: Object, after: Object) -> bool:
    """Whether a change of a node, such as a heartbeat, left alone all that a scheduler looks at.

    What a write does not name stays the very same object; its labels a heartbeat writes again.
    """
    if before.get("spec") is not after.get("spec"):
        return False
    old, new = before.get("status") or {}, after.get("status") or {}
    if old.get("allocatable") is not new.get("allocatable"):
        return False
    return bool(before["metadata"].get("labels") == after["metadata"].get("labels"))


def _repelled(taint: Taint) -> str:
    if taint.key == CORDONED:
        return UNSCHEDULABLE
    return f"{TAINTED} {{{taint.key}: {taint.value}}}"
