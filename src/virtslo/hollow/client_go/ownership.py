"""Owner references: who controls whom.

Invariant: an object has at most one controller, and only the same uid is the same owner.
"""

from collections.abc import Mapping
from typing import Any

from virtslo.model.identifiers import Object


def controller_reference(owner: Object) -> dict[str, Any]:
    """The reference that makes `owner` the controller of another object."""
    metadata = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }


def controller_of(target: Object) -> Mapping[str, Any] | None:
    """The reference to an object's controller, if it has one."""
    for owner in target["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            found: Mapping[str, Any] = owner
            return found
    return None


def is_controlled_by(target: Object, owner: Object) -> bool:
    """Whether `owner` is the controller of an object."""
    reference = controller_of(target)
    return reference is not None and reference["uid"] == owner["metadata"]["uid"]
