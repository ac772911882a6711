"""The types of a kubeconfig's fields, checked as kubectl's decoder checks them.

Invariant: the whole file is checked, entries that no context uses too, every problem is named at
once, and no message holds a value. Null is the empty value of each type; unknown keys are passed
over.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from virtslo.base.yaml_reader import name_of


class Scalar(Enum):
    """A type of one value, by the words that messages use."""

    TEXT = "a text"
    TRUTH = "true or false"
    BASE64 = "base64"
    ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one shape."""

    item: "Shape"
    unique: str = ""
    """The key whose texts may each come once."""


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping of any keys to values of one shape."""

    item: "Shape"


Shape = Scalar | ListOf | MapOf | Mapping[str, "Shape"]

_TEXT: Final = Scalar.TEXT
_EXTENSIONS: Final = ListOf({"name": _TEXT, "extension": Scalar.ANYTHING}, unique="name")
_CLUSTER: Final[Mapping[str, Shape]] = {
    "server": _TEXT,
    "tls-server-name": _TEXT,
    "insecure-skip-tls-verify": Scalar.TRUTH,
    "certificate-authority": _TEXT,
    "certificate-authority-data": Scalar.BASE64,
    "proxy-url": _TEXT,
    "disable-compression": Scalar.TRUTH,
    "extensions": _EXTENSIONS,
}
_PLUG_IN: Final[Mapping[str, Shape]] = {
    "command": _TEXT,
    "args": ListOf(_TEXT),
    "env": ListOf({"name": _TEXT, "value": _TEXT}),
    "apiVersion": _TEXT,
    "installHint": _TEXT,
    "provideClusterInfo": Scalar.TRUTH,
    "interactiveMode": _TEXT,
}
_USER: Final[Mapping[str, Shape]] = {
    "client-certificate": _TEXT,
    "client-certificate-data": Scalar.BASE64,
    "client-key": _TEXT,
    "client-key-data": Scalar.BASE64,
    "token": _TEXT,
    "tokenFile": _TEXT,
    "as": _TEXT,
    "as-uid": _TEXT,
    "as-groups": ListOf(_TEXT),
    "as-user-extra": MapOf(ListOf(_TEXT)),
    "username": _TEXT,
    "password": _TEXT,
    "auth-provider": {"name": _TEXT, "config": MapOf(_TEXT)},
    "exec": _PLUG_IN,
    "extensions": _EXTENSIONS,
}
_CONTEXT: Final[Mapping[str, Shape]] = {
    "cluster": _TEXT,
    "user": _TEXT,
    "namespace": _TEXT,
    "extensions": _EXTENSIONS,
}
KUBECONFIG: Final[Mapping[str, Shape]] = {
    "kind": _TEXT,
    "apiVersion": _TEXT,
    "preferences": {"colors": Scalar.TRUTH, "extensions": _EXTENSIONS},
    "clusters": ListOf({"name": _TEXT, "cluster": _CLUSTER}, unique="name"),
    "users": ListOf({"name": _TEXT, "user": _USER}, unique="name"),
    "contexts": ListOf({"name": _TEXT, "context": _CONTEXT}, unique="name"),
    "current-context": _TEXT,
    "extensions": _EXTENSIONS,
}


def shape_problems(document: Mapping[str, Any]) -> list[str]:
    """What of a kubeconfig is of another type than kubectl decodes, each with its place."""
    return [f"{place}: expected {words}" for place, words in _problems(document, KUBECONFIG, "")]


def decoded(data: str) -> bytes | None:
    """The bytes of a base64 text, line ends passed over as in Go; None if it is none."""
    try:
        return base64.b64decode(data.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return None


def _problems(value: Any, shape: Shape, place: str) -> Iterator[tuple[str, str]]:
    if value is None or shape is Scalar.ANYTHING:
        return
    if isinstance(shape, Scalar):
        yield from _of_scalar(value, shape, place)
    elif isinstance(shape, ListOf):
        yield from _of_list(value, shape, place)
    elif not isinstance(value, dict):
        yield place, f"a mapping, found a {name_of(value)}"
    elif isinstance(shape, MapOf):
        for item in value.values():
            # Keys of a map may be a user's own, and are not shown.
            yield from _problems(item, shape.item, f"{place}[…]")
    else:
        for key, inner in shape.items():
            yield from _problems(value.get(key), inner, f"{place}.{key}" if place else key)


def _of_scalar(value: Any, shape: Scalar, place: str) -> Iterator[tuple[str, str]]:
    wanted = bool if shape is Scalar.TRUTH else str
    if not isinstance(value, wanted):
        expected = Scalar.TEXT if shape is Scalar.BASE64 else shape
        yield place, f"{expected.value}, found a {name_of(value)}"
    elif shape is Scalar.BASE64 and decoded(str(value)) is None:
        yield place, "base64, found something else"


def _of_list(value: Any, shape: ListOf, place: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        kind = "mappings" if isinstance(shape.item, Mapping) else "texts"
        yield place, f"a list of {kind}, found a {name_of(value)}"
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        yield from _problems(item, shape.item, f"{place}[{index}]")
        name = item.get(shape.unique) if shape.unique and isinstance(item, dict) else None
        if isinstance(name, str):
            if name in seen:
                yield f"{place}[{index}].{shape.unique}", "each name once, found an earlier one's"
            seen.add(name)
