"""Texts that stand where a quantity belongs and are none, found in an object. Pure.

Invariant: only fields that lead to quantities are looked into; what they are is read from the same
table as every other field.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from virtslo.base.quantity import read_quantity
from virtslo.model.identifiers import Object
from virtslo.sim.openapi.field_types import FieldType, kind_of, structs


def has_bad_quantity(kind: str, target: Object, *, before: Object | None = None) -> bool:
    """Whether an object of a kind has a quantity that cannot be read.

    What is the very same as in `before` is not looked into again.
    """
    known = kind_of(kind)
    if known is None:
        return False
    return any(
        _is_bad(target[key], field)
        for key, field in known.fields.items()
        if key in target
        and (before is None or before.get(key) is not target[key])
        and _leads_to_quantities(field)
    )


def has_bad_part(struct: str, value: Any) -> bool:
    """Whether a part of an object, of the type `struct`, has a quantity that cannot be read."""
    return _is_bad(value, FieldType("struct", struct))


def _is_bad(value: Any, known: FieldType) -> bool:
    return any(_unreadable(each) for each in _quantities(value, known))


def _quantities(value: Any, known: FieldType) -> Iterator[Any]:
    """Every value that stands where a quantity belongs; what has another shape is passed over."""
    if known.shape == "value":
        if known.name == "quantity":
            yield value
        return
    below: Iterable[tuple[Any, FieldType]] = ()
    if known.shape == "struct" and isinstance(value, Mapping):
        below = [(value[key], field) for key, field in _leading(known.name).items() if key in value]
    elif known.item is not None and _leads_to_quantities(known.item):
        if known.shape == "map" and isinstance(value, Mapping):
            below = [(item, known.item) for item in value.values()]
        elif known.shape == "list" and isinstance(value, list | tuple):
            below = [(item, known.item) for item in value]
    for item, field in below:
        yield from _quantities(item, field)


def _unreadable(value: Any) -> bool:
    try:
        read_quantity(value)
    except ValueError:
        return True
    return False


def _leads_to_quantities(known: FieldType) -> bool:
    if known.shape == "struct":
        return bool(_leading(known.name))
    if known.shape == "value":
        return known.name == "quantity"
    return known.item is not None and _leads_to_quantities(known.item)


@cache
def _leading(struct: str) -> Mapping[str, FieldType]:
    """The fields of a struct below which there are quantities."""
    return {
        key: field for key, field in structs()[struct].fields.items() if _reaches(field, (struct,))
    }


def _reaches(known: FieldType, above: tuple[str, ...]) -> bool:
    """Whether there are quantities below a field; a struct within itself adds none."""
    if known.shape == "value":
        return known.name == "quantity"
    if known.shape != "struct":
        return known.item is not None and _reaches(known.item, above)
    if known.name in above:
        return False
    below = (*above, known.name)
    return any(_reaches(field, below) for field in structs()[known.name].fields.values())
