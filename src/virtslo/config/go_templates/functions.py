"""The functions of each dialect: text/template's own and sprig's; html/template's.

Invariant: pure and repeatable: what depends on random numbers, the clock, the time zone, the
machine or a file is in neither table.
"""

import json
import math
import re
from typing import Any, Final

from virtslo.config.go_templates import collection_functions, number_functions, text_functions
from virtslo.config.go_templates.paths import TABLE as PATHS
from virtslo.config.go_templates.printing import sprint, sprintf, sprintln, text_of
from virtslo.config.go_templates.problems import CallProblem
from virtslo.config.go_templates.signatures import Function, function
from virtslo.config.go_templates.values import (
    Escaped,
    NilList,
    StringMap,
    Uint8,
    equal,
    less,
    ordered,
    truth,
    type_name,
)


def _index(value: Any, *keys: Any) -> Any:
    if value is None:
        raise CallProblem("index of nil")
    for key in keys:
        if isinstance(value, dict):
            if not isinstance(key, str):
                raise CallProblem(f"a {type_name(key)} as a key")
            value = value.get(key, "" if isinstance(value, StringMap) else None)
        elif isinstance(value, list | str):
            if isinstance(key, bool) or not isinstance(key, int):
                raise CallProblem(f"a {type_name(key)} as an index")
            data = value.encode() if isinstance(value, str) else ordered(value)
            if not 0 <= key < len(data):
                raise CallProblem(f"index out of range: {key}")
            value = Uint8(data[key]) if isinstance(value, str) else data[key]
        else:
            raise CallProblem(f"a {type_name(value)} has no index")
    return value


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list | dict):
        return len(value)
    raise CallProblem(f"the length of a {type_name(value)}")


def _at_most(one: Any, other: Any) -> bool:
    return less(one, other) or equal(one, (other,))


_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def _json(value: Any, *, indent: int | None = None, escape: bool = True) -> str:
    _check_json(value)
    separators = (",", ": " if indent else ":")
    text = json.dumps(
        _jsonable(value),
        ensure_ascii=False,
        separators=separators,
        sort_keys=True,
        indent=indent,
    )
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return re.sub("[<>&]", lambda match: _ESCAPES[match[0]], text) if escape else text


def _check_json(value: Any) -> None:
    if isinstance(value, dict):
        for below in value.values():
            _check_json(below)
    elif isinstance(value, list):
        for below in ordered(value):
            _check_json(below)
    elif isinstance(value, float):
        is_plain = math.isfinite(value) and (value == 0 or 1e-4 <= abs(value) < 1e16)
        if not is_plain:
            raise CallProblem(f"{value!r} in JSON")


def _jsonable(value: Any) -> Any:
    if isinstance(value, NilList):
        return None
    if isinstance(value, list):
        return [_jsonable(below) for below in value]
    if isinstance(value, dict):
        return {key: _jsonable(below) for key, below in value.items()}
    if isinstance(value, float) and value == int(value):
        if value == 0 and math.copysign(1.0, value) < 0:
            raise CallProblem("-0 in JSON")
        return int(value)
    return value


def _from_json(text: str) -> Any:
    def refuse(word: str) -> Any:
        raise CallProblem(f"{word} in JSON")

    if re.search(r"\\u[dD][89a-fA-F]", text):
        raise CallProblem("a surrogate in JSON")

    def finite(digits: str) -> float:
        found = float(digits)
        return found if math.isfinite(found) else refuse(digits)

    try:
        return json.loads(text, parse_int=finite, parse_float=finite, parse_constant=refuse)
    except (json.JSONDecodeError, RecursionError) as error:
        raise CallProblem(f"{text[:40]!r} as JSON") from error


_BUILT_IN: Final[dict[str, Function]] = {
    "and": Function(lambda *values: values[-1], ("any",), "any", is_lazy=True),
    "or": Function(lambda *values: values[-1], ("any",), "any", is_lazy=True),
    "not": function(lambda value: not truth(value), "any"),
    "eq": function(lambda one, *others: equal(one, others), "any", "any"),
    "ne": function(lambda one, other: not equal(one, (other,)), "any any"),
    "lt": function(less, "any any"),
    "le": function(_at_most, "any any"),
    "gt": function(lambda one, other: not _at_most(one, other), "any any"),
    "ge": function(lambda one, other: not less(one, other), "any any"),
    "index": function(_index, "any", "any"),
    "len": function(_length, "any"),
    "print": function(lambda *values: sprint(values), "", "any"),
    "printf": function(lambda form, *values: sprintf(form, values), "string", "any"),
    "println": function(lambda *values: sprintln(values), "", "any"),
}


def _pretty(value: Any) -> str:
    return _json(value, indent=2)


_JSON: Final[dict[str, Function]] = {
    "toJson": function(_json, "any"),
    "mustToJson": function(_json, "any"),
    "toPrettyJson": function(_pretty, "any"),
    "mustToPrettyJson": function(_pretty, "any"),
    "toRawJson": function(lambda value: _json(value, escape=False), "any"),
    "mustToRawJson": function(lambda value: _json(value, escape=False), "any"),
    "fromJson": function(_from_json, "string"),
    "mustFromJson": function(_from_json, "string"),
}


_HTML: Final = str.maketrans(
    {
        "\0": "\ufffd", '"': "&#34;", "&": "&amp;", "'": "&#39;", "+": "&#43;", "<": "&lt;",
        ">": "&gt;",
    }
)  # fmt: skip


def html_text(text: str) -> str:
    """A text as html/template escapes it outside tags."""
    return text.translate(_HTML)


def _html_quote(value: Any) -> Escaped:
    return Escaped(f'"{html_text("" if value is None else text_of(value))}"')


TEXT_FUNCTIONS: Final[dict[str, Function]] = {
    **_BUILT_IN,
    **text_functions.TABLE,
    **number_functions.TABLE,
    **collection_functions.TABLE,
    **_JSON,
    **PATHS,
}
"""text/template's and sprig's."""

HTML_FUNCTIONS: Final[dict[str, Function]] = {
    **_BUILT_IN,
    "default": collection_functions.TABLE["default"],
    "quote": function(_html_quote, "any"),
}
"""html/template's own, and two that KubeVirt's users write."""
