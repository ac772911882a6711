"""YAML from outside, read safely: every limit is checked before memory is spent.

Invariant: what is returned is JSON-like (mappings with text keys, lists, text, finite numbers,
booleans, null). Aliases share one value and count in full each time they are used, long text for
more, so a small text never stands for a large document. Nothing is constructed from a tag.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

import yaml
from yaml.nodes import ScalarNode

from virtslo.base.limits import YAML_DEPTH, YAML_VALUES, Limit
from virtslo.base.yaml_scalars import Rules, as_json, key_text, plain_value

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML built without libyaml: the same grammar, slower
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

_TEXT_A_VALUE: Final = 64
"""Number of characters that count as one more value."""
_NUMBER_CHARACTERS: Final = 400
"""A longer number is refused before it is computed."""
_NUMERIC: Final = re.compile(r"[-+]?[0-9][0-9a-fA-FxXoO_.+-]*")
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
    rules: Rules = Rules.STRICT
    """By Go's rules a key that is a number or a boolean becomes its text, `<<` merges and only the
    first document is read."""
    one_document: bool = False
    """Whether documents after the first are refused under Go's rules too, unless they are empty;
    empty ones before it are passed over."""


STRICT: Final = Reading()


class GoMapping(dict[str, Any]):
    """A mapping as yaml.v3 reads it, with what was written for values that are no text."""

    __slots__ = ("has_other_keys", "texts")

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.has_other_keys = False
        """Whether a key is no text: not a map of texts to Go, unless such a map is asked for."""

    def text_of(self, key: str) -> str | None:
        """A value where a text is asked for; None: a collection, null or nothing."""
        value = self.get(key)
        return value if isinstance(value, str) else self.texts.get(key)


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
    merged: set[str] = field(default_factory=set)
    """Keys that came by a merge, which may come again."""


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
        self._is_go = reading.rules is not Rules.STRICT
        self._is_v3 = reading.rules is Rules.V3

    def build(self) -> Any:
        for event in self._events():
            kind = type(event)
            if kind is yaml.ScalarEvent:
                weight = 1 + len(event.value) // _TEXT_A_VALUE
                self._count(event, weight)
                self._put(event, self._scalar(event), event.anchor, weight)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._open(event, self._mapping() if kind is yaml.MappingStartEvent else [])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                closed = self._stack.pop()
                size = self._nodes - closed.before
                self._put(event, closed.value, closed.anchor, size)
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                if self._documents and self._is_go and not self._reading.one_document:
                    break
                self._start(event)
        return self._result

    def _start(self, event: Any) -> None:
        """Begin a document, which may be the second only where one of the two is empty."""
        self._documents += 1
        if self._documents > 1 and not self._is_go:
            raise _second(event)
        self._anchors.clear()

    def _end(self, event: Any, value: Any) -> None:
        """Keep the one document that is not empty."""
        if value in (None, {}) and self._documents > 1:
            return
        if self._result not in (None, {}):
            raise _second(event)
        self._result = value

    def _mapping(self) -> dict[str, Any]:
        return GoMapping() if self._is_v3 else {}

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
            self._end(event, value)
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
            if self._is_v3:
                self._remember(event, top, value)
            top.key = _MISSING

    def _remember(self, event: Any, top: _Open, value: Any) -> None:
        """Keep what was written for a value that is no text."""
        top.value.texts.pop(top.key, None)
        if isinstance(value, bool | int | float):
            top.value.texts[top.key] = getattr(event, "value", str(value))

    def _key(self, event: Any, top: _Open, key: Any) -> None:
        is_plain = getattr(event, "implicit", (False,))[0]
        if key == "<<" and (is_plain or event.tag == f"{_PREFIX}merge"):
            if not self._is_go:
                raise YamlProblem(_line(event), "a merge key", "plain keys", "write the keys out")
            top.key = _MERGE
            return
        if self._is_v3 and type(key) is not str:
            top.value.has_other_keys = True
        if not isinstance(key, str):
            key = self._key_text(event, key)
        is_unique = self._reading.rules is not Rules.SIGS
        if key in top.value and is_unique and key not in top.merged:
            hint = "keep one of them"
            raise YamlProblem(
                _line(event), f"the key {shorten(key)!r} twice", "each key once", hint
            )
        top.merged.discard(key)
        top.key = key

    def _key_text(self, event: Any, key: Any) -> str:
        written = getattr(event, "value", str(key))
        if self._is_v3 and isinstance(key, bool | int | float):
            return str(written)
        if self._is_go and type(event) is yaml.ScalarEvent:
            text = key_text(plain_value(written, self._reading.rules))
            if text is not None:
                return text
        hint = f'put it in quotes: "{shorten(written)}"'
        raise YamlProblem(_line(event), f"a {name_of(key)} as a key", "a text as a key", hint)

    def _merge(self, event: Any, top: _Open, value: Any) -> None:
        """Put in the keys of other mappings: over what is there in sigs, under it in yaml.v3."""
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise YamlProblem(_line(event), f"a {name_of(value)} to merge", "a mapping")
        merged: dict[str, Any] = {}
        for source in reversed(sources):
            merged |= source
        for key, item in merged.items():
            if key not in top.value or not self._is_v3:
                top.value[key] = item
                top.merged.add(key)

    def _scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            if self._is_go:
                return self._go_scalar(event)
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
        if self._is_go:
            return self._tagged_scalar(event, name)
        try:
            construct = self._loader.yaml_constructors[tag]
            value = construct(self._loader, ScalarNode(tag, event.value, event.start_mark))
        except (ValueError, LookupError, yaml.YAMLError) as error:
            raise YamlProblem(_line(event), shorten(event.value), "a number") from error
        return _finite(event, value)

    def _go_scalar(self, event: Any) -> Any:
        """A scalar without a tag: a text in quotes, else what Go makes of it."""
        if not event.implicit[0]:
            if event.tag == "!" and not event.value:
                raise _tagged(event)
            return event.value
        if len(event.value) > _NUMBER_CHARACTERS and _NUMERIC.fullmatch(event.value):
            raise YamlProblem(_line(event), shorten(event.value), "a number")
        value = plain_value(event.value, self._reading.rules)
        if not isinstance(value, float):
            return value
        return _finite(event, value) if self._is_v3 else as_json(_finite(event, value))

    def _tagged_scalar(self, event: Any, name: str) -> Any:
        """A scalar that says what it is; it must be that, but for an int that is to be a float."""
        value = plain_value(event.value, self._reading.rules)
        if name == "float" and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value).__name__ != name:
            raise YamlProblem(_line(event), shorten(event.value), f"a value of the tag {event.tag}")
        if not isinstance(value, float):
            return value
        return _finite(event, value) if self._is_v3 else as_json(_finite(event, value))


def _finite(event: Any, value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        raise YamlProblem(_line(event), event.value, "a finite number")
    return value


def _second(event: Any) -> YamlProblem:
    hint = "remove everything from the second `---` on"
    return YamlProblem(_line(event), "a second document", "one document", hint)


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
