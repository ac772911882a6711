"""Deleting objects: grace periods, finalizers, propagation, collections.

Invariant: an object with finalizers is only marked; it goes when the last one is removed. What
depends on a deleted object is the garbage collector's, which is a client like any other.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from virtslo.base.clock import Clock, timestamp
from virtslo.base.errors import BadRequest
from virtslo.model.identifiers import NamespacedName, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.options import dry_run
from virtslo.sim.api.refusals import (
    details_of,
    forbidden,
    forbidden_field,
    invalid_options,
    not_found,
    unmet_precondition,
    unsupported,
)
from virtslo.sim.api.requests import Request
from virtslo.sim.api.resource_rules import rules_of
from virtslo.sim.api.selectors import acceptance
from virtslo.sim.storage.object_store import ObjectStore, key_of

DEFAULT_GRACE_SECONDS: Final = 30
MOST_GRACE_SECONDS: Final = 10**9
"""Thirty years: what is later would be no date."""
LEAST_GRACE_SECONDS: Final = 1
"""What a negative grace period means."""
FOREGROUND: Final = "foregroundDeletion"
ORPHAN: Final = "orphan"
_FINALIZER_OF: Final[Mapping[str, str]] = {"Foreground": FOREGROUND, "Orphan": ORPHAN}
_POLICIES: Final = ("Foreground", "Background", "Orphan")
_PRECONDITIONS: Final = (
    ("uid", "UID", "deleted and then recreated"),
    ("resourceVersion", "ResourceVersion", "modified"),
)
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_TYPES: Final[Mapping[str, tuple[tuple[type, ...], str]]] = {
    "gracePeriodSeconds": ((int,), "int64"),
    "propagationPolicy": ((str,), "string"),
    "orphanDependents": ((bool,), "bool"),
    "preconditions": ((dict,), "v1.Preconditions"),
    "dryRun": ((list,), "[]string"),
}
_UNDELETABLE: Final = frozenset({"default", "kube-system", "kube-public"})
_GIVEN_BACK: Final = frozenset({"pods", "serviceaccounts", "services"})
"""What is answered with the object that went; everything else with a Status."""


class Deletion:
    """DELETE and DELETECOLLECTION on the store."""

    def __init__(self, store: ObjectStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._going: dict[NamespacedName, None] = {}
        """Pods of whose two last writes only the first was made."""

    def delete(self, request: Request, *, in_two_writes: bool = False) -> tuple[Object, bool]:
        """Delete the object a request names; the object as it is left, or a Status if it went.

        With `in_two_writes`, a pod that goes at once is only marked, with no grace left, and true
        is given beside it: `finish` is the second write. A delete by another client in between is
        answered that it is pending.
        """
        assert request.name is not None
        resource = request.resource
        key = (request.namespace or "" if resource.namespaced else "", request.name)
        current = self._store.get(resource, key)
        if current is None:
            raise not_found(resource, request.name)
        options = options_of(request)
        if resource is resources.NAMESPACES and request.name in _UNDELETABLE:
            raise forbidden(resource, request.name, "this namespace may not be deleted")
        _check_preconditions(resource, current, options.get("preconditions"))
        if dry_run(request) or options.get("dryRun"):
            return current, False
        was_going = key in self._going
        left = self._delete(resource, key, current, options, in_two_writes=in_two_writes)
        if left is not None:
            return left, not was_going and key in self._going
        return current if resource.plural in _GIVEN_BACK else _success(resource, current), False

    def delete_collection(self, request: Request) -> Object:
        """Delete what the request selects; returns a list of what was there."""
        resource = request.resource
        accepts = acceptance(request.selection, resource.plural)
        options = options_of(request)
        objects = self._store.collection(resource).objects
        chosen = [target for target in objects.values() if accepts(target)]
        if not (dry_run(request) or options.get("dryRun")):
            for target in chosen:
                self._delete(resource, key_of(target), target, options)
        return {
            "metadata": {"resourceVersion": str(self._store.resource_version)},
            "items": chosen,
        }

    def finish(self, request: Request) -> None:
        """The second write: the pod goes."""
        key = (request.namespace or "", request.name or "")
        self._going.pop(key, None)
        if self._store.get(request.resource, key) is not None:
            self._store.remove(request.resource, key)

    def changes_nothing(self, request: Request, current: Object) -> bool:
        """Whether a DELETE finds nothing to do: its object has its grace already."""
        if not rules_of(request.resource).is_graceful or key_of(current) in self._going:
            return False
        left = current["metadata"].get("deletionGracePeriodSeconds", 0)
        return bool(left) and _grace(current, options_of(request)) == left

    def is_finished(self, resource: Resource, target: Object) -> bool:
        """Whether an object that is being deleted has nothing left to wait for."""
        metadata = target["metadata"]
        if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
            return False
        if resource is resources.NAMESPACES:
            return not target.get("spec", {}).get("finalizers")
        return not (rules_of(resource).is_graceful and metadata.get("deletionGracePeriodSeconds"))

    def _delete(
        self,
        resource: Resource,
        key: NamespacedName,
        current: Object,
        options: Mapping[str, Any],
        *,
        in_two_writes: bool = False,
    ) -> Object | None:
        """The object as it is left; None if it went."""
        metadata, is_graceful = current["metadata"], rules_of(resource).is_graceful
        if is_graceful and key in self._going:
            return current
        finalizers = _finalizers(metadata, options.get("propagationPolicy"))
        grace = _grace(current, options) if is_graceful else 0
        is_held = bool(finalizers) or grace > 0 or resource is resources.NAMESPACES
        if metadata.get("deletionTimestamp"):
            shorter = grace < metadata.get("deletionGracePeriodSeconds", 0)
            if not shorter and is_held:
                return current
        if not is_held:
            if not (is_graceful and in_two_writes):
                self._store.remove(resource, key)
                return None
            self._going[key] = None
        marked: dict[str, Any] = {**current, "metadata": self._marked(metadata, grace, finalizers)}
        if resource is resources.NAMESPACES:
            marked["status"] = {**current.get("status", {}), "phase": "Terminating"}
        return self._store.put(resource, key, marked)

    def _marked(
        self, metadata: Mapping[str, Any], grace: int, finalizers: list[str]
    ) -> Mapping[str, Any]:
        when = self._clock.stamp()
        if grace:
            when = _later(when, grace)
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


@lru_cache(maxsize=64)
def _later(stamp: str, seconds: int) -> str:
    """A moment that much later: one for all pods that begin to end in a second."""
    return timestamp(datetime.fromisoformat(stamp) + timedelta(seconds=seconds))


def _grace(pod: Object, options: Mapping[str, Any]) -> int:
    """The grace that is left to a pod: once it is being deleted, only asked to be less."""
    asked = options.get("gracePeriodSeconds")
    if asked is not None and asked < 0:
        asked = LEAST_GRACE_SECONDS
    metadata = pod["metadata"]
    if metadata.get("deletionTimestamp"):
        left: int = metadata.get("deletionGracePeriodSeconds") or 0
        return left if asked is None else min(left, asked)
    is_over = pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}
    if is_over or not pod["spec"].get("nodeName"):
        return 0
    if asked is None:
        asked = pod["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_SECONDS)
    return min(int(asked), MOST_GRACE_SECONDS)


def options_of(request: Request) -> Mapping[str, Any]:
    """DeleteOptions from the body and the query; the query is the weaker. Raises Invalid."""
    options = _options_of_query(request.query) if request.query else {}
    if isinstance(request.body, dict):
        body = request.body
        # An eviction carries its options within.
        own = body.get("deleteOptions") or {} if body.get("kind") == "Eviction" else body
        options.update(_typed(own))
    return _checked(options) if options else options


def _options_of_query(query: Mapping[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    grace = query.get("gracePeriodSeconds")
    if grace is not None:
        if not _WHOLE.fullmatch(grace):
            raise BadRequest(f'strconv.ParseInt: parsing "{grace}": invalid syntax')
        options["gracePeriodSeconds"] = int(grace)
    if "propagationPolicy" in query:
        options["propagationPolicy"] = query["propagationPolicy"]
    return options


def _typed(options: Any) -> Mapping[str, Any]:
    """DeleteOptions of a body whose fields are of their types. Raises BadRequest."""
    if not isinstance(options, dict):
        raise _unreadable("deleteOptions", "v1.DeleteOptions")
    for key, (types, name) in _TYPES.items():
        value = options.get(key)
        if value is not None and type(value) not in types:
            raise _unreadable(key, name)
    grace = options.get("gracePeriodSeconds")
    if grace is not None and not -(2**63) <= grace < 2**63:
        raise _unreadable("gracePeriodSeconds", "int64")
    return options


def _unreadable(field: str, name: str) -> BadRequest:
    return BadRequest(
        f"json: cannot unmarshal into Go struct field DeleteOptions.{field} of type {name}"
    )


def _checked(options: dict[str, Any]) -> Mapping[str, Any]:
    policy, orphan = options.get("propagationPolicy"), options.get("orphanDependents")
    if policy is not None and orphan is not None:
        words = "orphanDependents and deletionPropagation cannot be both set"
        raise invalid_options("DeleteOptions", [forbidden_field("propagationPolicy", words)])
    if policy is not None and policy not in _POLICIES:
        cause = unsupported("propagationPolicy", policy, (*_POLICIES, "nil"))
        raise invalid_options("DeleteOptions", [cause])
    dry = options.get("dryRun") or []
    if any(each != "All" for each in dry):
        raise invalid_options("DeleteOptions", [unsupported("dryRun", dry, ("All",))])
    if orphan is not None:
        options["propagationPolicy"] = "Orphan" if orphan else "Background"
    return options


def _finalizers(metadata: Mapping[str, Any], policy: str | None) -> list[str]:
    finalizers = list(metadata.get("finalizers") or ())
    wanted = _FINALIZER_OF.get(policy or "")
    if wanted is not None and wanted not in finalizers and not metadata.get("deletionTimestamp"):
        finalizers.append(wanted)
    return finalizers


def _check_preconditions(
    resource: Resource, current: Object, preconditions: Mapping[str, Any] | None
) -> None:
    if not preconditions:
        return
    for key, words, why in _PRECONDITIONS:
        wanted = preconditions.get(key)
        found = current["metadata"][key]
        if wanted is not None and wanted != found:
            name = current["metadata"]["name"]
            raise unmet_precondition(resource, name, words, wanted=wanted, found=found, why=why)


def _success(resource: Resource, gone: Object) -> Object:
    metadata = gone["metadata"]
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details_of(resource, metadata["name"], uid=metadata["uid"]),
    }
