"""Kubernetes quantities: `90Mi`, `100m`, `1e3`, `-0.5Gi`.

Invariant: what is read, and the number it stands for, is exactly what the API's own type
`resource.Quantity` makes of the same text: numbers are exact, a part finer than one nano-unit is
rounded away from zero, and a value with a binary suffix is at most 2^63 - 1.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

NANO: Final = 10**9
"""Nano-units per unit: the finest that a quantity can be."""
LARGEST_BINARY: Final = 2**63 - 1
LONGEST_TEXT: Final = 1024
LARGEST_EXPONENT: Final = 1000
"""A larger decimal exponent is refused here: the API takes it, at the cost of a number as long."""
WORDS: Final = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
"""What the API server says of a text that is no quantity."""

_DECIMALS: Final = {
    "n": -9,
    "u": -6,
    "m": -3,
    "": 0,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
    "P": 15,
    "E": 18,
}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_GRAMMAR: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*(?:[-+]?[0-9]*))")
_EXPONENT: Final = re.compile(r"[eE]([+-]?[0-9]{1,18})")


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """An amount of a resource."""

    nano: int
    """In nano-units."""

    @property
    def units(self) -> int:
        """In whole units; a part of one counts as one, as the API's `Value` has it."""
        return _away_from_zero(self.nano, NANO)

    @property
    def milli(self) -> int:
        """In thousandths; a part of one counts as one, as the API's `MilliValue` has it."""
        return _away_from_zero(self.nano, NANO // 1000)

    def __float__(self) -> float:
        return float(Fraction(self.nano, NANO))

    def __bool__(self) -> bool:
        return self.nano != 0

    def __add__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.nano + other.nano)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.nano - other.nano)


ZERO: Final = Quantity(0)


def parse_quantity(text: str) -> Quantity:
    """The quantity that a text stands for. Raises ValueError."""
    match = _GRAMMAR.fullmatch(text) if 0 < len(text) <= LONGEST_TEXT else None
    if match is None:
        raise ValueError("a quantity such as 90Mi, 100m, 2 or 1e3")
    sign, whole, part, suffix = match[1], match[2], match[3] or "", match[4]
    power, binary = _scale(suffix)
    if not whole and not part and (binary > 40 or power < -9):
        raise ValueError("a quantity with digits")
    digits = int(whole + part or "0")
    power -= len(part)
    # digits * 2^binary * 10^power units, as a fraction of nano-units
    power += 9
    scaled = digits << binary
    nano = scaled * 10**power if power >= 0 else _away_from_zero(scaled, 10**-power)
    if binary and nano > LARGEST_BINARY * NANO:
        nano = LARGEST_BINARY * NANO
    return Quantity(-nano if sign == "-" else nano)


def read_quantity(value: Any) -> Quantity:
    """The quantity that a JSON value stands for: a string, a number; null is zero.

    Raises ValueError.
    """
    if value is None:
        return ZERO
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("a quantity such as 90Mi, 100m, 2 or 1e3")
    return parse_quantity(str(value).strip(" \t\n\v\f\r"))


def read_quantities(values: Any, place: str) -> Iterator[tuple[str, Quantity]]:
    """The quantities of a map such as `requests`, by name; null is an empty one.

    Raises ValueError with the place of what cannot be read.
    """
    if values is None:
        return
    if not isinstance(values, Mapping):
        raise ValueError(f"{place}: expected a map of quantities, found {values!r:.40}")
    for name, value in values.items():
        try:
            yield name, read_quantity(value)
        except ValueError as error:
            raise ValueError(f"{place}.{name}: expected {error}, found {value!r:.40}") from error


def _scale(suffix: str) -> tuple[int, int]:
    """A suffix's powers of ten and of two. Raises ValueError."""
    if suffix in _DECIMALS:
        return _DECIMALS[suffix], 0
    if suffix in _BINARY:
        return 0, _BINARY[suffix]
    match = _EXPONENT.fullmatch(suffix)
    if match is None:
        raise ValueError("a quantity whose suffix is one of n u m k M G T P E Ki Mi Gi Ti Pi Ei eN")
    exponent = int(match[1])
    if abs(exponent) > LARGEST_EXPONENT:
        raise ValueError(f"a quantity whose exponent is at most {LARGEST_EXPONENT}")
    return exponent, 0


def _away_from_zero(number: int, divisor: int) -> int:
    return -(-number // divisor) if number >= 0 else number // divisor
