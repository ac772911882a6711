"""Go's types as a template meets them, and what holds of each: truth, equality, order.

Invariant: a value's Python type says its Go type: `int` is Go's int, `Int64` its int64, `str` a
valid UTF-8 string, `list` []interface{}, `dict` map[string]interface{}, None an untyped nil. Two
values compare only where Go compares them.
"""

from typing import Any, Final

from virtslo.config.go_templates.problems import CallProblem

MAX_INT: Final = 2**63 - 1


class Int64(int):
    """An int64: what sprig's arithmetic returns."""


class Uint8(int):
    """A byte: what an index into a string gives."""


class Uint64(int):
    """A whole number beyond int64."""


class Escaped(str):
    """A text that html/template leaves as it is."""

    __slots__ = ()


class Strings(list[str]):
    """A []string."""


class Ints(list[int]):
    """A []int."""


class Chunks(list[list[Any]]):
    """A [][]interface{}."""


class NilList(list[Any]):
    """A nil []interface{}."""


class UnorderedStrings(list[str]):
    """A []string in Go's random order: only what does not depend on it may use it."""


class UnorderedList(list[Any]):
    """A []interface{} in Go's random order."""


class StringMap(dict[str, str]):
    """A map[string]string."""


class GivenMap(dict[str, Any]):
    """A map of the author's variables: in Go all objects share it, so no template may change it."""


_TYPES: Final[dict[type, tuple[str, str]]] = {
    type(None): ("<nil>", "invalid"),
    bool: ("bool", "bool"),
    int: ("int", "int"),
    Int64: ("int64", "int64"),
    Uint8: ("uint8", "uint8"),
    Uint64: ("uint64", "uint64"),
    float: ("float64", "float64"),
    str: ("string", "string"),
    Escaped: ("string", "string"),
    list: ("[]interface {}", "slice"),
    NilList: ("[]interface {}", "slice"),
    UnorderedList: ("[]interface {}", "slice"),
    Strings: ("[]string", "slice"),
    UnorderedStrings: ("[]string", "slice"),
    Ints: ("[]int", "slice"),
    Chunks: ("[][]interface {}", "slice"),
    dict: ("map[string]interface {}", "map"),
    GivenMap: ("map[string]interface {}", "map"),
    StringMap: ("map[string]string", "map"),
}
_BASIC: Final = {
    "bool": "bool", "int": "int", "int64": "int", "uint8": "uint", "uint64": "uint",
    "float64": "float", "string": "string",
}  # fmt: skip


def type_name(value: Any) -> str:
    """The name of a value's Go type, as `%T` prints it."""
    return _TYPES[type(value)][0]


def kind_name(value: Any) -> str:
    """The name of a value's Go kind."""
    return _TYPES[type(value)][1]


def is_list(value: Any) -> bool:
    """Whether a value is a slice."""
    return isinstance(value, list)


def ordered(value: Any) -> Any:
    """The value itself. Raises CallProblem where its order is random in Go."""
    if isinstance(value, UnorderedStrings | UnorderedList) and len(value) > 1:
        raise CallProblem("the order of a map's keys and values is random in Go: use sortAlpha")
    return value


def wrap64(number: int) -> Int64:
    """A number as int64 arithmetic leaves it: it wraps around."""
    return Int64((number + 2**63) % 2**64 - 2**63)


def truth(value: Any) -> bool:
    """Whether Go's `if` takes it for true: not false, 0, nil or empty."""
    return bool(value)


def given(value: Any) -> Any:
    """A value of JSON as Go holds it after reading it from YAML."""
    if isinstance(value, dict):
        return GivenMap((key, given(below)) for key, below in value.items())
    if isinstance(value, list):
        return [given(below) for below in value]
    if isinstance(value, int) and not isinstance(value, bool):
        if -(2**63) <= value <= MAX_INT:
            return value
        return Uint64(value) if 0 < value < 2**64 else float(value)
    return value


def equal(first: Any, others: tuple[Any, ...]) -> bool:
    """Go's `eq`. Raises CallProblem where the types cannot be compared."""
    if not others:
        raise CallProblem("nothing to compare with")
    return any(_same(first, other) for other in others)


def _same(one: Any, other: Any) -> bool:
    kinds = _BASIC.get(kind_name(one)), _BASIC.get(kind_name(other))
    if kinds[0] != kinds[1]:
        if one is None or other is None or set(kinds) == {"int", "uint"}:
            return bool(one is not None and other is not None and one == other)
        raise _incompatible(one, other)
    if kinds[0] is not None:
        return bool(one == other)
    if one is None or other is None or _is_nil(one) or _is_nil(other):
        if None not in (one, other) and kind_name(one) != kind_name(other):
            raise _incompatible(one, other)
        return _is_nil(one) == _is_nil(other)
    raise _incompatible(one, other)


def _is_nil(value: Any) -> bool:
    return value is None or isinstance(value, NilList)


def less(one: Any, other: Any) -> bool:
    """Go's `lt`. Raises CallProblem where the types have no order."""
    kinds = _BASIC.get(kind_name(one)), _BASIC.get(kind_name(other))
    if None in kinds or kinds == ("bool", "bool"):
        raise _incompatible(one, other)
    if kinds[0] != kinds[1] and set(kinds) != {"int", "uint"}:
        raise _incompatible(one, other)
    return bool(one < other)


def deep_equal(one: Any, other: Any) -> bool:
    """Go's reflect.DeepEqual: the same types and the same values."""
    if type_name(one) != type_name(other) or _is_nil(one) != _is_nil(other):
        return False
    if isinstance(one, list):
        ordered(one), ordered(other)
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(deep_equal(a, b) for a, b in pairs)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(deep_equal(one[key], other[key]) for key in one)
    return bool(one == other)


def _incompatible(one: Any, other: Any) -> CallProblem:
    return CallProblem(f"{type_name(one)} and {type_name(other)} cannot be compared")
