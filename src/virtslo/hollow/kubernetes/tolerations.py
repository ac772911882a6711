"""Taints of nodes and what pods tolerate of them, as kube-scheduler and daemonsets read both. Pure.

Invariant: a cordoned node counts as one with the taint `node.kubernetes.io/unschedulable`; taints
that only ask to be avoided repel no pod.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from virtslo.model.identifiers import Object

CORDONED: Final = "node.kubernetes.io/unschedulable"
NO_SCHEDULE: Final = "NoSchedule"
NO_EXECUTE: Final = "NoExecute"
_REPELS: Final = frozenset({NO_SCHEDULE, NO_EXECUTE})


@dataclass(frozen=True, slots=True)
class Taint:
    """What repels pods from a node."""

    key: str
    value: str
    effect: str

    def is_tolerated(self, tolerations: Iterable[Mapping[str, Any]]) -> bool:
        """Whether any of a pod's tolerations is of this taint."""
        return any(self._matches(each) for each in tolerations)

    def _matches(self, toleration: Mapping[str, Any]) -> bool:
        if toleration.get("effect") not in (None, "", self.effect):
            return False
        key = toleration.get("key") or ""
        if key and key != self.key:
            return False
        match toleration.get("operator") or "Equal":
            case "Exists":
                return True
            case "Equal":
                return bool(key) and (toleration.get("value") or "") == self.value
        return False


def taints_of(node: Object) -> tuple[Taint, ...]:
    """The taints that repel pods, the cordon first."""
    spec = node.get("spec") or {}
    cordon = (Taint(CORDONED, "", NO_SCHEDULE),) if spec.get("unschedulable") else ()
    return cordon + tuple(
        Taint(each["key"], each.get("value") or "", each["effect"])
        for each in spec.get("taints") or ()
        if each["effect"] in _REPELS and not (cordon and each["key"] == CORDONED)
    )
