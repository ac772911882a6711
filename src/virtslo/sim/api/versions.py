"""Older versions of KubeVirt's APIs that are served beside the stored one.

Invariant: pure; an object differs between versions in its apiVersion and in nothing else. For the
stored version the served resource *is* the resource, and objects pass untouched.
"""

from typing import Any, Final

from msgspec.structs import replace

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.other_resources import OTHERS
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.kubernetes.review_resources import REVIEWS


def served_as(resource: Resource) -> tuple[Resource, ...]:
    """A resource in every version it is served in; the first is the stored and preferred one."""
    older = resources.OLDER_VERSIONS.get(resource.group, ())
    return (resource, *(replace(resource, version=version) for version in older))


KNOWN: Final = (*resources.ALL, *OTHERS, *REVIEWS)
"""Every resource that is stored, and every one that is a question."""
SERVED: Final = tuple(served for resource in KNOWN for served in served_as(resource))
"""Every resource in every version."""


def to_stored(document: Any, resource: Resource, served: Resource) -> Any:
    """A body that came in another version, in the stored one."""
    if served is resource or not isinstance(document, dict):
        return document
    if document.get("apiVersion") != served.api_version:
        return document
    return {**document, "apiVersion": resource.api_version}


def to_served(target: Object, resource: Resource, served: Resource) -> Object:
    """An object, or a list's body, as it is given in another version."""
    if served is resource:
        return target
    if "items" in target and "kind" not in target:
        return {**target, "items": [to_served(item, resource, served) for item in target["items"]]}
    if target.get("apiVersion") != resource.api_version:
        return target
    return {**target, "apiVersion": served.api_version}
