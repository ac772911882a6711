"""Fields that a kind does not have, and values of the wrong type, found and reported. Pure.

Invariant: paths and words are the API server's. What a custom resource does not know is pruned, as
a real server prunes it; status is its controllers', and nothing is asked of it but to be an object
with conditions that are some, where the write does not drop it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from virtslo.base import quantity
from virtslo.base.errors import BadRequest, ServerFailure
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.refusals import TYPE_INVALID, Cause, invalid, invalid_kind, invalid_value
from virtslo.sim.api.resource_rules import rules_of
from virtslo.sim.openapi.field_types import FieldType, Struct, kind_of, structs
from virtslo.sim.openapi.quantity_fields import has_bad_quantity

STRICT: Final = "Strict"
IGNORE: Final = "Ignore"
WARN: Final = "Warn"
_NAMES: Final = {str: "string", int: "integer", bool: "boolean", float: "number"}
_TYPES: Final = {
    "string": (str, "string"),
    "time": (str, "string"),
    "int": (int, "integer"),
    "bool": (bool, "boolean"),
    "number": ((int, float), "number"),
    "quantity": ((str, int, float), "string"),
}
_OPAQUE: Final = frozenset({"status"})
_CONDITIONS: Final = FieldType("list", "Condition", FieldType("struct", "Condition"))


def checked_fields(
    resource: Resource,
    target: Object,
    directive: str,
    *,
    before: Object | None,
    verb: str,
    subresource: str | None = None,
) -> tuple[Object, tuple[str, ...]]:
    """An object without fields that its kind does not have, and warnings of those it had.

    What is the very same as `before` is not looked into again; `subresource` is that of the object
    which is written to. Raises ApiError.
    """
    struct = kind_of(resource.kind)
    if struct is None:
        return target, ()
    unknown: list[str] = []
    kept: dict[str, Any] | None = None
    causes = _status_causes(resource, struct, target, subresource)
    for key, value in target.items():
        if before is not None and before.get(key) is value:
            continue
        known = struct.fields.get(key)
        if known is None and not struct.is_open:
            unknown.append(key)
        elif known is not None and key not in _OPAQUE and not _conforms(value, known):
            causes += _type_causes(value, known, key)
            found = list(_unknown(value, known, key))
            if found:
                unknown += found
                kept = {**target} if kept is None else kept
                kept[key] = _pruned(value, known)
    if causes:
        raise _wrong_types(resource, target, causes)
    _check_quantities(resource, target, before)
    if not unknown:
        return target, ()
    if directive == STRICT or verb == "apply":
        raise _refusal(resource, target, unknown, verb)
    result = {key: value for key, value in (kept or target).items() if key in struct.fields}
    warnings = () if directive == IGNORE else tuple(f'unknown field "{path}"' for path in unknown)
    return result, warnings


def _status_causes(
    resource: Resource, struct: Struct, target: Object, subresource: str | None
) -> list[Cause]:
    status = target.get("status")
    if status is None or "status" not in struct.fields:
        return []
    rules = rules_of(resource)
    if rules.is_custom and rules.has_status and subresource != "status":  # the write drops it
        return []
    if not isinstance(status, Mapping):
        return [_wrong(status, "object", "status")]
    return list(_type_causes(status.get("conditions"), _CONDITIONS, "status.conditions"))


def _check_quantities(resource: Resource, target: Object, before: Object | None) -> None:
    """Refuse what is no quantity; of custom resources KubeVirt's webhooks do. Raises BadRequest."""
    if not rules_of(resource).is_custom and has_bad_quantity(resource.kind, target, before=before):
        raise _undecodable(resource, quantity.WORDS)


def _conforms(value: Any, known: FieldType) -> bool:
    """Whether a value has the shape of its type: nearly every one has, and making the paths of what
    is wrong costs several times as much. False also where only the long way can tell."""
    if value is None:
        return True
    shape, item = known.shape, known.item
    if shape == "value":
        return known.name == "any" or _fits(value, known.name)
    if shape == "struct":
        return isinstance(value, Mapping) and _struct_conforms(value, structs()[known.name])
    if item is None:
        return False
    if shape == "map":
        return isinstance(value, Mapping) and all(_conforms(each, item) for each in value.values())
    return isinstance(value, list | tuple) and all(_conforms(each, item) for each in value)


def _struct_conforms(value: Mapping[str, Any], struct: Struct) -> bool:
    fields, is_open = struct.fields, struct.is_open
    for key, below in value.items():
        field = fields.get(key)
        if field is None:
            if not is_open:
                return False
        elif not _conforms(below, field):
            return False
    return True


def _unknown(value: Any, known: FieldType, path: str) -> Iterator[str]:
    """Where a value has fields that its type does not have."""
    if known.shape == "list" and known.item is not None and known.item.shape != "value":
        if isinstance(value, list | tuple):
            for index, item in enumerate(value):
                yield from _unknown(item, known.item, f"{path}[{index}]")
    elif known.shape == "struct" and isinstance(value, Mapping):
        struct = structs()[known.name]
        for key, below in value.items():
            field = struct.fields.get(key)
            if field is not None:
                yield from _unknown(below, field, f"{path}.{key}")
            elif not struct.is_open:
                yield f"{path}.{key}"


def _pruned(value: Any, known: FieldType) -> Any:
    if known.shape == "list" and isinstance(value, list | tuple):
        assert known.item is not None
        return [_pruned(item, known.item) for item in value]
    if known.shape != "struct" or not isinstance(value, Mapping):
        return value
    struct = structs()[known.name]
    return {
        key: _pruned(below, struct.fields[key]) if key in struct.fields else below
        for key, below in value.items()
        if key in struct.fields or struct.is_open
    }


def _type_causes(value: Any, known: FieldType, path: str) -> Iterator[Cause]:
    if value is None or known.name == "any":
        return
    match known.shape:
        case "value":
            if not _fits(value, known.name):
                yield _wrong(value, _TYPES[known.name][1], path)
        case "list":
            if not isinstance(value, list | tuple):
                yield _wrong(value, "array", path)
                return
            assert known.item is not None
            for index, item in enumerate(value):
                yield from _type_causes(item, known.item, f"{path}[{index}]")
        case "map":
            if not isinstance(value, Mapping):
                yield _wrong(value, "object", path)
                return
            assert known.item is not None
            for key, item in value.items():
                yield from _type_causes(item, known.item, f"{path}.{key}")
        case _:
            yield from _struct_causes(value, structs()[known.name], path)


def _struct_causes(value: Any, struct: Struct, path: str) -> Iterator[Cause]:
    if not isinstance(value, Mapping):
        yield _wrong(value, "object", path)
        return
    for key, below in value.items():
        field = struct.fields.get(key)
        if field is not None:
            yield from _type_causes(below, field, f"{path}.{key}")


def _fits(value: Any, name: str) -> bool:
    wanted = _TYPES[name][0]
    if isinstance(value, bool):
        return name == "bool"
    return isinstance(value, wanted)  # type: ignore[arg-type]


def _wrong(value: Any, wanted: str, path: str) -> Cause:
    found = _named(value)
    words = f'Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}"'
    return Cause(path, TYPE_INVALID, words)


def _named(value: Any) -> str:
    if isinstance(value, Mapping):
        return "object"
    if isinstance(value, list | tuple):
        return "array"
    return _NAMES.get(type(value), "string")


def _wrong_types(resource: Resource, target: Object, causes: list[Cause]) -> Exception:
    if rules_of(resource).is_custom:
        return invalid(resource, str(target["metadata"].get("name") or ""), causes)
    first = causes[0]
    return _undecodable(
        resource,
        f"json: cannot unmarshal {_go_name(first)} into Go struct field {resource.kind}."
        f"{first.field} of type {first.message.rpartition('of type ')[2].partition(':')[0]}",
    )


def _undecodable(resource: Resource, words: str) -> Exception:
    return BadRequest(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        f"{words}"
    )


def _go_name(cause: Cause) -> str:
    found = cause.message.partition('"')[2].partition('"')[0]
    return {"integer": "number", "boolean": "bool"}.get(found, found)


def _refusal(resource: Resource, target: Object, unknown: list[str], verb: str) -> Exception:
    if verb == "apply":
        metadata = target["metadata"]
        place = "/".join(filter(None, (metadata.get("namespace"), metadata.get("name"))))
        group_version = resource.api_version if resource.group else f"/{resource.version}"
        return ServerFailure(
            f"failed to create typed patch object ({place}; {group_version}, "
            f"Kind={resource.kind}): .{unknown[0]}: field not declared in schema"
        )
    words = ", ".join(f'unknown field "{path}"' for path in unknown)
    if verb == "patch":
        cause = invalid_value("patch", "", f"strict decoding error: {words}")
        return invalid_kind("", "", "", [cause])
    return _undecodable(resource, f"strict decoding error: {words}")
