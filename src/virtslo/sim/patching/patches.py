"""JSON patch, merge patch and strategic merge patch, without changing what they are applied to.

Invariant: the object given is untouched; the result shares every part that the patch leaves alone.
Sources: RFC 6902, RFC 7386, and Kubernetes' strategic merge patch.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from virtslo.base.errors import BadRequest, Invalid, RequestTooLarge, UnsupportedMediaType
from virtslo.base.limits import BODY_VALUES, PATCH_OPERATIONS
from virtslo.base.plain_text import shown_text
from virtslo.model.identifiers import Object
from virtslo.ports.kube_api import PatchType

MERGE_KEYS: Final[Mapping[str, str]] = {
    "conditions": "type",
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "env": "name",
    "ports": "containerPort",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "addresses": "type",
    "ownerReferences": "uid",
    "podIPs": "ip",
    "secrets": "name",
    "taints": "key",
}
"""Lists of maps that strategic merge patch merges, by the key of their items."""

SERVICE_PORT: Final = "port"
"""The key of a service's ports; those of a container go by `containerPort`."""

SET_LISTS: Final = frozenset({"finalizers"})
"""Lists of plain values that are merged as sets."""

_JSON: Final = PatchType.JSON
_MERGE: Final = PatchType.MERGE
"""Names of their own: to find a member in its enumeration takes as long as a call."""
_LISTS: Final = (list, tuple)
_MERGED: Final = (dict, list)
_NOT_PLAIN: Final = (dict, list, tuple)
"""Made once: `isinstance` with a union of types makes it each time, and takes twice as long."""
_ABSENT: Final = object()
_INDEX_DIGITS: Final = 10


def apply_patch(target: Object, patch: Any, kind: PatchType, *, is_custom: bool) -> Any:
    """Apply a patch of any type but server-side apply. Raises ApiError."""
    if kind is _JSON:
        return apply_json_patch(target, patch)
    if not isinstance(patch, dict):
        raise BadRequest(
            "error decoding patch: json: cannot unmarshal the body into Go value of type "
            "map[string]interface {}"
        )
    if kind is _MERGE:
        return apply_merge_patch(target, patch)
    if is_custom:
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json-patch+json, application/merge-patch+json, "
            "application/apply-patch+yaml"
        )
    return apply_strategic_patch(target, patch)


def apply_json_patch(target: Object, operations: Any) -> Object:
    """Apply an RFC 6902 patch. A failed `test` is Invalid (422), nonsense is BadRequest (400)."""
    if not isinstance(operations, _LISTS):
        raise BadRequest("a JSON patch is a list of operations")
    if len(operations) > PATCH_OPERATIONS.most:
        raise RequestTooLarge(
            f"Request entity too large: The allowed maximum operations in a JSON patch is "
            f"{PATCH_OPERATIONS.most}, got {len(operations)}"
        )
    result: Any = target
    copied = 0
    for operation in operations:
        if not isinstance(operation, dict) or "op" not in operation or "path" not in operation:
            raise BadRequest(f"not an operation of a JSON patch: {str(operation)[:120]}")
        handler = _OPERATIONS.get(str(operation["op"]))
        if handler is None:
            raise BadRequest(f"unknown operation of a JSON patch: {str(operation['op'])[:60]!r}")
        if handler is _copy:
            copied += _size(_source(result, operation), BODY_VALUES.most - copied)
        result = handler(result, operation)
    if not isinstance(result, dict):
        raise BadRequest("the JSON patch leaves no object")
    return result


def apply_merge_patch(target: Any, patch: Any) -> Any:
    """Apply an RFC 7386 patch."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = apply_merge_patch(result.get(key), value)
        else:
            result[key] = value
    return result


def apply_strategic_patch(target: Any, patch: Mapping[str, Any]) -> Any:
    """Apply Kubernetes' strategic merge patch."""
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if key.startswith("$"):
            if key.startswith("$deleteFromPrimitiveList/"):
                name = key.split("/", 1)[1]
                gone, old = _list_at(key, value), _list_at(name, result.get(name) or ())
                result[name] = [item for item in old if item not in gone]
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, _MERGED):
            result[key] = _strategic_value(key, result.get(key), value)
        else:
            result[key] = value
    return result


def merge_key_of(name: str, items: Sequence[Any]) -> str | None:
    """The merge key of the items of a list of this name."""
    key = MERGE_KEYS.get(name)
    if name == "ports" and any(isinstance(item, dict) and SERVICE_PORT in item for item in items):
        return SERVICE_PORT
    return key


def _strategic_value(key: str, old: Any, new: dict[str, Any] | list[Any]) -> Any:
    if isinstance(new, dict):
        if new.get("$patch") == "delete":
            return {}
        return apply_strategic_patch(old, new)
    if isinstance(old, _LISTS):
        merge_key = merge_key_of(key, new)
        if merge_key:
            return _merged_list(old, new, merge_key)
        if key in SET_LISTS:
            return [*old, *(item for item in new if item not in old)]
    return [_without_directives(item) for item in new if not _is_directive(item)]


def _merged_list(old: Sequence[Any], new: Sequence[Any], merge_key: str) -> list[Any]:
    has_directives = any(map(_is_directive, new))
    if has_directives and any(_is_directive(item, "replace") for item in new):
        return [item for item in new if not _is_directive(item)]
    merged = _by_merge_value(old, merge_key)
    for item in new:
        name = _merge_value(item, merge_key)
        known = merged.get(name)
        if _is_whole(item, known):
            merged[name] = item
        elif has_directives and _is_directive(item, "delete"):
            merged.pop(name, None)
        else:
            merged[name] = apply_strategic_patch(known, item)
    return list(merged.values())


def _by_merge_value(items: Sequence[Any], merge_key: str) -> dict[Any, Any]:
    """Items by the value that distinguishes them. Raises BadRequest."""
    try:
        return {item[merge_key]: item for item in items}
    except (KeyError, TypeError):  # one has no such key, or no plain value there
        return {_merge_value(item, merge_key): item for item in items}


def _is_whole(patch: Mapping[str, Any], target: Any, levels: int = 3) -> bool:
    """Whether a patch says anew all that is there, in plain values: then it is what comes of it.

    Conditions and states of containers are so, and thousands of pods have them in common.
    """
    old = target if isinstance(target, dict) else {}
    if not levels or not patch.keys() >= old.keys():
        return False
    for key, value in patch.items():
        if key.startswith("$"):
            return False
        if isinstance(value, str):  # as most are
            continue
        if value is None or (
            isinstance(value, _NOT_PLAIN)
            and not (isinstance(value, dict) and _is_whole(value, old.get(key), levels - 1))
        ):
            return False
    return True


def _merge_value(item: Any, merge_key: str) -> str | float | None:
    """The value that distinguishes an item of a list. Raises BadRequest."""
    if not isinstance(item, dict) or merge_key not in item:
        raise BadRequest(f"map does not contain declared merge key: {merge_key}")
    value: str | float | None = item[merge_key]
    if isinstance(value, _NOT_PLAIN):
        raise BadRequest(f"the merge key {merge_key} is no plain value")
    return value


def _list_at(name: str, value: Any) -> Sequence[Any]:
    """A list that a patch names. Raises BadRequest."""
    if not isinstance(value, _LISTS):
        raise BadRequest(f"cannot restore slice from {name}: it is no list")
    return value


def _is_directive(item: Any, what: str | None = None) -> bool:
    """Whether an item says what is to be done with it or its list: this, or anything."""
    return isinstance(item, dict) and "$patch" in item and (what is None or item["$patch"] == what)


def _without_directives(item: Any) -> Any:
    if not isinstance(item, dict) or "$" not in "".join(item):
        return item
    return {key: value for key, value in item.items() if not key.startswith("$")}


def _add(target: Any, operation: Mapping[str, Any]) -> Any:
    return _put(target, _pointer(operation["path"]), _value(operation), insert=True)


def _replace(target: Any, operation: Mapping[str, Any]) -> Any:
    """Replace a value; as in the real server, a key that is missing is added."""
    path = _pointer(operation["path"])
    if path and isinstance(_get(target, path[:-1], operation), _LISTS):
        _get(target, path, operation)
    return _put(target, path, _value(operation), insert=False)


def _remove(target: Any, operation: Mapping[str, Any]) -> Any:
    path = _pointer(operation["path"])
    _get(target, path, operation)
    if not path:
        raise _inapplicable()
    return _drop(target, path)


def _test(target: Any, operation: Mapping[str, Any]) -> Any:
    path = _pointer(operation["path"])
    found = _get(target, path, None)
    wanted = _value(operation)
    if (found is _ABSENT and wanted is not None) or (found is not _ABSENT and found != wanted):
        raise _inapplicable()
    return target


def _copy(target: Any, operation: Mapping[str, Any]) -> Any:
    value = _source(target, operation)
    return _put(target, _pointer(operation["path"]), value, insert=True)


def _source(target: Any, operation: Mapping[str, Any]) -> Any:
    """What an operation takes from elsewhere."""
    return _get(target, _pointer(operation.get("from", "")), operation)


def _size(value: Any, most: int) -> int:
    """How many values a value is, however often parts are shared. Raises RequestTooLarge.

    A copy shares what it copies, so a few copies of copies stand for more than memory holds.
    """
    count, waiting = 0, [value]
    while waiting:
        found = waiting.pop()
        count += 1
        if count > most:
            raise RequestTooLarge(
                f"Request entity too large: a JSON patch that copies more than {BODY_VALUES.amount}"
            )
        if isinstance(found, dict):
            waiting.extend(found.values())
        elif isinstance(found, _LISTS):
            waiting.extend(found)
    return count


def _move(target: Any, operation: Mapping[str, Any]) -> Any:
    source = _pointer(operation.get("from", ""))
    value = _get(target, source, operation)
    if not source:
        raise _inapplicable()  # nothing is left to put it into
    return _put(_drop(target, source), _pointer(operation["path"]), value, insert=True)


_OPERATIONS: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], Any]]] = {
    "add": _add,
    "replace": _replace,
    "remove": _remove,
    "test": _test,
    "copy": _copy,
    "move": _move,
}


def _value(operation: Mapping[str, Any]) -> Any:
    if "value" not in operation:
        raise BadRequest(f"the operation {operation['op']!r} of a JSON patch wants a value")
    return operation["value"]


def _pointer(path: Any) -> tuple[str, ...]:
    """The parts of a JSON pointer. Raises BadRequest."""
    if path == "":
        return ()
    if not isinstance(path, str) or not path.startswith("/"):
        raise BadRequest(f"not a JSON pointer: {shown_text(repr(path))}")
    parts = path[1:].split("/")
    if "~" in path:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in parts]
    return tuple(parts)


def _index(part: str) -> int:
    """The place in a list that a part of a pointer names; beyond every list for what is none."""
    is_index = part.isascii() and part.isdigit() and len(part) < _INDEX_DIGITS
    return int(part) if is_index else 10**_INDEX_DIGITS


def _get(target: Any, path: Sequence[str], operation: Mapping[str, Any] | None) -> Any:
    """The value at a path; absent is an error for `operation`, or `_ABSENT` without one."""
    value = target
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, _LISTS) and _index(part) < len(value):
            value = value[_index(part)]
        elif operation is None:
            return _ABSENT
        else:
            raise _inapplicable()
    return value


def _put(target: Any, path: Sequence[str], value: Any, *, insert: bool) -> Any:
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(target, dict):
        if rest and part not in target:
            raise _inapplicable()
        return {**target, part: _put(target.get(part), rest, value, insert=insert)}
    if isinstance(target, _LISTS):
        items = list(target)
        if part == "-" and not rest:
            return [*items, value]
        index = _index(part)
        if index > len(items) or (rest and index == len(items)):
            raise _inapplicable()
        if rest:
            items[index] = _put(items[index], rest, value, insert=insert)
        elif insert:
            items.insert(index, value)
        else:
            items[index] = value
        return items
    raise _inapplicable()


def _drop(target: Any, path: Sequence[str]) -> Any:
    part, rest = path[0], path[1:]
    if isinstance(target, dict):
        if rest:
            return {**target, part: _drop(target[part], rest)}
        return {key: value for key, value in target.items() if key != part}
    items = list(target)
    if rest:
        items[int(part)] = _drop(items[int(part)], rest)
    else:
        del items[int(part)]
    return items


def _inapplicable() -> Invalid:
    """422: the API server does not say which operation it was."""
    return Invalid("the server rejected our request due to an error in our request")
