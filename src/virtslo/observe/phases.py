"""The facts in a raw object: its phase, its readiness, its node, whose it is.

Invariant: kinds differ as data, not as code; an object is read and never kept.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from virtslo.base.units import whole_number
from virtslo.model.identifiers import INDEX_LABEL, RUN_LABEL, STAGE_LABEL, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.run.observations import Fact


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What one object says of itself."""

    uid: str
    namespace: str
    name: str
    phase: str | None
    is_ready: bool
    is_deleting: bool
    node: str | None
    owner_uid: str | None
    index: int | None
    stage: str | None
    run: str | None
    is_paused: bool = False
    migration: str | None = None
    """The uid of the last live migration that came to its end."""
    has_migration_failed: bool = False
    """Whether that one failed."""
    index_label: str | None = None
    """What `index` was read of."""


NEW: Final = Facts("", "", "", None, False, False, None, None, None, None, None)
"""Of an object of which nothing is known yet."""

State = tuple[str | None, bool, bool, str | None, bool]
"""What a status says: the phase, whether the object is ready, and paused, the last migration that
came to its end, and whether that failed."""


def _state_of_vmi(status: Mapping[str, Any]) -> State:
    is_ready = is_paused = False
    for condition in status.get("conditions") or ():
        if condition.get("status") == "True":
            kind = condition.get("type")
            if kind == "Ready":
                is_ready = True
            elif kind == "Paused":
                is_paused = True
    state = status.get("migrationState")
    migration, has_failed = _migration(state) if state else (None, False)
    return status.get("phase") or None, is_ready, is_paused, migration, has_failed


def _state_of_pod(status: Mapping[str, Any]) -> State:
    is_ready = False
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Ready" and condition.get("status") == "True":
            is_ready = True
    return status.get("phase") or None, is_ready, False, None, False


def _state_of_vm(status: Mapping[str, Any]) -> State:
    return status.get("printableStatus") or None, bool(status.get("ready")), False, None, False


def _no_state(_: Mapping[str, Any]) -> State:
    return None, False, False, None, False


READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], State]]] = {
    resources.VMIS.plural: _state_of_vmi,
    resources.PODS.plural: _state_of_pod,
    resources.VMS.plural: _state_of_vm,
    resources.VM_POOLS.plural: _no_state,
    resources.VMI_REPLICA_SETS.plural: _no_state,
}
"""How a resource's state is read from its status."""
_NOTHING: Final[Mapping[str, Any]] = {}


def facts_of(resource: Resource, target: Object, known: Facts = NEW) -> Facts:
    """Read an object; what is `known` of it already need not be made again."""
    metadata = target["metadata"]
    status = target.get("status") or _NOTHING
    labels = metadata.get("labels") or _NOTHING
    phase, is_ready, is_paused, migration, has_failed = READERS[resource.plural](status)
    owners, label = metadata.get("ownerReferences"), labels.get(INDEX_LABEL)
    index = known.index
    if label != known.index_label:
        index = None if label is None else whole_number(label)
    return Facts(
        metadata["uid"],
        metadata.get("namespace", ""),
        metadata["name"],
        phase,
        is_ready,
        "deletionTimestamp" in metadata,
        status.get("nodeName") or target.get("spec", _NOTHING).get("nodeName"),
        _controller(owners) if owners else None,
        index,
        labels.get(STAGE_LABEL),
        labels.get(RUN_LABEL),
        is_paused,
        migration,
        has_failed,
        label,
    )


def server_timestamp(target: Object, fact: Fact, phase: str | None) -> str | None:
    """The server's own stamp for a fact: whole seconds, by the server's clock."""
    metadata = target["metadata"]
    found: Any = None
    if fact == "added":
        found = metadata.get("creationTimestamp")
    elif fact == "deleting":
        found = metadata.get("deletionTimestamp")
    elif fact == "phase":
        for entry in (target.get("status") or {}).get("phaseTransitionTimestamps") or ():
            if entry.get("phase") == phase:
                found = entry.get("phaseTransitionTimestamp")
    return str(found) if found else None


def phases_passed(target: Object, before: str | None, now: str) -> Sequence[str]:
    """The phases that an object went through since one that was seen, by its own stamps.

    A watch delivers each phase; a list after a lost watch shows the last one alone, and the stamps
    say which it passed. Empty where the object has no stamps. A writer whose answer was lost stamps
    a phase twice.
    """
    stamps = (target.get("status") or {}).get("phaseTransitionTimestamps") or ()
    stamped = (entry.get("phase") for entry in stamps)
    names = list(dict.fromkeys(name for name in stamped if isinstance(name, str) and name))
    if now not in names:
        return ()
    since = names.index(before) + 1 if before in names else 0
    return names[since : names.index(now)]


def _migration(state: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The last migration that came to its end, and whether it failed."""
    if not (state.get("completed") or state.get("failed")):
        return None, False
    uid = state.get("migrationUid")
    return (uid if isinstance(uid, str) else None), bool(state.get("failed"))


def _controller(owners: Sequence[Mapping[str, Any]]) -> str | None:
    for owner in owners:
        if owner.get("controller"):
            uid: str = owner["uid"]
            return uid
    return None
