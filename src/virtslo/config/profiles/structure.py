"""A profile's structure, read off its types: what keys there are, and what a value may be.

Invariant: every value is converted strictly or gives exactly one problem; a field that is added to
the types of `model/simulated/profile.py` can be written in files and set without a change here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

from msgspec import Meta

from virtslo.base.errors import Problem
from virtslo.base.quantity import parse_quantity
from virtslo.base.units import parse_duration
from virtslo.config.problems import found_text, nearest
from virtslo.model.simulated.profile import QUANTITY, SECONDS

_NUMBERS: Final = (int, float)


@dataclass(frozen=True, slots=True)
class Part:
    """A place in a profile: the type there, and the keys that a mapping may have."""

    hint: Any
    keys: tuple[str, ...] = ()
    """Of a mapping with known keys; empty where any will do."""

    @property
    def is_group(self) -> bool:
        """Whether there are parts below."""
        return _is_record(self.hint) or get_origin(self.hint) is Mapping

    @property
    def names(self) -> tuple[str, ...]:
        """What may stand below, where that is fixed."""
        return tuple(_parts_of(self.hint)) if _is_record(self.hint) else self.keys

    def below(self, key: str) -> "Part | None":
        """The part under a key; None where there is none."""
        if _is_record(self.hint):
            return _parts_of(self.hint).get(key)
        if get_origin(self.hint) is Mapping and (not self.keys or key in self.keys):
            return Part(get_args(self.hint)[1])
        return None


def _is_record(hint: Any) -> bool:
    return is_dataclass(hint)


@cache
def _parts_of(shape: Any) -> Mapping[str, Part]:
    hints = get_type_hints(shape, include_extras=True)
    return {field.name: Part(hints[field.name], _keys_of(field)) for field in fields(shape)}


def _keys_of(field: Field[Any]) -> tuple[str, ...]:
    return tuple(field.metadata.get("keys", ()))


def part_at(root: Part, path: Sequence[str], *, place: str) -> Part | Problem:
    """The part at a path, or the problem with the first key of it that there is not."""
    current = root
    for key in path:
        below = current.below(key) if current.is_group else None
        if below is None:
            if not current.is_group:
                return Problem(place, f"{key!r} below a single value", "the value itself")
            expected = f"one of {', '.join(current.names)}" if current.names else "a key"
            return Problem(place, repr(key), expected, nearest(key, current.names))
        current = below
    return current


def converted(
    value: Any, part: Part, place: str, problems: list[Problem], *, is_text: bool = False
) -> Any:
    """The value as the part's type; every problem is added. `is_text`: numbers may be written."""
    hint = part.hint
    if part.is_group:
        return _group(value, part, place, problems)
    meta = None
    if get_origin(hint) is Annotated:
        hint, meta = get_args(hint)
    if hint is Any:
        return value
    if get_origin(hint) is tuple:
        return _several(value, Part(get_args(hint)[0]), meta or Meta(), place, problems)
    if get_origin(hint) is Literal:
        return _choice(value, get_args(hint), place, problems)
    if hint in _NUMBERS:
        return _number(value, hint, meta or Meta(), place, problems, is_text=is_text)
    return _text(value, meta, place, problems)


def _group(value: Any, part: Part, place: str, problems: list[Problem]) -> Any:
    if not isinstance(value, Mapping):
        problems.append(Problem(place or "the profile", found_text(value), "a mapping"))
        return {}
    result = {}
    for key, item in value.items():
        here = f"{place}.{key}" if place else str(key)
        below = part_at(part, [str(key)], place=here)
        if isinstance(below, Problem):
            problems.append(below)
        else:
            result[key] = converted(item, below, here, problems)
    return result


def _several(value: Any, part: Part, meta: Meta, place: str, problems: list[Problem]) -> Any:
    most = meta.max_length
    if not isinstance(value, list | tuple) or (most is not None and len(value) > most):
        expected = "a list" if most is None else f"a list of at most {most}"
        problems.append(Problem(place, found_text(value), expected))
        return value
    return [
        converted(item, part, f"{place}[{number}]", problems) for number, item in enumerate(value)
    ]


def _choice(value: Any, words: Sequence[str], place: str, problems: list[Problem]) -> Any:
    if value not in words:
        expected = f"one of {', '.join(words)}"
        problems.append(Problem(place, found_text(value), expected, nearest(value, words)))
    return value


def _text(value: Any, meta: Meta | None, place: str, problems: list[Problem]) -> Any:
    is_quantity = meta is not None and meta.title == QUANTITY
    if is_quantity and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        problems.append(Problem(place, found_text(value), "a text"))
    elif is_quantity:
        try:
            parse_quantity(value)
        except ValueError:
            problems.append(Problem(place, repr(value), "a quantity such as 32 or 256Gi"))
    return value


def _number(
    value: Any, kind: type, meta: Meta, place: str, problems: list[Problem], *, is_text: bool
) -> Any:
    expected = _words(kind, meta)
    number = _read_number(value, kind, meta, is_text=is_text)
    if number is None or not math.isfinite(number) or not _is_within(number, meta):
        problems.append(Problem(place, found_text(value), expected))
        return value
    return number


def _read_number(value: Any, kind: type, meta: Meta, *, is_text: bool) -> float | int | None:
    """The number, or None where the value is none."""
    if isinstance(value, str):
        if meta.title == SECONDS:
            try:
                return parse_duration(value)
            except ValueError:
                pass
        if not is_text or len(value) > 40:
            return None
        try:
            return int(value) if kind is int else float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return None
    if kind is int:
        return value if isinstance(value, int) else None
    try:
        return float(value)
    except OverflowError:
        return None


def _is_within(number: float, meta: Meta) -> bool:
    least, most = meta.ge, meta.le
    return (least is None or number >= least) and (most is None or number <= most)


def _words(kind: type, meta: Meta) -> str:
    """What is expected of a number."""
    if meta.title == SECONDS:
        return "seconds, or a duration such as 250ms, of at least 0 and at most 168h"
    bounds = [f"at least {meta.ge:g}"] if meta.ge is not None else []
    bounds += [f"at most {meta.le:.15g}"] if meta.le is not None else []
    name = "a whole number" if kind is int else "a number"
    return f"{name} of {' and '.join(bounds)}" if bounds else name
