"""The CustomResourceDefinitions by which a real server knows KubeVirt's kinds.

Invariant: derived from the resources that are served; they tell of kinds and change nothing: what
is served does not depend on them.
"""

from collections.abc import Iterator
from typing import Any

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.resource_rules import rules_of
from virtslo.sim.api.versions import served_as


def definitions(now: str) -> Iterator[Object]:
    """A definition of every custom resource, accepted and established."""
    for resource in resources.ALL:
        if rules_of(resource).is_custom:
            yield _definition(resource, now)


def _definition(resource: Resource, now: str) -> Object:
    names: dict[str, Any] = {
        "plural": resource.plural,
        "singular": resource.singular,
        "kind": resource.kind,
        "listKind": f"{resource.kind}List",
    }
    if resource.short_names:
        names["shortNames"] = list(resource.short_names)
    if resource.categories:
        names["categories"] = list(resource.categories)
    conditions = [
        {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": now}
        for kind, reason in (
            ("NamesAccepted", "NoConflicts"),
            ("Established", "InitialNamesAccepted"),
        )
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": resource.group_resource},
        "spec": {
            "group": resource.group,
            "names": names,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "versions": [_version(resource, served.version) for served in served_as(resource)],
        },
        "status": {
            "acceptedNames": names,
            "conditions": conditions,
            "storedVersions": [resource.version],
        },
    }


def _version(resource: Resource, version: str) -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    found: dict[str, Any] = {
        "name": version,
        "served": True,
        "storage": version == resource.version,
        "schema": {"openAPIV3Schema": schema},
    }
    subresources: dict[str, Any] = {}
    if "status" in resource.subresources:
        subresources["status"] = {}
    if "scale" in resource.subresources:
        subresources["scale"] = {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.labelSelector",
        }
    return {**found, "subresources": subresources} if subresources else found
