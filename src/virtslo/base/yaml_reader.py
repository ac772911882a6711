"""YAML from outside, read safely: every limit is checked before memory is spent.

Invariant: what is returned is JSON-like (mappings with text keys, lists, text, finite numbers,
booleans, null). Aliases share one value and count in full each time they are used, long text for
more, so a small text never stands for a large document. Nothing is constructed from a tag.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

import yaml
from yaml.nodes import ScalarNode

from virtslo.base.limits import YAML_DEPTH, YAML_VALUES, Limit

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML built without libyaml: the same grammar, slower
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

_TEXT_A_VALUE: Final = 64
"""Number of characters that count as one more value."""
_NUMBER_CHARACTERS: Final = 400
"""A longer number is refused before it is computed."""
_PREFIX: Final = "tag:yaml.org,2002:"
_PLAIN: Final = frozenset({"str", "timestamp", "value"})
_MISSING: Final = object()
_MERGE: Final = object()


class YamlProblem(Exception):
    """A text that will not do; says in which line, what was found and what was expected."""

    def __init__(self, line: int, found: str, expected: str, hint: str = "") -> None:
        super().__init__(f"line {line}: expected {expected}, found {found}")
        self.line = line
        self.found = found
        self.expected = expected
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Reading:
    """How a YAML text is read."""

    values: Limit = YAML_VALUES
    depth: Limit = YAML_DEPTH
    as_kubernetes: bool = False
    """As Kubernetes' own reader: a key that is a number or a boolean becomes its text, `<<` merges,
    the last of two equal keys counts, and only the first document is read."""


STRICT: Final = Reading()


def parse_yaml(text: str | bytes, reading: Reading = STRICT) -> Any:
    """The one document of a YAML text; None where there is none. Raises YamlProblem."""
    try:
        loader = Loader(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _from_yaml(error) from error
    try:
        return _Builder(loader, reading).build()
    except yaml.YAMLError as error:
        raise _from_yaml(error) from error
    finally:
        loader.dispose()


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    value: Any
    anchor: str | None
    before: int
    key: Any = field(default=_MISSING)


class _Builder:
    """Makes values from parser events with a stack of its own, so that depth costs no recursion."""

    def __init__(self, loader: Any, reading: Reading) -> None:
        self._loader = loader
        self._reading = reading
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._result: Any = None
        self._documents = 0

    def build(self) -> Any:
        for event in self._events():
            kind = type(event)
            if kind is yaml.ScalarEvent:
                weight = 1 + len(event.value) // _TEXT_A_VALUE
                self._count(event, weight)
                self._put(event, self._scalar(event), event.anchor, weight)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._open(event, {} if kind is yaml.MappingStartEvent else [])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                closed = self._stack.pop()
                size = self._nodes - closed.before
                self._put(event, closed.value, closed.anchor, size)
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                self._documents += 1
                if self._documents > 1:
                    if self._reading.as_kubernetes:
                        break
                    hint = "remove everything from the second `---` on"
                    raise YamlProblem(_line(event), "a second document", "one document", hint)
        return self._result

    def _events(self) -> Iterator[Any]:
        while self._loader.check_event():
            yield self._loader.get_event()

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > self._reading.values.most:
            found = f"more than {self._reading.values.most} values, aliases counted in full"
            raise YamlProblem(_line(event), found, "a document of reasonable size")

    def _open(self, event: Any, value: Any) -> None:
        depth = self._reading.depth.most
        if len(self._stack) >= depth:
            found = f"more than {depth} levels"
            raise YamlProblem(_line(event), found, "a document of reasonable depth")
        if event.tag not in (None, "!", f"{_PREFIX}map", f"{_PREFIX}seq"):
            raise _tagged(event)
        if self._stack:
            top = self._stack[-1]
            if isinstance(top.value, dict) and top.key is _MISSING:
                raise YamlProblem(_line(event), "a collection as a key", "a text as a key")
        before = self._nodes
        self._count(event, 1)
        if event.anchor is not None:
            self._anchors.pop(event.anchor, None)
        self._stack.append(_Open(value, event.anchor, before))

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            found = f"the alias *{event.anchor}, which stands for nothing complete"
            raise YamlProblem(_line(event), found, "an alias of an earlier anchor")
        value, size = self._anchors[event.anchor]
        self._count(event, size)
        self._put(event, value, None, size)

    def _put(self, event: Any, value: Any, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)
        if not self._stack:
            self._result = value
            return
        top = self._stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is _MISSING:
            self._key(event, top, value)
        elif top.key is _MERGE:
            self._merge(event, top, value)
            top.key = _MISSING
        else:
            top.value[top.key] = value
            top.key = _MISSING

    def _key(self, event: Any, top: _Open, key: Any) -> None:
        if key == "<<" and getattr(event, "implicit", (False,))[0]:
            if not self._reading.as_kubernetes:
                raise YamlProblem(_line(event), "a merge key", "plain keys", "write the keys out")
            top.key = _MERGE
            return
        if not isinstance(key, str):
            key = self._key_text(event, key)
        if key in top.value and not self._reading.as_kubernetes:
            hint = "keep one of them"
            raise YamlProblem(
                _line(event), f"the key {shorten(key)!r} twice", "each key once", hint
            )
        top.key = key

    def _key_text(self, event: Any, key: Any) -> str:
        if self._reading.as_kubernetes and isinstance(key, bool | int | float):
            return str(key).lower() if isinstance(key, bool) else shorten(event.value)
        hint = f'put it in quotes: "{shorten(getattr(event, "value", str(key)))}"'
        raise YamlProblem(_line(event), f"a {name_of(key)} as a key", "a text as a key", hint)

    def _merge(self, event: Any, top: _Open, value: Any) -> None:
        """Put in the keys of other mappings that are not there yet."""
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                raise YamlProblem(_line(event), f"a {name_of(source)} to merge", "a mapping")
            for key, item in source.items():
                if key not in top.value:
                    top.value[key] = item

    def _scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self._loader.resolve(ScalarNode, event.value, event.implicit)
        name = tag.removeprefix(_PREFIX)
        if name in _PLAIN or name == "merge":
            return event.value
        if name == "null":
            return None
        if name not in {"bool", "int", "float"}:
            raise _tagged(event)
        if len(event.value) > _NUMBER_CHARACTERS:
            raise YamlProblem(_line(event), shorten(event.value), "a number")
        if ":" in event.value and event.tag is None:
            return event.value  # YAML 1.1 reads 1:30 as 90; no reader of Kubernetes does
        try:
            construct = self._loader.yaml_constructors[tag]
            value = construct(self._loader, ScalarNode(tag, event.value, event.start_mark))
        except (ValueError, LookupError, yaml.YAMLError) as error:
            raise YamlProblem(_line(event), shorten(event.value), "a number") from error
        if isinstance(value, float) and not isfinite(value):
            raise YamlProblem(_line(event), event.value, "a finite number")
        return value


def shorten(text: str, limit: int = 60) -> str:
    """A text of at most `limit` characters, on one line, for a message."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _tagged(event: Any) -> YamlProblem:
    return YamlProblem(_line(event), f"the tag {event.tag}", "plain values", "remove the tag")


def name_of(value: Any) -> str:
    """The kind of a value, for a message."""
    names = {dict: "mapping", list: "list", str: "text", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _from_yaml(error: yaml.YAMLError | UnicodeDecodeError) -> YamlProblem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    line = mark.line + 1 if mark is not None else 1
    hint = "indent with spaces, not tabs" if "cannot start any token" in str(what) else ""
    return YamlProblem(line, shorten(str(what), 100), "well-formed YAML", hint)
