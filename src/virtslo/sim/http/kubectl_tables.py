"""Answers in the forms a client may ask for: as it is, as a table, or its metadata alone. Pure.

Invariant: the form changes what is shown, never which objects; a form that is not known is left to
the next one that the client accepts.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Final

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.http.kubectl_columns import COLUMNS, DEFAULT_COLUMNS, Column

META_V1: Final = "meta.k8s.io/v1"
INCLUDE_NOTHING: Final = "None"
INCLUDE_OBJECT: Final = "Object"


class Form(Enum):
    """What an Accept header asks for."""

    PLAIN = "plain"
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"
    METADATA_LIST = "PartialObjectMetadataList"
    DISCOVERY = "APIGroupDiscoveryList"


_FORMS: Final = {form.value: form for form in Form}
_PLAIN_TYPES: Final = frozenset({"application/json", "application/*", "*/*", "text/plain"})


def form_of(accept: str) -> Form | None:
    """The first form of an Accept header that can be served; None if there is none."""
    if not accept or accept == "application/json":
        return Form.PLAIN
    for part in accept.split(","):
        kind, *parameters = [word.strip() for word in part.split(";")]
        if kind not in _PLAIN_TYPES:
            continue
        wanted = dict(word.split("=", 1) for word in parameters if "=" in word)
        if "as" not in wanted:
            return Form.PLAIN
        form = _FORMS.get(wanted["as"])
        if form is Form.DISCOVERY and wanted.get("v") != "v2":
            continue
        if form is not None:
            return form
    return None


def list_of(resource: Resource, body: Object) -> Object:
    """A list with its kind."""
    return {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, **body}


def table_of(
    resource: Resource,
    objects: Iterable[Object],
    *,
    now: datetime,
    include: str = "",
    metadata: Mapping[str, Any] | None = None,
    with_columns: bool = True,
) -> Object:
    """Objects as a table; a watch sends its columns once."""
    columns = COLUMNS.get(resource.plural, DEFAULT_COLUMNS)
    rows = [_row(target, columns, now=now, include=include) for target in objects]
    return _table(columns, rows, metadata=metadata or {}, with_columns=with_columns)


def _table(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    *,
    metadata: Mapping[str, Any],
    with_columns: bool,
) -> Object:
    return {
        "kind": "Table",
        "apiVersion": META_V1,
        "metadata": metadata,
        "columnDefinitions": [_definition(column) for column in columns] if with_columns else None,
        "rows": rows,
    }


def bookmark_table(target: Object, *, with_columns: bool, resource: Resource) -> Object:
    """A bookmark as a table: one row without values, with the metadata that say where one is."""
    metadata = {"resourceVersion": target["metadata"].get("resourceVersion", "")}
    columns = COLUMNS.get(resource.plural, DEFAULT_COLUMNS)
    row = {"cells": [None] * len(columns), "object": metadata_of(target)}
    return _table(columns, [row], metadata=metadata, with_columns=with_columns)


def metadata_of(target: Object) -> Object:
    """An object's metadata alone."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": META_V1,
        "metadata": target.get("metadata", {}),
    }


def shaped(
    form: Form, resource: Resource, body: Object, *, now: datetime, include: str = ""
) -> Object:
    """A list or an object in a form."""
    is_list = "items" in body and "kind" not in body
    if form is Form.TABLE and body.get("kind") != "Status":
        objects: Sequence[Object] = body["items"] if is_list else (body,)
        metadata = body.get("metadata", {})
        kept = {
            key: metadata[key]
            for key in ("resourceVersion", "continue", "remainingItemCount")
            if key in metadata
        }
        return table_of(resource, objects, now=now, include=include, metadata=kept)
    if form is Form.METADATA_LIST and is_list:
        return {
            "kind": "PartialObjectMetadataList",
            "apiVersion": META_V1,
            "metadata": body["metadata"],
            "items": [metadata_of(item) for item in body["items"]],
        }
    if form is Form.METADATA and not is_list and body.get("kind") != "Status":
        return metadata_of(body)
    return list_of(resource, body) if is_list else body


def _definition(column: Column) -> Object:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }


def _row(
    target: Object, columns: tuple[Column, ...], *, now: datetime, include: str
) -> Mapping[str, Any]:
    row: dict[str, Any] = {"cells": [column.cell(target, now) for column in columns]}
    if include == INCLUDE_OBJECT:
        row["object"] = target
    elif include != INCLUDE_NOTHING:
        row["object"] = metadata_of(target)
    return row
