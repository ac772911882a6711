"""Values as Go's fmt prints them.

Invariant: a text here is fmt's, to the letter; a verb that fmt would answer with %! is refused,
because it is a mistake of the template's author.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

from virtslo.config.go_templates.problems import CallProblem
from virtslo.config.go_templates.values import ordered, type_name

MAX_TEXT: Final = 1_000_000
_VERB: Final = re.compile(r"%([-+# 0]*)(\d*)(\.\d*)?([^\d.])", re.ASCII | re.DOTALL)
_VERBS: Final = frozenset("vTtbcdoOqxXUeEfFgGs")
"""fmt's verbs but for addresses (%p); what is no verb must not print even an empty list."""
_SIMPLE: Final = {
    7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 92: "\\\\",
}  # fmt: skip


class Form(NamedTuple):
    """How a verb asks for its value."""

    verb: str
    flags: str = ""
    width: int = 0
    precision: int | None = None

    def pad(self, text: str) -> str:
        """The text in its width, in characters."""
        if "0" in self.flags and len(text) < self.width:
            raise CallProblem(f"%0{self.width}{self.verb} of a text")
        return text.ljust(self.width) if "-" in self.flags else text.rjust(self.width)


VALUE: Final = Form("v")


def text_of(value: Any) -> str:
    """A value as `%v` prints it."""
    if type(value) is str:
        return value
    return _formatted(VALUE, value, 0)


def printed(value: Any) -> str:
    """A value as an action prints it: nil is <no value>."""
    return "<no value>" if value is None else text_of(value)


def sprint(values: tuple[Any, ...]) -> str:
    """fmt.Sprint: a space between operands where neither is a string."""
    parts: list[str] = []
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            parts.append(" ")
        parts.append(text_of(value))
    return "".join(parts)


def sprintln(values: tuple[Any, ...]) -> str:
    """fmt.Sprintln."""
    return " ".join(map(text_of, values)) + "\n"


def sprintf(form: str, values: tuple[Any, ...]) -> str:
    """fmt.Sprintf. Raises CallProblem for what fmt would mark with %!."""
    rest = iter(values)
    text = "".join(_pieces(form, rest))
    if next(rest, _NOTHING) is not _NOTHING:
        raise CallProblem("more values than verbs")
    return text


_NOTHING: Final = object()


def _pieces(form: str, rest: Iterator[Any]) -> Iterator[str]:
    at = 0
    while True:
        start = form.find("%", at)
        if start < 0:
            yield form[at:]
            return
        yield form[at:start]
        match = _VERB.match(form, start)
        if match is None:
            raise CallProblem(f"the verb {form[start : start + 10]!r}")
        at = match.end()
        if match[4] == "%":
            if match[0] != "%%":
                raise CallProblem(f"the verb {match[0]!r}")
            yield "%"
            continue
        if match[4] not in _VERBS:
            raise CallProblem(f"the verb {match[0]!r}")
        value = next(rest, _NOTHING)
        if value is _NOTHING:
            raise CallProblem("fewer values than verbs")
        width = int(match[2] or 0)
        precision = None if match[3] is None else int(match[3][1:] or 0)
        if width > 10_000 or (precision or 0) > 1_000:
            raise CallProblem(f"the verb {match[0]!r}")
        yield _formatted(Form(match[4], match[1], width, precision), value, 0)


def _formatted(form: Form, value: Any, depth: int) -> str:
    if form.verb == "T":
        if form.precision is not None:
            raise CallProblem("%T with a precision")
        return form.pad(type_name(value))
    if form.verb == "v" and "#" in form.flags:
        return _source(form, value)
    if value is None and depth:
        return "<nil>"
    if value is None or isinstance(value, bool):
        if form.verb not in ("tv" if value is not None else "v"):
            raise _bad(form, value)
        return form.pad("<nil>" if value is None else "true" if value else "false")
    if isinstance(value, int):
        return _integer(form, value)
    if isinstance(value, float):
        return _real(form, value)
    if isinstance(value, str):
        return _text(form, value)
    return _collection(form, value, depth)


def _collection(form: Form, value: Any, depth: int) -> str:
    ordered(value)
    if isinstance(value, dict):
        entries = (
            f"{_formatted(form, key, depth + 1)}:{_formatted(form, value[key], depth + 1)}"
            for key in sorted(value)
        )
        return f"map[{' '.join(entries)}]"
    return "[" + " ".join(_formatted(form, item, depth + 1) for item in value) + "]"


def _bad(form: Form, value: Any) -> CallProblem:
    return CallProblem(f"%{form.verb} of a {type_name(value)}")


def _source(form: Form, value: Any) -> str:
    """%#v, of what is simple."""
    if form.flags != "#" or form.width or form.precision is not None:
        raise CallProblem("%#v with other flags")
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if type_name(value) in ("int", "int64"):
        return str(int(value))
    if type(value) is list or type(value) is dict:
        pairs = sorted(value.items()) if isinstance(value, dict) else [(None, v) for v in value]
        inner = (f"{'' if k is None else quoted(k) + ':'}{_nested(form, v)}" for k, v in pairs)
        return f"{type_name(value)}{{{', '.join(inner)}}}"
    raise _bad(form, value)


def _nested(form: Form, value: Any) -> str:
    return "interface {}(nil)" if value is None else _source(form, value)


def _integer(form: Form, value: int) -> str:
    verb = form.verb
    if verb in "vd":
        return _digits(form, value, str(abs(value)), "")
    if verb in "xX":
        digits = f"{abs(value):x}"
        prefix = "0x" if "#" in form.flags else ""
        both = _digits(form, value, digits, prefix)
        return both.upper() if verb == "X" else both
    if verb == "o":
        digits = f"{abs(value):o}"
        lead = "#" in form.flags and not digits.startswith("0")
        return _digits(form, value, "0" + digits if lead else digits, "")
    if verb == "O":
        return _digits(form, value, f"{abs(value):o}", "0o")
    if verb == "b":
        return _digits(form, value, f"{abs(value):b}", "0b" if "#" in form.flags else "")
    if verb in "cq":
        return _character(form, value)
    if verb == "U" and not set(form.flags) & set("#+0 ") and form.precision is None and value >= 0:
        return form.pad(f"U+{value:04X}")
    raise _bad(form, value)


def _character(form: Form, value: int) -> str:
    verb = form.verb
    if not 0 <= value <= 0x10FFFF or 0xD800 <= value < 0xE000 or "#" in form.flags:
        raise CallProblem(f"%{verb} of {value}")
    character = chr(value)
    if verb == "q":
        if "+" in form.flags:
            raise CallProblem("%+q")
        character = "'" + (_escaped(character, "'")) + "'"
    return form.pad(character)


def _digits(form: Form, value: int, digits: str, prefix: str) -> str:
    sign = "-" if value < 0 else _plus(form)
    if form.precision is not None:
        if form.precision == 0 and value == 0:
            return " " * form.width
        digits = digits.zfill(form.precision)
    elif "0" in form.flags and "-" not in form.flags:
        digits = digits.zfill(form.width - len(sign))
    text = sign + prefix + digits
    return text.ljust(form.width) if "-" in form.flags else text.rjust(form.width)


def _plus(form: Form) -> str:
    if form.verb == "v":
        return " " if " " in form.flags and "+" not in form.flags else ""
    if "+" in form.flags:
        return "+"
    return " " if " " in form.flags else ""


def _real(form: Form, value: float) -> str:
    verb = "g" if form.verb == "v" else form.verb
    if verb not in "eEfFgG" or "#" in form.flags:
        raise _bad(form, value)
    is_finite = math.isfinite(value)
    if not is_finite:
        body = "NaN" if math.isnan(value) else "Inf"
    elif verb in "gG" and form.precision is None:
        body = shortest(abs(value))
    else:
        precision = 6 if form.precision is None else form.precision
        body = f"{abs(value):.{precision}{verb.lower()}}"
    if verb in "EG":
        body = body.upper() if is_finite else body
    negative = math.copysign(1.0, value) < 0 and not math.isnan(value)
    sign = "-" if negative else _plus(form)
    if not is_finite and not negative and form.verb == "v" and math.isinf(value):
        sign = "+"
    elif not is_finite and math.isinf(value) and not negative:
        sign = sign or "+"
    if is_finite and "0" in form.flags and "-" not in form.flags:
        return sign + body.zfill(form.width - len(sign))
    return form._replace(flags=form.flags.replace("0", "")).pad(sign + body)


def shortest(value: float) -> str:
    """The shortest digits of a float64, as %g prints them: an exponent below 1e-4, from 1e+06."""
    decimal = Decimal(repr(value))
    if value == 0:
        return "-0" if math.copysign(1.0, value) < 0 else "0"
    sign, digits, _ = decimal.normalize().as_tuple()
    exponent = decimal.adjusted()
    mark = "-" if sign else ""
    if -4 <= exponent < 6:
        return f"{decimal.normalize():f}"
    text = "".join(map(str, digits))
    mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
    return f"{mark}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _text(form: Form, value: str) -> str:
    if form.precision is not None and form.verb in "vsq":
        value = value[: form.precision]
    if form.verb in "vs":
        return form.pad(value)
    if form.verb == "q" and not set(form.flags) & set("#+"):
        return form.pad(quoted(value))
    if form.verb in "xX" and not form.flags and not form.width and form.precision is None:
        digits = value.encode().hex()
        return digits.upper() if form.verb == "X" else digits
    raise _bad(form, value)


def quoted(value: str) -> str:
    """A text as strconv.Quote writes it."""
    return '"' + "".join(_escaped(character, '"') for character in value) + '"'


def _escaped(character: str, quote: str) -> str:
    code = ord(character)
    if character == quote:
        return "\\" + quote
    if code in _SIMPLE:
        return _SIMPLE[code]
    if is_printable(character):
        return character
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def is_printable(character: str) -> bool:
    """Go's unicode.IsPrint. Raises CallProblem for what this version of Unicode does not know."""
    if character.isascii():
        return " " <= character <= "~"
    category = unicodedata.category(character)
    if category == "Cn":
        raise CallProblem(f"the character U+{ord(character):04X}")
    return category[0] in "LMNPS"
