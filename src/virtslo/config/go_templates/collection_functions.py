"""sprig's functions of lists and mappings.

Invariant: a list keeps its Go type; what depends on the random order of a map's keys is refused;
the author's own variables, which Go shares between objects, are never changed.
"""

from collections.abc import Callable
from typing import Any, Final

from virtslo.config.go_templates.number_functions import whole
from virtslo.config.go_templates.printing import text_of
from virtslo.config.go_templates.problems import CallProblem
from virtslo.config.go_templates.signatures import Function, function
from virtslo.config.go_templates.values import (
    Chunks,
    GivenMap,
    NilList,
    UnorderedList,
    UnorderedStrings,
    deep_equal,
    is_list,
    kind_name,
    ordered,
    truth,
    type_name,
)


def _items(value: Any) -> list[Any]:
    if not is_list(value):
        raise CallProblem(f"a {type_name(value)} as a list")
    return list(ordered(value))


def _ends(take: Callable[[list[Any]], Any], nothing: Any) -> Callable[[Any], Any]:
    def found(value: Any) -> Any:
        items = _items(value)
        return take(items) if items else nothing

    return found


def _without(value: Any, *omitted: Any) -> list[Any]:
    return [item for item in _items(value) if not _has(item, list(omitted))]


def _has(needle: Any, value: Any) -> bool:
    if value is None:
        return False
    if not is_list(value):
        raise CallProblem(f"a {type_name(value)} as a list")
    return any(deep_equal(needle, item) for item in value)


def _unique(value: Any) -> list[Any]:
    found: list[Any] = []
    for item in _items(value):
        if not _has(item, found):
            found.append(item)
    return found


def _slice(value: Any, *places: Any) -> Any:
    items = _items(value)
    if not items:
        return None
    start = whole(places[0]) if places else 0
    end = whole(places[1]) if len(places) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise CallProblem("a place outside the list")
    return type(value)(items[start:end])


def _concat(*lists: Any) -> list[Any]:
    found = [item for value in lists for item in _items(value)]
    return found or NilList()


def _chunk(size: int, value: Any) -> Chunks:
    items = _items(value)
    if size < 1:
        raise CallProblem(f"chunks of {size}")
    return Chunks(items[at : at + size] for at in range(0, len(items), size))


def _dictionary(*pairs: Any) -> dict[str, Any]:
    values = [*pairs, ""] if len(pairs) % 2 else pairs
    return {text_of(values[at]): values[at + 1] for at in range(0, len(values), 2)}


def _own(mapping: dict[str, Any]) -> dict[str, Any]:
    if isinstance(mapping, GivenMap):
        raise CallProblem("a change of the variables, which all objects share")
    return mapping


def _set(mapping: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    _own(mapping)[key] = value
    return mapping


def _unset(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    _own(mapping).pop(key, None)
    return mapping


def _merge(target: dict[str, Any], *sources: dict[str, Any]) -> dict[str, Any]:
    """mergo.Merge of flat mappings: what the target has and is not empty stays."""
    _own(target)
    for source in sources:
        for key, value in source.items():
            known = target.get(key)
            if isinstance(known, dict | list) or isinstance(value, dict | list):
                raise CallProblem("merging mappings that hold others")
            if not truth(known):
                if key in target and not truth(value):
                    continue
                target[key] = value
    return target


def _dig(*parts: Any) -> Any:
    if len(parts) < 3:
        raise CallProblem("fewer than three arguments")
    value, fallback = parts[-1], parts[-2]
    for key in parts[:-2]:
        if not isinstance(value, dict) or not isinstance(key, str):
            raise CallProblem("what is no mapping")
        if key not in value:
            return fallback
        value = value[key]
    return value


def _default(fallback: Any, *values: Any) -> Any:
    return values[0] if values and truth(values[0]) else fallback


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if truth(value)), None)


_PLAIN_LISTS: Final[dict[str, Function]] = {
    "append": function(lambda value, item: [*_items(value), item], "any any"),
    "prepend": function(lambda value, item: [item, *_items(value)], "any any"),
    "first": function(_ends(lambda items: items[0], None), "any"),
    "last": function(_ends(lambda items: items[-1], None), "any"),
    "rest": function(_ends(lambda items: items[1:], NilList()), "any"),
    "initial": function(_ends(lambda items: items[:-1], NilList()), "any"),
    "reverse": function(lambda value: _items(value)[::-1], "any"),
    "uniq": function(_unique, "any"),
    "compact": function(lambda value: [item for item in _items(value) if truth(item)], "any"),
    "without": function(_without, "any", "any"),
    "has": function(_has, "any any"),
    "slice": function(_slice, "any", "any"),
    "chunk": function(_chunk, "int any"),
}

TABLE: Final[dict[str, Function]] = {
    **_PLAIN_LISTS,
    **{f"must{name[0].upper()}{name[1:]}": made for name, made in _PLAIN_LISTS.items()},
    "push": _PLAIN_LISTS["append"],
    "mustPush": _PLAIN_LISTS["append"],
    "list": function(lambda *values: list(values), "", "any"),
    "tuple": function(lambda *values: list(values), "", "any"),
    "concat": function(_concat, "", "any"),
    "dict": function(_dictionary, "", "any"),
    "get": function(lambda mapping, key: mapping.get(key, ""), "map string"),
    "set": function(_set, "map string any"),
    "unset": function(_unset, "map string"),
    "hasKey": function(lambda mapping, key: key in mapping, "map string"),
    "pluck": function(
        lambda key, *mappings: [mapping[key] for mapping in mappings if key in mapping],
        "string",
        "map",
    ),
    "keys": function(
        lambda *mappings: UnorderedStrings(key for mapping in mappings for key in mapping),
        "",
        "map",
    ),
    "values": function(lambda mapping: UnorderedList(mapping.values()), "map"),
    "pick": function(
        lambda mapping, *keys: {key: mapping[key] for key in keys if key in mapping},
        "map",
        "string",
    ),
    "omit": function(
        lambda mapping, *keys: {key: mapping[key] for key in mapping if key not in keys},
        "map",
        "string",
    ),
    "merge": function(_merge, "map", "map"),
    "mustMerge": function(_merge, "map", "map"),
    "dig": function(_dig, "", "any"),
    "default": function(_default, "any", "any"),
    "empty": function(lambda value: not truth(value), "any"),
    "coalesce": function(_coalesce, "", "any"),
    "all": function(lambda *values: all(map(truth, values)), "", "any"),
    "any": function(lambda *values: any(map(truth, values)), "", "any"),
    "ternary": function(lambda yes, no, test: yes if test else no, "any any bool"),
    "typeOf": function(type_name, "any"),
    "typeIs": function(lambda name, value: name == type_name(value), "string any"),
    "typeIsLike": function(
        lambda name, value: type_name(value) in (name, f"*{name}"), "string any"
    ),
    "kindOf": function(kind_name, "any"),
    "kindIs": function(lambda name, value: name == kind_name(value), "string any"),
    "deepEqual": function(deep_equal, "any any"),
}
