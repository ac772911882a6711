"""The types of `fields.yaml` as schemas of OpenAPI, with what there is to say of each.

Invariant: what is described here is what is validated; a field without a description has none here.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources as files
from typing import Any, Final

import yaml

from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.resource_rules import rules_of
from virtslo.sim.openapi.field_types import METADATA, FieldType, Struct, kind_of, structs
from virtslo.sim.patching.patches import MERGE_KEYS, SERVICE_PORT, SET_LISTS

Document = Mapping[str, Any]

_META_NAME: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_VALUES: Final[Mapping[str, Document]] = {
    "string": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "int": {"type": "integer", "format": "int64"},
    "bool": {"type": "boolean"},
    "number": {"type": "number"},
    "quantity": {"type": "string", "x-kubernetes-int-or-string": True},
    "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
}


class Schemas:
    """The schemas of kinds and of every type they are made of, for one version of OpenAPI."""

    def __init__(self, reference: str, *, wraps_references: bool) -> None:
        self._reference = reference
        self._wraps = wraps_references
        self.found: dict[str, Document] = {}

    def add(self, resource: Resource) -> None:
        """Add a kind."""
        struct = kind_of(resource.kind)
        assert struct is not None, resource.kind
        is_built_in = not rules_of(resource).is_custom
        self.found[schema_name(resource)] = {
            **self._struct(struct, is_built_in=is_built_in),
            "x-kubernetes-group-version-kind": [group_version_kind(resource)],
        }

    def _struct(self, struct: Struct, *, is_built_in: bool) -> Document:
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {
                name: self._field(struct.name, name, each, is_built_in=is_built_in)
                for name, each in struct.fields.items()
            },
        }
        if struct.name in _descriptions():
            schema["description"] = _descriptions()[struct.name]
        if struct.is_open:
            schema["x-kubernetes-preserve-unknown-fields"] = True
        return schema

    def _field(self, owner: str, name: str, kind: FieldType, *, is_built_in: bool) -> Document:
        schema = dict(self._type(kind, is_built_in=is_built_in))
        words = _descriptions().get(f"{owner}.{name}")
        if words is not None:
            if "$ref" in schema and self._wraps:
                schema = {"allOf": [schema]}
            schema["description"] = words
        if kind.shape == "list" and (is_built_in or owner == METADATA):
            if name in MERGE_KEYS:
                is_of_service = (owner, name) == ("ServiceSpec", "ports")
                key = SERVICE_PORT if is_of_service else MERGE_KEYS[name]
                schema["x-kubernetes-patch-merge-key"] = key
            if name in MERGE_KEYS or name in SET_LISTS:
                schema["x-kubernetes-patch-strategy"] = "merge"
        return schema

    def _type(self, kind: FieldType, *, is_built_in: bool) -> Document:
        match kind.shape:
            case "value":
                return _VALUES[kind.name]
            case "list":
                assert kind.item is not None
                return {"type": "array", "items": self._type(kind.item, is_built_in=is_built_in)}
            case "map":
                assert kind.item is not None
                below = self._type(kind.item, is_built_in=is_built_in)
                return {"type": "object", "additionalProperties": below}
        name = _struct_name(kind.name, is_built_in=is_built_in)
        if name not in self.found:
            self.found[name] = {}  # a type may contain itself
            struct = structs()[kind.name]
            self.found[name] = self._struct(struct, is_built_in=is_built_in)
        return {"$ref": f"{self._reference}{name}"}


def schema_name(resource: Resource) -> str:
    """The name of a kind's schema."""
    first, _, rest = resource.group.partition(".")
    if not rest or rest == "k8s.io":
        return f"io.k8s.api.{first or 'core'}.{resource.version}.{resource.kind}"
    domain = ".".join(reversed(resource.group.split(".")))
    return f"{domain}.{resource.version}.{resource.kind}"


def group_version_kind(resource: Resource) -> Document:
    """Group, version and kind, as the schemas of kinds state them."""
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _struct_name(name: str, *, is_built_in: bool) -> str:
    if name == METADATA:
        return _META_NAME
    return f"io.k8s.api.core.v1.{name}" if is_built_in else f"io.kubevirt.v1.{name}"


@cache
def _descriptions() -> Mapping[str, str]:
    text = (
        files.files("virtslo.sim.openapi").joinpath("descriptions.yaml").read_text(encoding="utf-8")
    )
    found: Mapping[str, str] = yaml.safe_load(text)
    return found
