"""Which half of an object a write may change, and the subresources status, scale and binding.

Invariant: immutable fields (uid, name, creation) stay; an object that a write does not
change is the very same object.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from virtslo.base.errors import Conflict, ServerFailure
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import PODS, Resource
from virtslo.model.kubernetes.subresource_bodies import SCALES
from virtslo.sim.api.refusals import conflict, invalid, invalid_value, required, unsupported
from virtslo.sim.api.resource_rules import rules_of

_FIXED: Final = (
    "uid",
    "name",
    "namespace",
    "creationTimestamp",
    "generation",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
)
_ABSENT: Final = object()
MOST_NODES: Final = 1 << 14
"""Nodes of which the last spec that was bound to them is kept."""


def merged(
    resource: Resource, current: Object, wanted: Object, subresource: str | None
) -> tuple[Object, int | None]:
    """The object after a write of `wanted`; `current` itself if nothing changes.

    Then its generation, where the write begins another: the object is still of the one before.
    """
    rules = rules_of(resource)
    if subresource in {"status", "finalize"}:
        changed = _with_part(current, wanted, "status" if subresource == "status" else "spec")
        if subresource == "status" and rules.status_takes_metadata:
            changed = _with_metadata(resource, current, changed, wanted)
        return changed, None
    changed = _with_what_stays(current, wanted, has_status=rules.has_status)
    differing = _differing(current, changed)
    if not differing:
        return current, None
    if _bumps_generation(rules.generation, differing, current, changed):
        return changed, current["metadata"].get("generation", 0) + 1
    return changed, None


def of_generation(target: Object, generation: int | None) -> Object:
    """An object with another generation, if there is one."""
    if generation is None:
        return target
    return {**target, "metadata": {**target["metadata"], "generation": generation}}


def _with_what_stays(current: Object, wanted: Object, *, has_status: bool) -> Object:
    """What a write of the main part may not change, from the object as it is.

    `wanted` itself if it has all of that already, as what was made from the object has.
    """
    if (
        wanted.get("metadata") is current["metadata"]
        and wanted.get("kind", _ABSENT) is current.get("kind", _ABSENT)
        and wanted.get("apiVersion", _ABSENT) is current.get("apiVersion", _ABSENT)
        and (not has_status or wanted.get("status", _ABSENT) is current.get("status", _ABSENT))
    ):
        return wanted
    changed = {**wanted, "metadata": _metadata(current["metadata"], wanted.get("metadata", {}))}
    for key in ("apiVersion", "kind"):
        if key in current:
            changed[key] = current[key]
    if has_status:
        if "status" in current:
            changed["status"] = current["status"]
        else:
            changed.pop("status", None)
    return changed


def own_half(resource: Resource, config: Object, subresource: str | None) -> Object:
    """What an apply owns: without the half that its endpoint does not write.

    The same manager that applies one object by two endpoints is in no conflict with itself.
    """
    rules = rules_of(resource)
    if not rules.has_status:
        return config
    if subresource is None:
        return {key: value for key, value in config.items() if key != "status"}
    if subresource != "status":
        return config
    own = {key: value for key, value in config.items() if key != "spec"}
    if not rules.status_takes_metadata:
        metadata = config["metadata"]
        own["metadata"] = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    return own


def with_owners(target: Object, applied: Object) -> Object:
    """An object with the field owners that an apply to one of its subresources leaves."""
    owners = applied["metadata"].get("managedFields")
    if owners == target["metadata"].get("managedFields"):
        return target
    return {**target, "metadata": {**target["metadata"], "managedFields": owners}}


def _with_part(current: Object, wanted: Object, part: str) -> Object:
    """A write to a subresource changes that part alone."""
    new = wanted.get(part)
    if new is current.get(part) or new == current.get(part):
        return current
    if new is None:
        return {key: value for key, value in current.items() if key != part}
    return {**current, part: new}


def _with_metadata(resource: Resource, current: Object, changed: Object, wanted: Object) -> Object:
    """With the labels and annotations of a write of a status; a pod's owners stay."""
    metadata = _metadata(current["metadata"], wanted.get("metadata") or {})
    if resource is PODS and metadata is not current["metadata"]:
        metadata = {key: value for key, value in metadata.items() if key != "ownerReferences"}
        if "ownerReferences" in current["metadata"]:
            metadata["ownerReferences"] = current["metadata"]["ownerReferences"]
    if metadata is current["metadata"] or metadata == current["metadata"]:
        return changed
    return {**changed, "metadata": metadata}


def _metadata(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    if wanted is current:
        return current
    metadata = dict(wanted)
    if "managedFields" in current:
        metadata.setdefault("managedFields", current["managedFields"])
    for key in _FIXED:
        if key in current:
            metadata[key] = current[key]
        elif key in metadata:
            del metadata[key]
    return metadata


def _differing(current: Object, changed: Object) -> list[str]:
    """The fields that are not the same in both."""
    found = [
        key
        for key, value in changed.items()
        if value is not (old := current.get(key, _ABSENT)) and value != old
    ]
    if not current.keys() <= changed.keys():
        found += [key for key in current if key not in changed]
    return found


def _bumps_generation(
    rule: str, differing: Sequence[str], current: Object, changed: Object
) -> bool:
    """Whether a field that the rule names differs; null is the same as no field."""
    if rule == "nothing":
        return False
    for key in differing:
        is_meant = key == "spec" or (rule == "all" and key != "metadata")
        if is_meant and not (current.get(key) is None and changed.get(key) is None):
            return True
    return False


class BoundSpecs:
    """The specs of pods that are bound: pods of one template that are on one node share one."""

    def __init__(self) -> None:
        self._on: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
        """By node, the spec that was bound last, before and after."""

    def of(self, spec: Mapping[str, Any], node: str) -> Mapping[str, Any]:
        """A pod's spec with the node that the pod is bound to."""
        known = self._on.get(node)
        if known is not None and known[0] is spec:
            return known[1]
        if len(self._on) >= MOST_NODES:
            self._on.clear()
        bound_spec = {**spec, "nodeName": node}
        self._on[node] = (spec, bound_spec)
        return bound_spec


def check_target(binding: Object) -> None:
    """Refuse a Binding to no node. Raises ServerFailure, as a real server does."""
    target = binding.get("target") or {}
    kind = target.get("kind") or "Node"
    causes = [] if kind == "Node" else [unsupported("target.kind", kind, ("Node", "<empty>"))]
    if not target.get("name"):
        causes.append(required("target.name"))
    words = ", ".join(f"{cause.field}: {cause.message}" for cause in causes)
    if causes:
        raise ServerFailure(f"[{words}]" if len(causes) > 1 else words)


def bound(pod: Object, binding: Object, now: str, specs: BoundSpecs) -> Object:
    """A pod bound to the node that a Binding names. Raises Conflict if it is bound already."""
    name = pod["metadata"]["name"]
    if pod["spec"].get("nodeName"):
        raise Conflict(
            f'Operation cannot be fulfilled on pods/binding "{name}": pod {name} is already '
            f'assigned to node "{pod["spec"]["nodeName"]}"'
        )
    status = pod.get("status") or {}
    stated = filter(None, status.get("conditions") or ())
    others = [item for item in stated if item.get("type") != "PodScheduled"]
    return {
        **pod,
        "spec": specs.of(pod["spec"], binding["target"]["name"]),
        "status": {**status, "conditions": [*others, _placed(now)]},
    }


@lru_cache(maxsize=64)
def _placed(now: str) -> Mapping[str, Any]:
    """One for all pods of a second: parts of stored objects are never changed."""
    return {"type": "PodScheduled", "status": "True", "lastTransitionTime": now}


def scale_of(target: Object) -> Object:
    """The Scale of a pool or replica set."""
    metadata = target["metadata"]
    status = target.get("status", {})
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {
            key: metadata[key]
            for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
            if key in metadata
        },
        "spec": {"replicas": replicas} if (replicas := target["spec"].get("replicas", 1)) else {},
        "status": {
            "replicas": status.get("replicas", 0),
            "selector": status.get("labelSelector", ""),
        },
    }


def scaled(target: Object, scale: Object) -> Object:
    """A pool or replica set with the replicas that a Scale wants. Raises Conflict or Invalid."""
    wanted = scale["metadata"].get("resourceVersion")
    name = target["metadata"]["name"]
    if wanted and wanted != target["metadata"]["resourceVersion"]:
        raise conflict(SCALES, name)
    replicas = (scale.get("spec") or {}).get("replicas") or 0
    if replicas < 0:
        cause = invalid_value("spec.replicas", replicas, "should be a non-negative integer")
        raise invalid(SCALES, name, [cause])
    return {**target, "spec": {**target["spec"], "replicas": replicas}}
