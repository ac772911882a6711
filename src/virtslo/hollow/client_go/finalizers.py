"""Finalizers, changed as KubeVirt's controllers change them: by a JSON patch with a test.

Invariant: a patch made from a stale list fails its test (422) and changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from virtslo.model.identifiers import Object


def has_finalizer(target: Object, name: str) -> bool:
    """Whether an object carries a finalizer."""
    return name in (target["metadata"].get("finalizers") or ())


def finalizer_patch(target: Object, name: str, *, wanted: bool) -> list[dict[str, Any]]:
    """The patch that adds a finalizer, or takes it away."""
    before = target["metadata"].get("finalizers")
    others = [item for item in before or () if item != name]
    after = [*others, name] if wanted else others
    test = {"op": "test", "path": "/metadata/finalizers", "value": before}
    op = "replace" if before is not None else "add"
    return [test, {"op": op, "path": "/metadata/finalizers", "value": after}]


def without_finalizers(metadata: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    """Metadata without some finalizers; the very same if it has none of them."""
    before = metadata.get("finalizers") or ()
    kept = [item for item in before if item not in names]
    return metadata if len(kept) == len(before) else {**metadata, "finalizers": kept}
