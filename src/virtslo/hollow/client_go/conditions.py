"""Conditions of a status, replaced without changing the list they are in."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import Answering, KubeApi, PatchType

Condition = Mapping[str, Any]


def find_condition(status: Mapping[str, Any], name: str) -> Condition | None:
    """The condition of a type, if there is one."""
    conditions: Sequence[Condition] = status.get("conditions") or ()
    for condition in conditions:
        if condition["type"] == name:
            return condition
    return None


def with_condition(conditions: Sequence[Condition] | None, condition: Condition) -> list[Condition]:
    """The conditions with one of them replaced, or added at the end."""
    kept = [item for item in conditions or () if item["type"] != condition["type"]]
    return [*kept, condition]


@lru_cache(maxsize=256)
def not_ready(reason: str, message: str, now: str) -> Condition:
    """The condition `Ready`, with why it is false: one for all objects of a second."""
    return {
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "message": message,
        "reason": reason,
        "status": "False",
        "type": "Ready",
    }


def patch_condition(api: KubeApi, pod: Object, condition: Condition) -> Answering:
    """The call that writes one condition into a pod's status, beside those that are there."""
    metadata = pod["metadata"]
    return api.patch(
        resources.PODS,
        metadata["name"],
        {"status": {"conditions": [condition]}},
        patch_type=PatchType.STRATEGIC,
        namespace=metadata["namespace"],
        subresource="status",
    )
