"""OpenAPI documents, as far as kubectl needs them: to explain kinds, and to validate on the server.

Invariant: documents are derived from the resources and their fields; what is documented is what is
served and validated.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.resource_rules import rules_of
from virtslo.sim.api.verbs import verbs_of
from virtslo.sim.api.versions import SERVED
from virtslo.sim.openapi.schemas import Schemas, group_version_kind

Document = Mapping[str, Any]

_INFO: Final = {"title": "virtslo simulated cluster", "version": "v1"}
_PARAMETERS: Final = ("dryRun", "fieldManager", "fieldValidation")
_PATCH_PARAMETERS: Final = (*_PARAMETERS, "force")
_WRITES: Final = (("post", "post", False), ("put", "put", True), ("patch", "patch", True))
_PATCH_TYPES: Final = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
)
_STRATEGIC: Final = "application/strategic-merge-patch+json"


def openapi_documents() -> dict[str, Document]:
    """Each path of OpenAPI, versions 2 and 3, and its document."""
    prefixes = list(dict.fromkeys(resource.prefix for resource in SERVED))
    index = {
        prefix.lstrip("/"): {"serverRelativeURL": f"/openapi/v3{prefix}?hash=1"}
        for prefix in prefixes
    }
    documents: dict[str, Document] = {"/openapi/v3": {"paths": index}, "/openapi/v2": _version_2()}
    for prefix in prefixes:
        served = [resource for resource in SERVED if resource.prefix == prefix]
        documents[f"/openapi/v3{prefix}"] = _version_3(served)
    return documents


def _version_3(served: list[Resource]) -> Document:
    schemas = Schemas("#/components/schemas/", wraps_references=True)
    paths: dict[str, Document] = {}
    for resource in served:
        schemas.add(resource)
        for path, operations in _paths(resource).items():
            parameters = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in _path_parameters(path)
            ]
            paths[path] = {**operations, **({"parameters": parameters} if parameters else {})}
    return {
        "openapi": "3.0.0",
        "info": _INFO,
        "paths": paths,
        "components": {"schemas": schemas.found},
    }


def _version_2() -> Document:
    schemas = Schemas("#/definitions/", wraps_references=False)
    for resource in SERVED:
        schemas.add(resource)
    return {
        "swagger": "2.0",
        "info": _INFO,
        "paths": {
            path: operations
            for resource in SERVED
            for path, operations in _paths(resource, version_2=True).items()
        },
        "definitions": schemas.found,
    }


def _paths(resource: Resource, *, version_2: bool = False) -> dict[str, Document]:
    """The writes of a resource, and the parameters that tell kubectl to validate on the server."""
    collection = resource.path(namespace="{namespace}")
    one = resource.path(namespace="{namespace}", name="{name}")
    kinds = _PATCH_TYPES if rules_of(resource).is_custom else (*_PATCH_TYPES, _STRATEGIC)
    is_kept = "get" in verbs_of(resource)
    paths: dict[str, dict[str, Any]] = {collection: {}, one: {}} if is_kept else {collection: {}}
    for method, action, has_name in _WRITES if is_kept else _WRITES[:1]:
        operation: dict[str, Any] = {
            "operationId": f"{action}{resource.group.title().replace('.', '')}{resource.kind}",
            "parameters": [
                _parameter(name, version_2=version_2)
                for name in (_PATCH_PARAMETERS if method == "patch" else _PARAMETERS)
            ],
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": group_version_kind(resource),
        }
        if method == "patch" and version_2:
            operation["consumes"] = list(kinds)
        elif method == "patch":
            body = {"schema": {"type": "object"}}
            operation["requestBody"] = {"content": dict.fromkeys(kinds, body)}
        paths[one if has_name else collection][method] = operation
    if not is_kept:
        return dict(paths)
    paths[one]["get"] = {
        "operationId": f"get{resource.group.title().replace('.', '')}{resource.kind}",
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "get",
        "x-kubernetes-group-version-kind": group_version_kind(resource),
    }
    return dict(paths)


def _parameter(name: str, *, version_2: bool) -> Document:
    kind = {"type": "string"} if version_2 else {"schema": {"type": "string"}}
    return {"name": name, "in": "query", **kind}


def _path_parameters(path: str) -> list[str]:
    return [name for name in ("namespace", "name") if f"{{{name}}}" in path]
