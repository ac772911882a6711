"""Conditions of a status, replaced without changing the list they are in."""

from collections.abc import Mapping, Sequence
from typing import Any

Condition = Mapping[str, Any]


def find_condition(status: Mapping[str, Any], name: str) -> Condition | None:
    """The condition of a type, if there is one."""
    for condition in status.get("conditions") or ():
        if condition["type"] == name:
            found: Condition = condition
            return found
    return None


def with_condition(conditions: Sequence[Condition] | None, condition: Condition) -> list[Condition]:
    """The conditions with one of them replaced, or added at the end."""
    kept = [item for item in conditions or () if item["type"] != condition["type"]]
    return [*kept, condition]
