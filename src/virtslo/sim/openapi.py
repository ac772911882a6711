"""OpenAPI documents, as far as kubectl needs them: to explain kinds, and to validate on the server.

Invariant: schemas say what the simulator relies on and let everything else through; no client is
told that a field is unknown because this file does not know it.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.model.resources import Resource
from virtslo.sim.openapi_schemas import FIELDS, METADATA_FIELDS
from virtslo.sim.versions import SERVED

Document = Mapping[str, Any]

_INFO: Final = {"title": "virtslo simulated cluster", "version": "v1"}
_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_PARAMETERS: Final = ("dryRun", "fieldManager", "fieldValidation")
_PATCH_PARAMETERS: Final = (*_PARAMETERS, "force")
_WRITES: Final = (("post", "post", False), ("put", "put", True), ("patch", "patch", True))
_PATCH_TYPES: Final = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
)


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
    reference = "#/components/schemas/"
    paths: dict[str, Document] = {}
    for resource in served:
        for path, operations in _paths(resource).items():
            paths[path] = {
                **operations,
                "parameters": [
                    {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                    for name in _path_parameters(path)
                ],
            }
    return {
        "openapi": "3.0.0",
        "info": _INFO,
        "paths": paths,
        "components": {"schemas": _schemas(served, reference)},
    }


def _version_2() -> Document:
    return {
        "swagger": "2.0",
        "info": _INFO,
        "paths": {
            path: operations
            for resource in SERVED
            for path, operations in _paths(resource, version_2=True).items()
        },
        "definitions": _schemas(list(SERVED), "#/definitions/"),
    }


def _paths(resource: Resource, *, version_2: bool = False) -> dict[str, Document]:
    """The writes of a resource, and the parameters that tell kubectl to validate on the server."""
    collection = resource.path(namespace="{namespace}")
    one = resource.path(namespace="{namespace}", name="{name}")
    paths: dict[str, dict[str, Any]] = {collection: {}, one: {}}
    for method, action, has_name in _WRITES:
        operation: dict[str, Any] = {
            "operationId": f"{action}{resource.group.title().replace('.', '')}{resource.kind}",
            "parameters": [
                _parameter(name, version_2=version_2)
                for name in (_PATCH_PARAMETERS if method == "patch" else _PARAMETERS)
            ],
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": _group_version_kind(resource),
        }
        if method == "patch" and version_2:
            operation["consumes"] = list(_PATCH_TYPES)
        elif method == "patch":
            body = {"schema": {"type": "object"}}
            operation["requestBody"] = {"content": dict.fromkeys(_PATCH_TYPES, body)}
        paths[one if has_name else collection][method] = operation
    paths[one]["get"] = {
        "operationId": f"get{resource.group.title().replace('.', '')}{resource.kind}",
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "get",
        "x-kubernetes-group-version-kind": _group_version_kind(resource),
    }
    return dict(paths)


def _parameter(name: str, *, version_2: bool) -> Document:
    kind = {"type": "string"} if version_2 else {"schema": {"type": "string"}}
    return {"name": name, "in": "query", **kind}


def _path_parameters(path: str) -> list[str]:
    return [name for name in ("namespace", "name") if f"{{{name}}}" in path]


def _schemas(served: list[Resource], reference: str) -> dict[str, Document]:
    schemas: dict[str, Document] = {
        _META: {
            "type": "object",
            "description": "What every object has: its name, labels, owners and history.",
            "properties": dict(METADATA_FIELDS),
            "x-kubernetes-preserve-unknown-fields": True,
        }
    }
    for resource in served:
        schemas[_schema_name(resource)] = _schema(resource, reference)
    return schemas


def _schema(resource: Resource, reference: str) -> Document:
    description, fields = FIELDS.get(resource.plural, (f"A {resource.kind}.", {}))
    return {
        "type": "object",
        "description": description,
        "properties": {
            "apiVersion": {"type": "string", "description": "Group and version of this object."},
            "kind": {"type": "string", "description": "What this object is."},
            "metadata": {
                "description": "Name, labels, owners and history.",
                "allOf": [{"$ref": f"{reference}{_META}"}],
            }
            if reference.startswith("#/components")
            else {"$ref": f"{reference}{_META}"},
            **fields,
        },
        "x-kubernetes-group-version-kind": [_group_version_kind(resource)],
        "x-kubernetes-preserve-unknown-fields": True,
    }


def _schema_name(resource: Resource) -> str:
    domain = ".".join(reversed(resource.group.split("."))) if resource.group else "io.k8s.api.core"
    return f"{domain}.{resource.version}.{resource.kind}"


def _group_version_kind(resource: Resource) -> Document:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}
