"""Instancetypes and preferences that a VM names: whether they exist and leave the VM its fields.

Invariant: reads the store, changes nothing; the words are those of KubeVirt's VM webhook.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.refusals import INVALID, Cause
from virtslo.sim.storage.object_store import ObjectStore

NOT_FOUND: Final = "FieldValueNotFound"
_NAMED: Final[Mapping[str, Mapping[str, Resource]]] = {
    "instancetype": {
        "virtualmachineclusterinstancetype": resources.CLUSTER_INSTANCETYPES,
        "virtualmachineclusterinstancetypes": resources.CLUSTER_INSTANCETYPES,
        "virtualmachineinstancetype": resources.INSTANCETYPES,
        "virtualmachineinstancetypes": resources.INSTANCETYPES,
    },
    "preference": {
        "virtualmachineclusterpreference": resources.CLUSTER_PREFERENCES,
        "virtualmachineclusterpreferences": resources.CLUSTER_PREFERENCES,
        "virtualmachinepreference": resources.PREFERENCES,
        "virtualmachinepreferences": resources.PREFERENCES,
    },
}
_PROCESSORS: Final = ("sockets", "cores", "threads")


def instancetype_causes(store: ObjectStore, spec: Mapping[str, Any], namespace: str) -> list[Cause]:
    """What is wrong with what a VM's spec names; empty if there is nothing."""
    for key in _NAMED:
        cause = _missing(store, spec, key, namespace)
        if cause is not None:
            return [cause]
    if not spec.get("instancetype"):
        return []
    words = "VM field(s) {} conflicts with selected instance type"
    return [Cause(path, INVALID, words.format(path)) for path in _conflicts(spec)]


def _missing(store: ObjectStore, spec: Mapping[str, Any], key: str, namespace: str) -> Cause | None:
    matcher = spec.get(key)
    if not matcher or matcher.get("revisionName"):
        return None
    volume = matcher.get("inferFromVolume")
    if volume:
        words = f"the simulated API server infers none from volumes ({volume}): name it"
        return Cause(f"spec.{key}.inferFromVolume", NOT_FOUND, f"Failure to find {key}: {words}")
    kind = str(matcher.get("kind") or "")
    resource = _NAMED[key].get(kind.lower())
    if resource is None:
        words = f"got unexpected kind in {key.capitalize()}Matcher: {kind}"
        return Cause(f"spec.{key}", NOT_FOUND, f"Failure to find {key}: {words}")
    name = str(matcher.get("name") or "")
    place = (namespace if resource.namespaced else "", name)
    if store.get(resource, place) is not None:
        return None
    words = f'{resource.group_resource} "{name}" not found'
    return Cause(f"spec.{key}", NOT_FOUND, f"Failure to find {key}: {words}")


def _conflicts(spec: Mapping[str, Any]) -> list[str]:
    path = "spec.template.spec.domain"
    domain = (spec["template"].get("spec") or {}).get("domain") or {}
    cpu, memory = domain.get("cpu") or {}, domain.get("memory") or {}
    found = [f"{path}.cpu.{key}" for key in _PROCESSORS if cpu.get(key)]
    if memory.get("guest"):
        found.append(f"{path}.memory.guest")
    given = domain.get("resources") or {}
    for kind in ("requests", "limits"):
        values = given.get(kind) or {}
        found += [f"{path}.resources.{kind}.{key}" for key in ("cpu", "memory") if values.get(key)]
    return found
