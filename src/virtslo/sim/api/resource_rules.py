"""What the server must know of each resource beyond its name.

Invariant: rules are data; the handlers have no `if kind ==`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.kubernetes.subresource_bodies import BODIES
from virtslo.sim.api.refusals import BUILT_IN
from virtslo.sim.api.versions import KNOWN, served_as


@dataclass(frozen=True, slots=True)
class Rules:
    """How a resource's objects are stored and changed."""

    has_status: bool
    """Whether `/status` is a subresource, so that each write sees only its own half."""
    generation: str = "spec"
    """What bumps `metadata.generation`: `spec`, `all` (everything but metadata), or nothing."""
    is_graceful: bool = False
    """Whether a deletion first marks the object and leaves it to its node (pods)."""
    replicas_in_status: bool = False
    """Whether `/scale` is a subresource (`spec.replicas`, `status.replicas`)."""
    status_takes_metadata: bool = False
    """Whether a write of `/status` takes labels and annotations too."""
    is_custom: bool = False
    """Whether a real server knows it by a CustomResourceDefinition: an update must name the version
    it changes, and lists are values of their own."""


_GENERATION_FREE: Final = frozenset(
    {
        "namespaces",
        "nodes",
        "events",
        "configmaps",
        "secrets",
        "serviceaccounts",
        "services",
        "leases",
        "clusterrolebindings",
        "clusterroles",
        "endpoints",
        "limitranges",
        "persistentvolumeclaims",
        "persistentvolumes",
        "podtemplates",
        "resourcequotas",
        "rolebindings",
        "roles",
        "storageclasses",
        "csidrivers",
        "csinodes",
        "csistoragecapacities",
        "horizontalpodautoscalers",
        "runtimeclasses",
        "volumeattachments",
    }
)


def _rules(resource: Resource) -> Rules:
    has_status = "status" in resource.subresources
    if resource.plural in _GENERATION_FREE or resource.plural == "controllerrevisions":
        generation = "nothing"
    else:
        generation = "spec" if has_status else "all"
    return Rules(
        has_status=has_status,
        generation=generation,
        is_graceful=resource is resources.PODS,
        replicas_in_status="scale" in resource.subresources,
        status_takes_metadata=has_status
        and resource.group in BUILT_IN
        and resource is not resources.CUSTOM_RESOURCE_DEFINITIONS,
        is_custom=resource.group not in BUILT_IN,
    )


class _Known(dict[Resource, Rules]):
    """Rules by resource; one that is asked for by other names has those of its group and plural."""

    def __missing__(self, resource: Resource) -> Rules:
        return _BY_NAME[resource.group, resource.plural]


_KNOWN: Final = _Known(
    (served, _rules(resource))
    for resource in (*KNOWN, *BODIES.values())
    for served in served_as(resource)
)
_BY_NAME: Final = {(each.group, each.plural): rules for each, rules in _KNOWN.items()}

rules_of: Final[Callable[[Resource], Rules]] = _KNOWN.__getitem__
"""The rules of a resource, whatever version and by whatever names it is asked for.

No function of Python: a request asks three times.
"""
