"""Which fields each kind has, and of which types: read from `fields.yaml`.

Invariant: one table for everything that must know fields: validation, pruning, OpenAPI. A type that
is not listed there does not exist, and reading a table that names one fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources as files
from typing import Final

import yaml

VALUES: Final = frozenset({"string", "int", "bool", "number", "quantity", "time", "any"})
REST: Final = "*"
METADATA: Final = "ObjectMeta"


@dataclass(frozen=True, slots=True)
class FieldType:
    """A value, a list or map of something, or a struct by its name."""

    shape: str
    """`value`, `list`, `map` or `struct`."""
    name: str
    """The value's or struct's name; of a list or map, that of what is in it."""
    item: "FieldType | None" = None


@dataclass(frozen=True, slots=True)
class Struct:
    """The fields of a struct; an open one takes others too."""

    name: str
    fields: Mapping[str, FieldType]
    is_open: bool = False


@cache
def structs() -> Mapping[str, Struct]:
    """Every struct, kinds among them, by name."""
    text = files.files("virtslo.sim.openapi").joinpath("fields.yaml").read_text(encoding="utf-8")
    table = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return {name: _struct(name, fields, table) for name, fields in table.items()}


@cache
def kind_of(kind: str) -> Struct | None:
    """The struct of a kind with what every object has; None for a kind that is not listed."""
    found = structs().get(kind)
    if found is None:
        return None
    string = FieldType("value", "string")
    common = {
        "apiVersion": string,
        "kind": string,
        "metadata": FieldType("struct", METADATA),
    }
    return Struct(kind, {**common, **found.fields}, found.is_open)


def _struct(name: str, fields: Mapping[str, str], table: Mapping[str, object]) -> Struct:
    typed = {key: _type(text, table) for key, text in fields.items() if key != REST}
    return Struct(name, typed, REST in fields)


def _type(text: str, table: Mapping[str, object]) -> FieldType:
    if text[0] in "[{":
        item = _type(text[1:-1], table)
        return FieldType("list" if text[0] == "[" else "map", item.name, item)
    if text in VALUES:
        return FieldType("value", text)
    if text not in table:
        raise KeyError(f"fields.yaml: no type {text!r}")
    return FieldType("struct", text)
