"""sprig's functions of numbers.

Invariant: whole numbers are int64 and wrap around as in Go; a text is read with the prefixes 0, 0x,
0o and 0b, and a text that is no number is 0, as there.
"""

import math
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Any, Final

from virtslo.config.go_templates.constants import parse_float, parse_int
from virtslo.config.go_templates.printing import text_of
from virtslo.config.go_templates.problems import CallProblem
from virtslo.config.go_templates.signatures import Function, function
from virtslo.config.go_templates.values import MAX_INT, Int64, Ints, wrap64

MAX_ITEMS: Final = 1_000_000


def whole(value: Any) -> int:
    """sprig's toInt64: 0 for what is no number."""
    if isinstance(value, int):  # a truth value too
        return int(wrap64(value))
    if isinstance(value, float):
        if not -(2.0**63) <= value < 2.0**63:
            raise CallProblem(f"{value!r} as a whole number")
        return int(value)
    if isinstance(value, str):
        return parse_int(_without_zeros(value)) or 0
    return 0


def _without_zeros(text: str) -> str:
    """A text without a fraction of zeros: 3.00 is 3."""
    head, point, tail = text.rpartition(".")
    return head if point and tail and not tail.strip("0") else text


def real(value: Any) -> float:
    """sprig's toFloat64: 0 for what is no number."""
    if isinstance(value, str):
        found = parse_float(value)
        return 0.0 if found is None else found
    if isinstance(value, int | float):
        return float(value)
    return 0.0


def _divide(one: Any, other: Any) -> Int64:
    a, b = whole(one), whole(other)
    if b == 0:
        raise CallProblem("division by zero")
    quotient = abs(a) // abs(b)
    return wrap64(quotient if (a < 0) == (b < 0) else -quotient)


def _modulo(one: Any, other: Any) -> Int64:
    a, b = whole(one), whole(other)
    if b == 0:
        raise CallProblem("division by zero")
    return wrap64(int(math.copysign(1, a)) * (abs(a) % abs(b)))


def _sum(*values: Any) -> Int64:
    return wrap64(sum(map(whole, values)))


def _product(*values: Any) -> Int64:
    result = Int64(1)
    for value in values:
        result = wrap64(result * whole(value))
    return result


def _decimal(value: Any) -> Decimal:
    found = real(value)
    if not math.isfinite(found):
        raise CallProblem(f"{found!r} in decimal arithmetic")
    return Decimal(repr(found))


def _plain(value: Decimal) -> float:
    """A decimal as a float: 0 has no sign there, but what is too small to be one keeps its own."""
    return float(value) if value else 0.0


def _exact(*values: Any, sign: int = 1, start: Any = None) -> float:
    with localcontext(Context(prec=800)):
        total = _decimal(values[0] if start is None else start)
        for value in values[1:] if start is None else values:
            total += sign * _decimal(value)
        return _plain(total)


def _exact_product(*values: Any) -> float:
    with localcontext(Context(prec=800)):
        total = _decimal(values[0])
        for value in values[1:]:
            total *= _decimal(value)
        return _plain(total)


def _exact_quotient(*values: Any) -> float:
    total = _decimal(values[0])
    for value in values[1:]:
        divisor = _decimal(value)
        if not divisor:
            raise CallProblem("division by zero")
        total = _rounded(Fraction(total) / Fraction(divisor))
    return _plain(total)


def _rounded(value: Fraction) -> Decimal:
    """A quotient with 16 digits after the point, half away from zero."""
    with localcontext(Context(prec=800)):
        scaled = abs(value) * 10**16
        digits = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
        return Decimal(digits).scaleb(-16).copy_sign(Decimal(-1 if value < 0 else 1))


def _round(value: Any, places: int, on: float = 0.5) -> float:
    if not -300 <= places <= 300:
        raise CallProblem(f"{places} places")
    power = 10.0**places
    digit = power * real(value)
    if not math.isfinite(digit):
        raise CallProblem(f"{digit!r} rounded")
    part = math.modf(digit)[0]
    return _integral(digit, math.ceil if part >= on else math.floor) / power


def _floor(value: Any) -> float:
    return _integral(real(value), math.floor)


def _ceil(value: Any) -> float:
    return _integral(real(value), math.ceil)


def _integral(value: float, how: Any) -> float:
    return math.copysign(float(how(value)), value) if math.isfinite(value) else value


def _until_step(start: int, stop: int, step: int) -> Ints:
    if (stop < start and step >= 0) or (stop >= start and step <= 0):
        return Ints()
    found = range(start, stop, step)
    if len(found) > MAX_ITEMS:
        raise CallProblem("a list that is too long")
    if not -(2**63) <= start + len(found) * step <= MAX_INT:
        raise CallProblem("a list that overflows")
    return Ints(found)


def _until(count: int) -> Ints:
    return _until_step(0, count, -1 if count < 0 else 1)


def _seq(*numbers: int) -> str:
    if not 1 <= len(numbers) <= 3:
        return ""
    start = 1 if len(numbers) == 1 else numbers[0]
    end = numbers[-1]
    sign = -1 if end < start else 1
    step = numbers[1] if len(numbers) == 3 else sign
    if sign < 0 < step:
        return ""
    return " ".join(map(str, _until_step(start, end + sign, step)))


def _octal(value: Any) -> Int64:
    text = text_of(value)
    digits = text.lstrip("+-")
    if not digits or set(digits) - set("01234567") or len(text) - len(digits) > 1:
        return Int64(0)
    number = int(text, 8)
    return Int64(number) if -(2**63) <= number <= MAX_INT else Int64(0)


def _most(values: tuple[Any, ...], choose: Any) -> float:
    """The least or the greatest as Go's math has it: -0 is less than 0."""
    numbers = [real(value) for value in values]
    return float(choose(numbers, key=lambda number: (number, math.copysign(1.0, number))))


TABLE: Final[dict[str, Function]] = {
    "int64": function(lambda value: Int64(whole(value)), "any"),
    "int": function(whole, "any"),
    "float64": function(real, "any"),
    "toDecimal": function(_octal, "any"),
    "add1": function(lambda value: wrap64(whole(value) + 1), "any"),
    "add": function(_sum, "", "any"),
    "sub": function(lambda one, other: wrap64(whole(one) - whole(other)), "any any"),
    "div": function(_divide, "any any"),
    "mod": function(_modulo, "any any"),
    "mul": function(_product, "any", "any"),
    "add1f": function(lambda value: _exact(value, 1), "any"),
    "addf": function(lambda *values: _exact(*values, start=0), "", "any"),
    "subf": function(lambda *values: _exact(*values, sign=-1), "any", "any"),
    "mulf": function(_exact_product, "any", "any"),
    "divf": function(_exact_quotient, "any", "any"),
    "max": function(lambda *values: Int64(max(map(whole, values))), "any", "any"),
    "biggest": function(lambda *values: Int64(max(map(whole, values))), "any", "any"),
    "min": function(lambda *values: Int64(min(map(whole, values))), "any", "any"),
    "maxf": function(lambda *values: _most(values, max), "any", "any"),
    "minf": function(lambda *values: _most(values, min), "any", "any"),
    "floor": function(_floor, "any"),
    "ceil": function(_ceil, "any"),
    "round": function(_round, "any int", "float64"),
    "until": function(_until, "int"),
    "untilStep": function(_until_step, "int int int"),
    "seq": function(_seq, "", "int"),
}
