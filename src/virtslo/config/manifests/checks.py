"""Whether a document is a manifest of the workload's kind.

Invariant: a manifest that passes is one object of that kind which says nothing about where or under
whom it lives; everything that is wrong with it is reported at once.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.errors import Problem
from virtslo.config.problems import found_text
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import OLDER_VERSIONS, Resource
from virtslo.model.plan.workload import TRAITS, Kind

_FOREIGN_METADATA: Final = {
    "ownerReferences": "an object of a load test has no owner: remove it",
    "finalizers": "a finalizer would keep the object when the run cleans up: remove it",
    "resourceVersion": "the server sets it: remove it",
    "uid": "the server sets it: remove it",
    "deletionTimestamp": "the server sets it: remove it",
}


def current(document: Object, kind: Kind) -> Object:
    """A manifest as it is sent: in the version that is asked for, without a status.

    The server itself would convert the version, which changes nothing else, and drop the status.
    """
    api_version = TRAITS[kind].resource.api_version
    if "status" not in document and document["apiVersion"] == api_version:
        return document
    sent = {key: value for key, value in document.items() if key != "status"}
    return {**sent, "apiVersion": api_version}


def manifest_problems(
    document: Any, name: str, kind: Kind, context: Mapping[str, Any]
) -> list[Problem]:
    """What keeps a document from being a manifest of the workload's kind."""
    place = f"template {name}"
    resource = TRAITS[kind].resource
    if not isinstance(document, dict):
        hint = f"a manifest begins with apiVersion: {resource.api_version}"
        return [Problem(place, found_text(document), f"a manifest of a {resource.kind}", hint)]
    problems = _type_problems(document, place, resource)
    metadata = document.get("metadata", {})
    if not isinstance(metadata, dict):
        problems.append(Problem(f"{place}: metadata", found_text(metadata), "a mapping"))
        metadata = {}
    problems += _metadata_problems(metadata, place, context)
    spec = document.get("spec")
    if not isinstance(spec, dict):
        problems.append(Problem(f"{place}: spec", found_text(spec), "a mapping"))
        return problems
    for path in TRAITS[kind].template_paths:
        problems += _label_problems(document, place, path)
    return problems


def _type_problems(document: Object, place: str, resource: Resource) -> list[Problem]:
    problems = []
    for key, expected in (("apiVersion", resource.api_version), ("kind", resource.kind)):
        found = document.get(key)
        accepted = {expected}
        if key == "apiVersion":
            older = OLDER_VERSIONS.get(resource.group, ())
            accepted |= {f"{resource.group}/{version}" for version in older}
        if not isinstance(found, str) or found not in accepted:
            hint = f"the workload's kind is {resource.kind}"
            problems.append(Problem(f"{place}: {key}", found_text(found), expected, hint))
    known = {"apiVersion", "kind", "metadata", "spec", "status"}
    problems += [
        Problem(f"{place}: {key}", "an unknown key", "apiVersion, kind, metadata or spec")
        for key in document
        if key not in known
    ]
    if not isinstance(document.get("status") or {}, dict):
        problems.append(Problem(f"{place}: status", found_text(document["status"]), "a mapping"))
    return problems


def _metadata_problems(
    metadata: Mapping[str, Any], place: str, context: Mapping[str, Any]
) -> list[Problem]:
    problems = []
    namespace = metadata.get("namespace")
    wanted = context.get("namespace")
    if namespace is not None and namespace != wanted:
        hint = "leave it out, or write it as the variable `namespace`"
        where = f"{place}: metadata.namespace"
        problems.append(Problem(where, found_text(namespace), f"{wanted!r} or nothing", hint))
    for key, hint in _FOREIGN_METADATA.items():
        if metadata.get(key):
            problems.append(Problem(f"{place}: metadata.{key}", "a value", "none", hint))
    return problems


def _label_problems(document: Object, place: str, path: tuple[str, ...]) -> list[Problem]:
    value: Any = document
    for depth, key in enumerate((*path, "labels"), start=1):
        below = value.get(key)
        if below is None:
            return []
        if not isinstance(below, dict):
            where = ".".join((*path, "labels")[:depth])
            return [Problem(f"{place}: {where}", found_text(below), "a mapping")]
        value = below
    return []
