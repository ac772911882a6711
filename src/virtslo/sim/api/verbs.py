"""Which verbs a resource and its subresources take, and of what kind their bodies are.

Invariant: what discovery lists is what is served.
"""

from collections.abc import Mapping
from typing import Final

from virtslo.model.kubernetes.resources import NAMESPACES, Resource
from virtslo.model.kubernetes.review_resources import REVIEWS
from virtslo.model.kubernetes.subresource_bodies import BODIES

_OF_OBJECTS: Final = (
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
)
_ONE_BY_ONE: Final = tuple(verb for verb in _OF_OBJECTS if verb != "deletecollection")
"""Of namespaces: no request removes them all."""
_OF_REVIEWS: Final = ("create",)
_REVIEWS: Final = frozenset(REVIEWS)
_OF_SUBRESOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "status": ("get", "patch", "update"),
    "scale": ("get", "patch", "update"),
    "finalize": ("update",),
    "binding": ("create",),
    "eviction": ("create",),
    "token": ("create",),
}


def is_review(resource: Resource) -> bool:
    """Whether a resource is a question, answered and not kept."""
    return resource in _REVIEWS


def verbs_of(resource: Resource, subresource: str | None = None) -> tuple[str, ...]:
    """The verbs that may be used, in alphabetical order."""
    if subresource is not None:
        return _OF_SUBRESOURCES[subresource]
    if resource in _REVIEWS:
        return _OF_REVIEWS
    return _ONE_BY_ONE if resource is NAMESPACES else _OF_OBJECTS


def kind_of_body(resource: Resource, subresource: str) -> tuple[str, str, str]:
    """Group, version and kind of what a subresource takes and gives."""
    body = BODIES.get(subresource, resource)
    return body.group, body.version, body.kind
