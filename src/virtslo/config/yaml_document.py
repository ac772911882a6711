"""YAML of people, read safely: every bound is checked before memory is spent.

Invariant: what is returned is JSON-like (mappings with text keys, lists, text, finite numbers,
booleans, null). Aliases share one value and count in full each time they are used, so a small
text never stands for a large document. Nothing is ever constructed from a tag.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.nodes import ScalarNode

from virtslo.base.errors import Problem, ScenarioError

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML built without libyaml: the same grammar, slower
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

MAX_BYTES: Final = 1024 * 1024
MAX_NODES: Final = 100_000
MAX_DEPTH: Final = 64
_PREFIX: Final = "tag:yaml.org,2002:"
_PLAIN: Final = frozenset({"str", "timestamp", "value"})
_MISSING: Final = object()


class YamlProblem(Exception):
    """A text that will not do; says in which line, what was found and what was expected."""

    def __init__(self, line: int, found: str, expected: str, hint: str = "") -> None:
        super().__init__(f"line {line}: expected {expected}, found {found}")
        self.line = line
        self.found = found
        self.expected = expected
        self.hint = hint


def read_text(path: Path, *, max_bytes: int = MAX_BYTES, expected: str = "a file") -> str:
    """The text of a file of bounded size, in UTF-8. Raises ScenarioError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(
            str(path), [Problem(str(path), words, expected, "check the path and its permissions")]
        ) from error
    if len(data) > max_bytes:
        found = f"more than {max_bytes} bytes"
        raise ScenarioError(str(path), [Problem(str(path), found, f"at most {max_bytes} bytes")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x}, which is not UTF-8"
        raise ScenarioError(
            str(path), [Problem(f"line {line}", found, "text in UTF-8", "save the file as UTF-8")]
        ) from error


def read_mapping(path: Path) -> Mapping[str, Any]:
    """The mapping that a YAML file holds. Raises ScenarioError."""
    text = read_text(path, expected="a scenario file")
    try:
        document = parse_yaml(text)
    except YamlProblem as error:
        problem = Problem(f"line {error.line}", error.found, error.expected, error.hint)
        raise ScenarioError(str(path), [problem]) from error
    if document is None:
        problem = Problem("line 1", "an empty file", "a scenario", "see `virtslo schema`")
        raise ScenarioError(str(path), [problem])
    if not isinstance(document, dict):
        found = f"a {_name_of(document)} at the top"
        problem = Problem("line 1", found, "a mapping of keys to values", "see `virtslo schema`")
        raise ScenarioError(str(path), [problem])
    return document


def parse_yaml(text: str) -> Any:
    """The one document of a YAML text; None where there is none. Raises YamlProblem."""
    try:
        loader = Loader(text)
    except yaml.YAMLError as error:
        raise _from_yaml(error) from error
    try:
        return _Builder(loader).build()
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

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._result: Any = None
        self._documents = 0

    def build(self) -> Any:
        for event in self._events():
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._count(event, 1)
                self._put(event, self._scalar(event), event.anchor, 1)
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
                    hint = "remove everything from the second `---` on"
                    raise YamlProblem(_line(event), "a second document", "one document", hint)
        return self._result

    def _events(self) -> Iterator[Any]:
        while self._loader.check_event():
            yield self._loader.get_event()

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            found = f"more than {MAX_NODES} values, aliases counted in full"
            raise YamlProblem(_line(event), found, "a document of reasonable size")

    def _open(self, event: Any, value: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise YamlProblem(
                _line(event), f"more than {MAX_DEPTH} levels", "a document of reasonable depth"
            )
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
        else:
            top.value[top.key] = value
            top.key = _MISSING

    def _key(self, event: Any, top: _Open, key: Any) -> None:
        if not isinstance(key, str):
            hint = f'put it in quotes: "{getattr(event, "value", key)}"'
            raise YamlProblem(_line(event), f"a {_name_of(key)} as a key", "a text as a key", hint)
        if key == "<<" and getattr(event, "implicit", (False,))[0]:
            hint = "write the keys out"
            raise YamlProblem(_line(event), "a merge key", "plain keys", hint)
        if key in top.value:
            hint = "keep one of them"
            raise YamlProblem(_line(event), f"the key {key!r} twice", "each key once", hint)
        top.key = key

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
        if ":" in event.value and event.tag is None:
            return event.value  # YAML 1.1 reads 1:30 as 90; no reader of Kubernetes does
        try:
            construct = self._loader.yaml_constructors[tag]
            value = construct(self._loader, ScalarNode(tag, event.value, event.start_mark))
        except (ValueError, KeyError, yaml.YAMLError) as error:
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


def _name_of(value: Any) -> str:
    names = {dict: "mapping", list: "list", str: "text", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _from_yaml(error: yaml.YAMLError) -> YamlProblem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    line = mark.line + 1 if mark is not None else 1
    hint = "indent with spaces, not tabs" if "cannot start any token" in str(what) else ""
    return YamlProblem(line, shorten(str(what), 100), "well-formed YAML", hint)
