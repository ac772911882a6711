"""The functions that templates of load generators call: text/template's own, and sprig's.

Invariant: pure and repeatable: what depends on chance, the clock, the machine or a file is not here
(`randAlphaNum`, `now`, `env`). Arguments are in Go's order: the piped value comes last.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from virtslo.config.templates.go_template import go_text

MAX_TEXT: Final = 1_000_000


class CallProblem(Exception):
    """Arguments that a function does not take."""


def text_of(value: Any) -> str:
    """A value as Go prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = go_text(value)
    if text is not None:
        return text
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{key}:{text_of(value[key])}" for key in sorted(value)) + "]"
    return "[" + " ".join(text_of(item) for item in value) + "]"


def truth(value: Any) -> bool:
    """Whether Go's `if` takes it for true: not false, 0, nil or empty."""
    return bool(value)


def _default(fallback: Any, value: Any = None) -> Any:
    return value if truth(value) else fallback


def _ternary(yes: Any, no: Any, condition: Any) -> Any:
    return yes if condition is True else no


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if truth(value)), None)


def _and(*values: Any) -> Any:
    return next((value for value in values if not truth(value)), values[-1])


def _or(*values: Any) -> Any:
    return next((value for value in values if truth(value)), values[-1])


def _equal(first: Any, *others: Any) -> bool:
    return any(_comparable(first) == _comparable(other) for other in others)


def _comparable(value: Any) -> Any:
    return (type(value) is bool, value)


def _less(one: Any, other: Any) -> bool:
    if isinstance(one, str) != isinstance(other, str):
        raise CallProblem(f"{text_of(one)} and {text_of(other)} cannot be compared")
    return bool(one < other)


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, Sequence):
            value = value[_integer(key)]
        else:
            raise CallProblem(f"{text_of(value)} has no index")
    return value


def _integer(value: Any) -> int:
    """sprig's `int`: what is no number is 0 there; here it is refused."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d+\s*", value):
        return int(value)
    raise CallProblem(f"{text_of(value)!r} is no whole number")


def _float(value: Any) -> float:
    return float(value)


def _printf(form: str, *values: Any) -> str:
    rest = list(values)

    def put(match: re.Match[str]) -> str:
        verb = match[0][-1]
        if verb == "%":
            return "%"
        if not rest:
            raise CallProblem("fewer values than verbs")
        value = rest.pop(0)
        if verb in "vs":
            return f"{match[0][:-1]}s" % text_of(value)
        if verb == "q":
            return json.dumps(text_of(value), ensure_ascii=False)
        if verb in "dxXo":
            return match[0] % _integer(value)
        return match[0] % _float(value)

    text = re.sub(r"%[-+ 0#]*\d*(?:\.\d+)?[a-zA-Z%]", put, form)
    if rest:
        raise CallProblem("more values than verbs")
    return text


def _indent(spaces: Any, text: Any) -> str:
    pad = " " * min(_integer(spaces), 200)
    return pad + text_of(text).replace("\n", f"\n{pad}")


def _repeat(count: Any, text: Any) -> str:
    times, once = _integer(count), text_of(text)
    if times * len(once) > MAX_TEXT:
        raise CallProblem("a text that is too long")
    return once * times


def _until(*bounds: Any) -> list[int]:
    numbers = [_integer(bound) for bound in bounds]
    found = range(*numbers)
    if len(found) > MAX_TEXT:
        raise CallProblem("a list that is too long")
    return list(found)


def _divide(one: Any, other: Any) -> int:
    """Go's division: toward zero."""
    a, b = _integer(one), _integer(other)
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _modulo(one: Any, other: Any) -> int:
    a, b = _integer(one), _integer(other)
    return a - b * _divide(a, b)


def _sum(*values: Any) -> int:
    return sum(_integer(value) for value in values)


def _product(*values: Any) -> int:
    result = 1
    for value in values:
        result *= _integer(value)
    return result


def _quote(*values: Any) -> str:
    return " ".join(json.dumps(text_of(value), ensure_ascii=False) for value in values)


def _squote(*values: Any) -> str:
    return " ".join(f"'{text_of(value)}'" for value in values)


def _join(separator: Any, items: Any) -> str:
    parts = items if isinstance(items, Sequence) and not isinstance(items, str) else [items]
    return text_of(separator).join(text_of(item) for item in parts)


def _dictionary(*pairs: Any) -> dict[str, Any]:
    if len(pairs) % 2:
        raise CallProblem("a key without a value")
    return {text_of(pairs[at]): pairs[at + 1] for at in range(0, len(pairs), 2)}


def _required(message: Any, value: Any) -> Any:
    if value is None or value == "":
        raise CallProblem(text_of(message))
    return value


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    # text/template's own
    "and": _and,
    "or": _or,
    "not": lambda value: not truth(value),
    "eq": _equal,
    "ne": lambda one, other: not _equal(one, other),
    "lt": _less,
    "le": lambda one, other: not _less(other, one),
    "gt": lambda one, other: _less(other, one),
    "ge": lambda one, other: not _less(one, other),
    "index": _index,
    "len": len,
    "print": lambda *values: "".join(text_of(value) for value in values),
    "printf": _printf,
    "println": lambda *values: " ".join(text_of(value) for value in values) + "\n",
    # sprig's: defaults and choice
    "default": _default,
    "empty": lambda value: not truth(value),
    "coalesce": _coalesce,
    "ternary": _ternary,
    "required": _required,
    # sprig's: numbers
    "add": _sum,
    "add1": lambda value: _integer(value) + 1,
    "sub": lambda one, other: _integer(one) - _integer(other),
    "mul": _product,
    "div": _divide,
    "mod": _modulo,
    "max": lambda *values: max(_integer(value) for value in values),
    "min": lambda *values: min(_integer(value) for value in values),
    "int": _integer,
    "int64": _integer,
    "atoi": _integer,
    "float64": _float,
    # sprig's: texts
    "toString": text_of,
    "quote": _quote,
    "squote": _squote,
    "upper": lambda text: text_of(text).upper(),
    "lower": lambda text: text_of(text).lower(),
    "title": lambda text: text_of(text).title(),
    "trim": lambda text: text_of(text).strip(),
    "trimAll": lambda cut, text: text_of(text).strip(text_of(cut)),
    "trimPrefix": lambda cut, text: text_of(text).removeprefix(text_of(cut)),
    "trimSuffix": lambda cut, text: text_of(text).removesuffix(text_of(cut)),
    "trunc": lambda size, text: text_of(text)[: _integer(size)],
    "replace": lambda old, new, text: text_of(text).replace(text_of(old), text_of(new)),
    "contains": lambda part, text: text_of(part) in text_of(text),
    "hasPrefix": lambda part, text: text_of(text).startswith(text_of(part)),
    "hasSuffix": lambda part, text: text_of(text).endswith(text_of(part)),
    "repeat": _repeat,
    "indent": _indent,
    "nindent": lambda spaces, text: "\n" + _indent(spaces, text),
    "b64enc": lambda text: base64.b64encode(text_of(text).encode()).decode(),
    "b64dec": lambda text: base64.b64decode(text_of(text)).decode(),
    "toJson": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    # sprig's: lists and mappings
    "list": lambda *values: list(values),
    "tuple": lambda *values: list(values),
    "dict": _dictionary,
    "first": lambda items: items[0] if items else None,
    "last": lambda items: items[-1] if items else None,
    "has": lambda item, items: item in items,
    "hasKey": lambda mapping, key: key in mapping,
    "get": lambda mapping, key: mapping.get(key, ""),
    "join": _join,
    "splitList": lambda separator, text: text_of(text).split(text_of(separator)),
    "until": _until,
    "untilStep": _until,
    "seq": lambda *bounds: " ".join(map(str, _until(1, _integer(bounds[-1]) + 1))),
}
