"""From the validator's errors to problems that a person can act on.

Invariant: every error becomes exactly one problem, with its place in the request, what was found,
what was expected, and the nearest key or value where one is near.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from virtslo.base.errors import Problem

_TYPES: Final = {
    "int_type": "a whole number",
    "string_type": "a text",
    "float_type": "a number",
    "bool_type": "true or false",
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
}
_BOUNDS: Final = {
    "greater_than_equal": ("ge", "at least {}"),
    "less_than_equal": ("le", "at most {}"),
    "string_too_short": ("min_length", "a text of at least {} characters"),
    "string_too_long": ("max_length", "a text of at most {} characters"),
    "too_long": ("max_length", "at most {} entries"),
}
_DNS_HINT: Final = "lower-case letters, digits and dashes, as in DNS"

Loc = tuple[str | int, ...]


def place_of(loc: Loc, places: Mapping[str, str]) -> str:
    """The place of a field as the request's author knows it: an option, or a path in the file."""
    path = ".".join(str(part) for part in loc)
    known = path
    while known:
        if known in places:
            return places[known] + path[len(known) :]
        known = known.rpartition(".")[0]
    return path or "the document"


def problem_of(error: ErrorDetails, model: type[BaseModel], places: Mapping[str, str]) -> Problem:
    """The problem that an error of pydantic stands for."""
    loc, kind = error["loc"], error["type"]
    context = error.get("ctx", {})
    place = place_of(loc, places)
    if kind == "extra_forbidden":
        keys = keys_at(model, loc[:-1])
        return Problem(place, "an unknown key", f"one of {', '.join(keys)}", nearest(loc[-1], keys))
    if kind == "missing":
        return Problem(place, "nothing", description_at(model, loc) or "a value")
    found = found_text(error["input"])
    if kind == "expected":
        return Problem(place, found, context["words"], context["hint"])
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", context["expected"])
        hint = nearest(error["input"], words)
        return Problem(
            place, found, words[0] if len(words) == 1 else f"one of {_list(words)}", hint
        )
    if kind == "string_pattern_mismatch":
        return Problem(place, found, "a name of at most 63 characters", _DNS_HINT)
    if kind in _BOUNDS:
        key, text = _BOUNDS[kind]
        return Problem(place, found, text.format(context[key]))
    return Problem(place, found, _TYPES.get(kind, error["msg"]))


def found_text(value: Any) -> str:
    """A value as a message shows it, short."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 60 else text[:59] + "…"


def nearest(word: Any, words: Sequence[str]) -> str:
    """A hint that names the word meant, where one is near."""
    lower = {known.lower(): known for known in words}
    near = difflib.get_close_matches(str(word).lower().replace("_", ""), lower, n=1, cutoff=0.6)
    return f"did you mean {lower[near[0]]}?" if near else ""


def keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys of the mapping at a place."""
    below = _model_at(model, loc)
    return [] if below is None else [field.alias or name for name, field in _fields(below)]


def description_at(model: type[BaseModel], loc: Loc) -> str:
    """What the schema says of the field at a place."""
    above = _model_at(model, loc[:-1])
    for name, field in _fields(above) if above is not None else ():
        if (field.alias or name) == loc[-1] and field.description:
            text: str = field.description
            return f"a value ({text[0].lower()}{text[1:].rstrip('.')})"
    return ""


def _model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    current: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, int):
            continue  # an entry of a list is of the model that the list is of
        field = dict(_by_alias(current)).get(str(part)) if current is not None else None
        current = _model_in(field.annotation) if field is not None else None
    return current


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _fields(model: type[BaseModel]) -> list[tuple[str, Any]]:
    return list(model.model_fields.items())


def _by_alias(model: type[BaseModel]) -> list[tuple[str, Any]]:
    return [(field.alias or name, field) for name, field in _fields(model)]


def _list(words: Sequence[str]) -> str:
    return ", ".join(words)
