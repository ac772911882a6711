"""The status of a pool or replica set, given what it owns: pure functions.

Invariant: a count is what was seen; a condition is written when it comes or goes, never again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from virtslo.base.clock import timestamp
from virtslo.base.errors import ClusterError
from virtslo.hollow.client_go.conditions import find_condition
from virtslo.model.identifiers import Object


def is_ready(target: Object) -> bool:
    """Whether a VM or VMI says that it is ready."""
    condition = find_condition(target.get("status") or {}, "Ready")
    return condition is not None and condition["status"] == "True"


def selector_text(selector: Mapping[str, Any]) -> str:
    """A label selector as one line, as `status.labelSelector` holds it."""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for rule in selector.get("matchExpressions") or ():
        values = ",".join(sorted(rule.get("values") or ()))
        match rule["operator"]:
            case "In":
                parts.append(f"{rule['key']} in ({values})")
            case "NotIn":
                parts.append(f"{rule['key']} notin ({values})")
            case "Exists":
                parts.append(rule["key"])
            case "DoesNotExist":
                parts.append(f"!{rule['key']}")
    return ",".join(parts)


def next_pool_status(
    owner: Object, owned: Sequence[Object], failure: ClusterError | None, now: datetime
) -> dict[str, Any]:
    """The status that a pool or replica set should have."""
    status = dict(owner.get("status") or {})
    status["labelSelector"] = selector_text(owner["spec"]["selector"])
    status["replicas"] = len(owned)
    status["readyReplicas"] = sum(1 for target in owned if is_ready(target))
    kept = [
        condition
        for condition in status.get("conditions") or ()
        if (condition["type"] == "ReplicaFailure" and failure is not None)
        or (condition["type"] == "ReplicaPaused" and owner["spec"].get("paused"))
    ]
    known = {condition["type"] for condition in kept}
    if failure is not None and "ReplicaFailure" not in known:
        kept.append(_condition("ReplicaFailure", "FailedScale", str(failure), now))
    if owner["spec"].get("paused") and "ReplicaPaused" not in known:
        kept.append(_condition("ReplicaPaused", "Paused", "Controller got paused", now))
    if kept:
        status["conditions"] = kept
    else:
        status.pop("conditions", None)
    return status


def _condition(name: str, reason: str, message: str, now: datetime) -> dict[str, Any]:
    return {
        "lastTransitionTime": timestamp(now),
        "message": message,
        "reason": reason,
        "status": "True",
        "type": name,
    }
