"""Sets of fields, as server-side apply keeps them: the fields that an applier has set. Pure.

Invariant: a path is a tuple of the elements of Kubernetes' FieldsV1 (`f:name`, `k:{"key":…}`,
`v:value`), so a set and its document are two forms of one thing; sets keep an order, since nothing
here may depend on hashes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from virtslo.sim.patching.patches import SET_LISTS, merge_key_of

Path = tuple[str, ...]
FieldSet = dict[Path, None]
"""An ordered set of paths."""

ABSENT: Final = object()
_METADATA_KEYS: Final[Mapping[str, str]] = {"ownerReferences": "uid"}
_PORTS: Final = "ports"
_PROTOCOL: Final = "protocol"
_DEFAULTS: Final[Mapping[str, Any]] = {_PROTOCOL: "TCP"}
"""What a key of an item is where the item does not say it."""
_SELF: Final = "."


class Lists:
    """How lists are merged: by a key, as sets, or (as lists of custom resources) as one value."""

    def __init__(self, *, is_built_in: bool) -> None:
        self._is_built_in = is_built_in

    def keys_of(self, name: str, items: Sequence[Any]) -> tuple[str, ...]:
        """The keys of the items of a list (`x-kubernetes-list-map-keys`); none: it is not merged.

        Ports have two, where a strategic merge patch goes by the first alone.
        """
        key = merge_key_of(name, items) if self._is_built_in else _METADATA_KEYS.get(name)
        if key is None:
            return ()
        return (key, _PROTOCOL) if name == _PORTS else (key,)

    def is_set(self, name: str) -> bool:
        """Whether a list holds each value once, in no order."""
        return name in SET_LISTS


def fields_of(value: Any, lists: Lists) -> FieldSet:
    """Every field that a value sets."""
    return dict.fromkeys(_walk(value, (), "", lists))


def _walk(value: Any, path: Path, name: str, lists: Lists) -> Iterator[Path]:
    if isinstance(value, Mapping):
        if not value and path:
            yield path
        for key, below in value.items():
            yield from _walk(below, (*path, f"f:{key}"), key, lists)
        return
    if isinstance(value, list | tuple) and value:
        keys = lists.keys_of(name, value)
        if keys:
            for item in value:
                if isinstance(item, Mapping) and keys[0] in item:
                    below_path = (*path, _item(_identity(item, keys)))
                    yield below_path
                    yield from _walk(item, below_path, "", lists)
            return
        if lists.is_set(name):
            for item in value:
                yield (*path, f"v:{json.dumps(item)}")
            return
    yield path


def _identity(item: Any, keys: Sequence[str]) -> dict[str, Any]:
    """What distinguishes an item of a list."""
    found = item if isinstance(item, Mapping) else {}
    return {key: found.get(key, _DEFAULTS.get(key)) for key in keys}


def _item(identity: Mapping[str, Any]) -> str:
    return f"k:{json.dumps(identity, separators=(',', ':'), sort_keys=True)}"


def document_of(fields: FieldSet) -> dict[str, Any]:
    """A set as FieldsV1."""
    document: dict[str, Any] = {}
    for path in sorted(fields):
        node = document
        for element in path:
            node = node.setdefault(element, {})
        if path[-1].startswith("k:"):
            node[_SELF] = {}
    return document


def read_document(document: Any) -> FieldSet:
    """FieldsV1 as a set."""
    return dict.fromkeys(_read(document, ()))


def _read(node: Any, path: Path) -> Iterator[Path]:
    if not isinstance(node, Mapping) or not node:
        if path:
            yield path
        return
    for element, below in node.items():
        if element == _SELF:
            yield path
        else:
            yield from _read(below, (*path, element))


def value_at(target: Any, path: Sequence[str]) -> Any:
    """The value at a path; `ABSENT` where there is none."""
    value = target
    for element in path:
        kind, text = element[0], element[2:]
        if kind == "f":
            if not isinstance(value, Mapping) or text not in value:
                return ABSENT
            value = value[text]
            continue
        if not isinstance(value, list | tuple):
            return ABSENT
        index = _index(value, kind, text)
        if index is None:
            return ABSENT
        value = value[index]
    return value


def _index(items: Sequence[Any], kind: str, text: str) -> int | None:
    wanted = json.loads(text)
    for index, item in enumerate(items):
        if kind == "v" and item == wanted:
            return index
        if kind == "k" and isinstance(item, Mapping) and _identity(item, wanted) == wanted:
            return index
    return None


def merged(live: Any, config: Any, lists: Lists, name: str = "") -> Any:
    """What is there with everything that a configuration sets."""
    if isinstance(config, Mapping):
        result = dict(live) if isinstance(live, Mapping) else {}
        for key, value in config.items():
            result[key] = merged(result.get(key), value, lists, key)
        return result
    if isinstance(config, list | tuple) and isinstance(live, list | tuple):
        keys = lists.keys_of(name, config)
        if keys:
            return _merged_items(live, config, keys, lists)
        if lists.is_set(name):
            return [*live, *(item for item in config if item not in live)]
    return config


def _merged_items(
    live: Sequence[Any], config: Sequence[Any], keys: Sequence[str], lists: Lists
) -> list[Any]:
    found = {_item(_identity(item, keys)): item for item in live if isinstance(item, Mapping)}
    for item in config:
        name = _item(_identity(item, keys))
        found[name] = merged(found.get(name), item, lists)
    return list(found.values())


def without(target: Any, path: Sequence[str]) -> Any:
    """A value without what is at a path."""
    element, rest = path[0], path[1:]
    kind, text = element[0], element[2:]
    if kind == "f":
        if not isinstance(target, Mapping) or text not in target:
            return target
        if rest:
            return {**target, text: without(target[text], rest)}
        return {key: value for key, value in target.items() if key != text}
    if not isinstance(target, list | tuple):
        return target
    index = _index(target, kind, text)
    if index is None:
        return target
    items = list(target)
    if rest:
        items[index] = without(items[index], rest)
    else:
        del items[index]
    return items


def shown(path: Path) -> str:
    """A path as messages print it: `.spec.containers[name="a"].image`."""
    text = ""
    for element in path:
        kind, rest = element[0], element[2:]
        if kind == "f":
            text += f".{rest}"
        elif kind == "v":
            text += f"[={rest}]"
        else:
            pairs = (f"{key}={json.dumps(value)}" for key, value in json.loads(rest).items())
            text += f"[{','.join(pairs)}]"
    return text
