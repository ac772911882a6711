"""The part of Go's template language that load generators' manifests use.

Invariant: what it renders is what Go's `html/template` renders, or it refuses by name. Values are
escaped as that package escapes text; literal text that it would read as an HTML tag is refused.
Only the standard library is imported: this runs in the rendering child.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

UNSET: Final = frozenset({"iteration"})
"""Variables that KubeVirt's load generator names and never sets: they render as nothing."""

_ACTION: Final = re.compile(
    r"\{\{(- )?((?:[^{}\"`]|\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`)*?)( -)?\}\}", re.DOTALL
)
_FIELD: Final = re.compile(r"\$?\.([A-Za-z_][A-Za-z0-9_]*)")
_STRING: Final = re.compile(r'"((?:[^"\\\n]|\\["\\])*)"')
_TAG: Final = re.compile(r"<(?:!--|/?[A-Za-z])")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES: Final = str.maketrans(
    {
        "\0": "\ufffd",
        '"': "&#34;",
        "&": "&amp;",
        "'": "&#39;",
        "+": "&#43;",
        "<": "&lt;",
        ">": "&gt;",
    }
)


class TemplateProblem(Exception):
    """A template that cannot be rendered: in which line, what was found, what was expected."""

    def __init__(self, line: int, found: str, expected: str, hint: str = "") -> None:
        super().__init__(f"line {line}: expected {expected}, found {found}")
        self.line = line
        self.found = found
        self.expected = expected
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Action:
    """One `{{.name}}`, with the filters that may follow it."""

    name: str
    line: int
    default: str | None = None
    is_quoted: bool = False


class GoTemplate:
    """A template, read once and rendered many times."""

    def __init__(self, text: str) -> None:
        self._parts = _parse(text)

    @property
    def names(self) -> tuple[str, ...]:
        """The variables it uses, in order of first use."""
        return tuple(dict.fromkeys(part.name for part in self._parts if isinstance(part, Action)))

    def render(self, variables: Mapping[str, Any]) -> str:
        """The text with every action replaced. Raises TemplateProblem for an unknown variable."""
        return "".join(
            part if isinstance(part, str) else _value(part, variables) for part in self._parts
        )


def go_text(value: Any) -> str | None:
    """A scalar as Go prints it after reading it from YAML; None for anything else."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return _go_number(float(value))
    return None


def _go_number(value: float) -> str:
    """Go's `%v` of a float64: the shortest digits, with an exponent below 1e-4 and from 1e+06."""
    sign, digits, _ = Decimal(repr(value)).normalize().as_tuple()
    exponent = Decimal(repr(value)).adjusted() if value else 0
    if -4 <= exponent < 6:
        return f"{Decimal(repr(value)).normalize():f}"
    text = "".join(map(str, digits))
    mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _parse(text: str) -> list[str | Action]:
    parts: list[str | Action] = []
    position, trim = 0, False
    for match in _ACTION.finditer(text):
        literal = text[position : match.start()]
        _add_literal(parts, literal, text, position, trim, bool(match[1]))
        line = text.count("\n", 0, match.start()) + 1
        action = _action(match[2].strip(), line)
        if action is not None:
            parts.append(action)
        position, trim = match.end(), bool(match[3])
    _add_literal(parts, text[position:], text, position, trim, False)
    return parts


def _add_literal(
    parts: list[str | Action], literal: str, text: str, start: int, after: bool, before: bool
) -> None:
    at = literal.find("{{")
    if at >= 0:
        line = text.count("\n", 0, start + at) + 1
        raise TemplateProblem(line, f"an action not understood: {_short(literal[at:])}", *_EXPECTED)
    tag = _TAG.search(literal)
    if tag is not None:
        line = text.count("\n", 0, start + tag.start()) + 1
        raise TemplateProblem(
            line,
            f"{_short(literal[tag.start() :])}, which html/template reads as an HTML tag",
            "text without HTML tags",
            "put a space after the <",
        )
    if after:
        literal = literal.lstrip(" \t\r\n")
    if before:
        literal = literal.rstrip(" \t\r\n")
    if literal:
        parts.append(literal.replace("<", "&lt;"))


_EXPECTED: Final = (
    "a variable such as {{.replica}}",
    "control structures and functions of Go templates are not supported: write the manifest out",
)


def _action(text: str, line: int) -> Action | None:
    if text.startswith("/*") and text.endswith("*/"):
        return None
    first, *filters = _split_pipes(text)
    match = _FIELD.fullmatch(first)
    if match is None:
        word = _WORD.match(first)
        what = f"{word[0]!r}" if word else f"{{{{{_short(text)}}}}}"
        raise TemplateProblem(line, what, *_EXPECTED)
    default, is_quoted = None, False
    for call in filters:
        name, _, argument = call.partition(" ")
        string = _STRING.fullmatch(argument.strip())
        if name == "quote" and not argument:
            is_quoted = True
        elif name == "default" and string is not None and not is_quoted:
            default = re.sub(r"\\(.)", r"\1", string[1])
        else:
            raise TemplateProblem(line, f"the function {name!r}", *_EXPECTED)
    return Action(match[1], line, default, is_quoted)


def _split_pipes(text: str) -> list[str]:
    parts = re.findall(r'(?:[^|"]|"(?:[^"\\]|\\.)*")+', text)
    return [part.strip() for part in parts] or [""]


def _value(action: Action, variables: Mapping[str, Any]) -> str:
    value = variables.get(action.name)
    if action.name not in variables and action.name not in UNSET and action.default is None:
        known = ", ".join(sorted(variables))
        raise TemplateProblem(
            action.line,
            f"the variable {action.name!r}, which nothing sets",
            f"one of {known}",
            f"set {action.name} among the variables",
        )
    text = go_text(value)
    if text is None:
        raise TemplateProblem(
            action.line,
            f"a {type(value).__name__} in the variable {action.name!r}",
            "a text, a number or a boolean",
        )
    if not text and action.default is not None:
        text = action.default
    escaped = text.translate(_ESCAPES)
    return f'"{escaped}"' if action.is_quoted else escaped


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:39] + "…"
