"""What the run adds to a rendered manifest: name, namespace, labels and replicas.

Invariant: the given manifest is not changed; only the paths that differ are copied, everything
else is shared. An object's own labels stay, at every level.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from virtslo.model.identifiers import INDEX_LABEL, RUN_LABEL, STAGE_LABEL, Object
from virtslo.model.plan.workload import TRAITS, Kind

WARM_UP_VALUE: Final = "warm-up"
_PLACE: Final = frozenset({"name", "generateName", "namespace"})


@dataclass(frozen=True, slots=True)
class Placement:
    """What a run writes into one rendered manifest."""

    run_label: str
    index: int
    name: str
    namespace: str
    replicas: int | None = None
    is_warm_up: bool = False


def without_place(manifest: Object) -> Object:
    """A rendered manifest without its name and namespace, which the run writes."""
    metadata = manifest.get("metadata") or {}
    kept = {key: value for key, value in metadata.items() if key not in _PLACE}
    return {**manifest, "metadata": kept}


def prepare_manifest(manifest: Object, kind: Kind, placement: Placement) -> Object:
    """The manifest as it is sent: named, placed, and labelled down to the VMI."""
    traits = TRAITS[kind]
    name, namespace = placement.name, placement.namespace
    labels = {RUN_LABEL: placement.run_label, INDEX_LABEL: str(placement.index)}
    if placement.is_warm_up:
        labels[STAGE_LABEL] = WARM_UP_VALUE
    prepared: Mapping[str, Any] = manifest
    for path in traits.template_paths:
        prepared = _with(prepared, (*path, "labels"), labels)
    metadata = without_place(prepared)["metadata"]
    prepared = {**prepared, "metadata": {**metadata, "name": name, "namespace": namespace}}
    if traits.is_group and placement.replicas is not None:
        prepared = _with(prepared, ("spec",), {"replicas": placement.replicas})
    return prepared


def _with(value: Mapping[str, Any], path: tuple[str, ...], items: Mapping[str, Any]) -> Object:
    """A copy in which the mapping at `path` has `items` too; what is off the path is shared."""
    if not path:
        return {**value, **items}
    head, *rest = path
    below = value.get(head)
    return {**value, head: _with(below if below is not None else {}, tuple(rest), items)}
