"""Plain scalars of YAML as Go's libraries read them. Pure.

Invariant: a text becomes exactly the value that Go's reader makes of it, or stays a text: `sigs` is
sigs.k8s.io/yaml, by which Kubernetes reads manifests and kubeconfigs (YAML 1.1 in words that are
booleans), `v3` is gopkg.in/yaml.v3, by which kube-burner reads its files.
"""

import re
from contextlib import suppress
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final


class Rules(StrEnum):
    """Whose rules a YAML text is read by."""

    STRICT = "strict"
    """Ours: YAML 1.1 as PyYAML has it, each key once, one document, no merge keys."""
    SIGS = "sigs"
    V3 = "v3"


class Date(str):
    """A text that yaml.v3 reads as a date; as a text it is what was written."""

    __slots__ = ()


TRUE: Final = frozenset({"true", "True", "TRUE"})
FALSE: Final = frozenset({"false", "False", "FALSE"})
YES: Final = frozenset({"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})
"""True in YAML 1.1; in yaml.v3 only where a boolean is asked for."""
NO: Final = frozenset({"n", "N", "no", "No", "NO", "off", "Off", "OFF"})
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_SPECIAL: Final = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_INTEGER: Final = re.compile(
    r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]([0-7]+)|0([0-7]+)|(0|[1-9][0-9]*))"
)
_ODD: Final = re.compile(r"(-?)0(?:b([-+]?[01]+)|o([-+]?[0-7]+))")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BETWEEN_DIGITS: Final = re.compile(r"(?<=[0-9])_(?=[0-9])")
_DATE: Final = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?(?:Z|[-+](\d\d):(\d\d)))"
    r"| (\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?)?"
)
_BASES: Final = (16, 2, 8, 8, 10)
LEAST_INTEGER: Final = -(2**63)
MOST_INTEGER: Final = 2**64 - 1


def plain_value(text: str, rules: Rules) -> Any:
    """What a plain scalar stands for: None, a boolean, a number, a `Date` or a text."""
    if text in _NULL:
        return None
    if text in TRUE or (rules is Rules.SIGS and text in YES):
        return True
    if text in FALSE or (rules is Rules.SIGS and text in NO):
        return False
    first = text[0]
    if first == ".":
        if _SPECIAL.fullmatch(text):
            return _special(text)
        return _float(_BETWEEN_DIGITS.sub("", text), text)
    if first not in "+-0123456789":
        return text
    if _SPECIAL.fullmatch(text):
        return _special(text)
    if is_date(text):
        return Date(text) if rules is Rules.V3 else text
    return _number(text, rules)


def is_date(text: str) -> bool:
    """Whether a text is a date or a time by the layouts that Go's readers try."""
    found = _DATE.fullmatch(text) if text.isascii() else None
    if found is None:
        return False
    year, month, day, *clock = (int(part) for part in found.groups("0"))
    hour, minute, second = (clock[place] or clock[place + 5] for place in range(3))
    try:
        date(year or 2000, month, day)
    except ValueError:
        return False
    return hour < 24 and minute < 60 and second < 60 and clock[3] <= 24 and clock[4] < 60


def _special(text: str) -> float:
    return float(text.replace(".", "").lower())


def _number(text: str, rules: Rules) -> Any:
    """As Go's strconv reads it, without its underscores."""
    plain = text.replace("_", "")
    value = _integer(plain)
    if value is not None:
        return value
    number = _float(plain, None)
    if number is not None:
        return number
    odd = _ODD.fullmatch(plain)
    if odd is not None and (odd[2] or rules is Rules.V3):
        digits, base = (odd[2], 2) if odd[2] else (odd[3], 8)
        if not (odd[1] and digits[0] in "+-"):
            value = int(odd[1] + digits, base)
            if LEAST_INTEGER <= value <= MOST_INTEGER:
                return value
    return text


def _integer(plain: str) -> int | None:
    found = _INTEGER.fullmatch(plain)
    if found is None:
        return None
    for digits, base in zip(found.groups()[1:], _BASES, strict=True):
        if digits is not None:
            with suppress(ValueError):  # more digits than Python converts: out of range too
                value = int(found[1] + digits, base)
                most = MOST_INTEGER if not found[1] else 2**63 - 1
                return value if LEAST_INTEGER <= value <= most else None
    return None


def _float(plain: str, otherwise: str | None) -> Any:
    if _FLOAT.fullmatch(plain):
        value = float(plain)
        if value not in (float("inf"), float("-inf")):
            return value
    return otherwise


def as_json(value: float) -> int | float:
    """A finite number after a turn through Go's JSON, where a whole float is written as an int."""
    return int(Decimal(repr(value))) if value.is_integer() and abs(value) < 1e21 else value


def key_text(value: Any) -> str | None:
    """A key that is a boolean or a number, as sigs.k8s.io/yaml writes it; None: not taken.

    It writes floats with the digits of single precision; where that is another number, none is.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if value < 2**63 else None
    if isinstance(value, float):
        text = format(value, "g")
        return text if float(text) == value and (not value or 1e-37 < abs(value) < 1e38) else None
    return None
