"""Which groups, versions and resources there are, as clients discover them.

Invariant: every document is derived from the resources; what is listed here is served, and what
is served is listed here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.aggregation import group_document, resource_documents
from virtslo.sim.api.verbs import kind_of_body, verbs_of
from virtslo.sim.api.versions import SERVED
from virtslo.sim.openapi.documents import openapi_documents

_encode: Final = msgspec.json.Encoder().encode
Document = Mapping[str, Any]


class HasRawRoutes(Protocol):
    """A server that answers fixed paths."""

    @property
    def raw_routes(self) -> dict[str, Callable[[], bytes]]:
        """What each path answers."""
        ...


def install_documents(server: HasRawRoutes) -> None:
    """Serve discovery and OpenAPI documents at their paths."""
    for path, document in {**discovery_documents(), **openapi_documents()}.items():
        server.raw_routes[path] = _answer(document)


def discovery_documents() -> dict[str, Document]:
    """Each path of discovery and its document."""
    documents: dict[str, Document] = {
        "/api": {
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [],
        },
        "/apis": {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [*(_group(group) for group in _groups() if group), group_document()],
        },
        **resource_documents(),
    }
    for group in _groups():
        if group:
            documents[f"/apis/{group}"] = {
                "kind": "APIGroup",
                "apiVersion": "v1",
                **_group(group),
            }
        for version in _versions(group):
            prefix = f"/apis/{group}/{version}" if group else f"/api/{version}"
            documents[prefix] = _resource_list(group, version)
    return documents


def aggregated_documents() -> dict[str, bytes]:
    """`/api` and `/apis` in the aggregated form, which lists everything in two requests."""
    return {
        "/api": _encode(_aggregated([group for group in _groups() if not group])),
        "/apis": _encode(_aggregated([group for group in _groups() if group])),
    }


def _answer(document: Document) -> Callable[[], bytes]:
    """Encodes a document when it is first asked for."""
    encoded: list[bytes] = []

    def answer() -> bytes:
        if not encoded:
            encoded.append(_encode(document))
        return encoded[0]

    return answer


def _groups() -> list[str]:
    return list(dict.fromkeys(resource.group for resource in SERVED))


def _versions(group: str) -> list[str]:
    return list(dict.fromkeys(item.version for item in SERVED if item.group == group))


def _of(group: str, version: str) -> list[Resource]:
    return [item for item in SERVED if item.group == group and item.version == version]


def _group(group: str) -> Document:
    versions = [
        {"groupVersion": f"{group}/{version}", "version": version} for version in _versions(group)
    ]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resource_list(group: str, version: str) -> Document:
    listed: list[Document] = []
    for resource in _of(group, version):
        entry: dict[str, Any] = {
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": list(verbs_of(resource)),
        }
        if resource.short_names:
            entry["shortNames"] = list(resource.short_names)
        if resource.categories:
            entry["categories"] = list(resource.categories)
        listed.append(entry)
        for subresource in resource.subresources:
            of_group, of_version, kind = kind_of_body(resource, subresource)
            below: dict[str, Any] = {
                "name": f"{resource.plural}/{subresource}",
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": kind,
                "verbs": list(verbs_of(resource, subresource)),
            }
            if (of_group, of_version) != (group, version):
                below |= {"group": of_group, "version": of_version}
            listed.append(below)
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": listed,
    }


def _aggregated(groups: list[str]) -> Document:
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": group} if group else {},
                "versions": [
                    {
                        "version": version,
                        "freshness": "Current",
                        "resources": [_discovered(item) for item in _of(group, version)],
                    }
                    for version in _versions(group)
                ],
            }
            for group in groups
        ],
    }


def _discovered(resource: Resource) -> Document:
    entry: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": _response_kind(resource.group, resource.version, resource.kind),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(verbs_of(resource)),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": subresource,
                "responseKind": _response_kind(*kind_of_body(resource, subresource)),
                "verbs": list(verbs_of(resource, subresource)),
            }
            for subresource in resource.subresources
        ]
    return entry


def _response_kind(group: str, version: str, kind: str) -> Document:
    return {"group": group, "version": version, "kind": kind}
