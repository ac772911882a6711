"""Deleting objects: grace periods, finalizers, propagation, collections.

Invariant: an object with finalizers is only marked; it goes when the last one is removed. What
depends on a deleted object is the garbage collector's, which is a client like any other.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from virtslo.base.clock import Clock, timestamp
from virtslo.base.errors import Conflict, NotFound
from virtslo.model import resources
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource
from virtslo.sim.naming import details_of
from virtslo.sim.object_store import Key, ObjectStore, key_of
from virtslo.sim.requests import Request
from virtslo.sim.schemas import rules_of
from virtslo.sim.watching import acceptance

DEFAULT_GRACE_SECONDS: Final = 30
FOREGROUND: Final = "foregroundDeletion"
ORPHAN: Final = "orphan"
_FINALIZER_OF: Final[Mapping[str, str]] = {"Foreground": FOREGROUND, "Orphan": ORPHAN}


class Deletion:
    """DELETE and DELETECOLLECTION on the store."""

    def __init__(self, store: ObjectStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def delete(self, request: Request) -> Object:
        """Delete the object a request names; returns it as it is left, or a Status."""
        assert request.name is not None
        resource = request.resource
        key = (request.namespace or "" if resource.namespaced else "", request.name)
        current = self._store.get(resource, key)
        if current is None:
            raise NotFound(
                f'{resource.group_resource} "{request.name}" not found',
                details=details_of(resource, request.name),
            )
        options = options_of(request)
        _check_preconditions(resource, current, options.get("preconditions") or {})
        if "dryRun" in request.query:
            return current
        return self._delete(resource, key, current, options)

    def delete_collection(self, request: Request) -> Object:
        """Delete what the request selects; returns a list of what was there."""
        resource = request.resource
        accepts = acceptance(request.selection, resource.plural)
        options = options_of(request)
        objects = self._store.collection(resource).objects
        chosen = [target for target in objects.values() if accepts(target)]
        for target in chosen:
            self._delete(resource, key_of(target), target, options)
        return {
            "metadata": {"resourceVersion": str(self._store.resource_version)},
            "items": chosen,
        }

    def is_finished(self, resource: Resource, target: Object) -> bool:
        """Whether an object that is being deleted has nothing left to wait for."""
        metadata = target["metadata"]
        if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
            return False
        if resource is resources.NAMESPACES:
            return not target.get("spec", {}).get("finalizers")
        return not (rules_of(resource).is_graceful and metadata.get("deletionGracePeriodSeconds"))

    def _delete(
        self, resource: Resource, key: Key, current: Object, options: Mapping[str, Any]
    ) -> Object:
        metadata = current["metadata"]
        finalizers = _finalizers(metadata, options.get("propagationPolicy"))
        grace = self._grace(resource, current, options)
        is_held = bool(finalizers) or grace > 0 or resource is resources.NAMESPACES
        if metadata.get("deletionTimestamp"):
            shorter = grace < metadata.get("deletionGracePeriodSeconds", 0)
            if not shorter and is_held:
                return current
        if not is_held:
            gone = {**current, "metadata": self._marked(metadata, 0, finalizers)}
            return self._store.remove(resource, key, gone)
        marked: dict[str, Any] = {**current, "metadata": self._marked(metadata, grace, finalizers)}
        if resource is resources.NAMESPACES:
            marked["status"] = {**current.get("status", {}), "phase": "Terminating"}
        return self._store.put(resource, key, marked)

    def _grace(self, resource: Resource, current: Object, options: Mapping[str, Any]) -> int:
        if not rules_of(resource).is_graceful or not current["spec"].get("nodeName"):
            return 0
        asked = options.get("gracePeriodSeconds")
        if asked is None:
            asked = current["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_SECONDS)
        if current.get("status", {}).get("phase") in {"Succeeded", "Failed"} and asked == 0:
            return 0
        return max(0, int(asked))

    def _marked(
        self, metadata: Mapping[str, Any], grace: int, finalizers: list[str]
    ) -> Mapping[str, Any]:
        when = timestamp(self._clock.wall() + timedelta(seconds=grace))
        marked: dict[str, Any] = {
            **metadata,
            "deletionTimestamp": when,
            "deletionGracePeriodSeconds": grace,
        }
        if finalizers:
            marked["finalizers"] = finalizers
        if "generation" in metadata and not metadata.get("deletionTimestamp"):
            marked["generation"] = metadata["generation"] + 1
        return marked


def options_of(request: Request) -> Mapping[str, Any]:
    """DeleteOptions from the body and the query; the query is the weaker."""
    options: dict[str, Any] = {}
    if "gracePeriodSeconds" in request.query:
        options["gracePeriodSeconds"] = int(request.query["gracePeriodSeconds"])
    if "propagationPolicy" in request.query:
        options["propagationPolicy"] = request.query["propagationPolicy"]
    if isinstance(request.body, Mapping):
        options.update(request.body)
    return options


def _finalizers(metadata: Mapping[str, Any], policy: str | None) -> list[str]:
    finalizers = list(metadata.get("finalizers") or ())
    wanted = _FINALIZER_OF.get(policy or "")
    if wanted is not None and wanted not in finalizers and not metadata.get("deletionTimestamp"):
        finalizers.append(wanted)
    return finalizers


def _check_preconditions(
    resource: Resource, current: Object, preconditions: Mapping[str, Any]
) -> None:
    for key, words in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        wanted = preconditions.get(key)
        found = current["metadata"][key]
        if wanted is not None and wanted != found:
            name = current["metadata"]["name"]
            raise Conflict(
                f'Operation cannot be fulfilled on {resource.group_resource} "{name}": '
                f"Precondition failed: {words} in precondition: {wanted}, {words} in object meta: "
                f"{found}",
                details=details_of(resource, name),
            )
