"""The shape of API objects: what every caller relies on, checked where answers come in.

Invariant: of what is returned, `metadata`, `spec` and `status` are mappings where they are there;
names, uids and versions are text; labels and annotations are text by text; owners, conditions and
phase times are lists of mappings; and none of these is null. Anything else is a ClusterError with
the place, what was found and what was expected.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from virtslo.base.errors import ClusterError
from virtslo.base.plain_text import shown_text
from virtslo.model.identifiers import Object

_TEXTS: Final = (
    "name", "namespace", "uid", "resourceVersion", "generateName", "creationTimestamp",
    "deletionTimestamp", "selfLink", "continue",
)  # fmt: skip
_NAMES: Final = {dict: "a mapping", list: "a list", str: "a text", bool: "a boolean"}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_texts_by_text(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _is_owners(value: Any) -> bool:
    return _is_mappings(value) and all(
        isinstance(owner.get(key, ""), str) for owner in value for key in ("kind", "name", "uid")
    ) and all("uid" in owner for owner in value)  # fmt: skip


Shape = tuple[Callable[[Any], bool], str]
_METADATA: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(_TEXTS, (_is_text, "a text")),
    "labels": (_is_texts_by_text, "a mapping of texts"),
    "annotations": (_is_texts_by_text, "a mapping of texts"),
    "ownerReferences": (_is_owners, "a list of owners"),
}
_STATUS: Final[Mapping[str, Shape]] = {
    "phase": (_is_text, "a text"),
    "printableStatus": (_is_text, "a text"),
    "nodeName": (_is_text, "a text"),
    "conditions": (_is_mappings, "a list of mappings"),
    "phaseTransitionTimestamps": (_is_mappings, "a list of mappings"),
    "migrationState": (_is_mapping, "a mapping"),
}
_SPEC: Final[Mapping[str, Shape]] = {"nodeName": (_is_text, "a text")}
_PARTS: Final = (("metadata", _METADATA), ("status", _STATUS), ("spec", _SPEC))


def checked_object(value: Any, place: str, *, needs: tuple[str, ...] = ()) -> Object:
    """An object with the shape that callers rely on; `needs` of its metadata must be there.

    Raises ClusterError.
    """
    if not isinstance(value, dict):
        raise _refusal(place, value, "an object")
    is_status = value.get("kind") == "Status"
    for part, shapes in _PARTS:
        if part not in value or (part == "status" and is_status):
            continue
        kept = _checked_section(value[part], shapes, f"{place}.{part}")
        if kept is None or kept is not value[part]:
            value = {key: item for key, item in value.items() if key != part or kept is not None}
            if kept is not None:
                value[part] = kept
    metadata = value.get("metadata") or {}
    for key in needs:
        if not metadata.get(key):
            raise _refusal(f"{place}.metadata.{key}", metadata.get(key), "a text")
    made: Object = value
    return made


def _checked_section(section: Any, shapes: Mapping[str, Shape], place: str) -> Object | None:
    """The section without nulls in what is checked; None for null. Raises ClusterError."""
    if section is None:
        return None
    if not isinstance(section, dict):
        raise _refusal(place, section, "a mapping")
    has_null = False
    for key, item in section.items():
        shape = shapes.get(key)
        if shape is None:
            continue
        if item is None:
            has_null = True
        elif not shape[0](item):
            raise _refusal(f"{place}.{key}", item, shape[1])
    if not has_null:
        return section
    return {key: item for key, item in section.items() if item is not None or key not in shapes}


def _refusal(place: str, found: Any, expected: str) -> ClusterError:
    name = "nothing" if found is None else _NAMES.get(type(found), "a number")
    return ClusterError(f"{shown_text(place)}: expected {expected}, found {name}")
