"""Constants in templates and numbers in texts, as Go's strconv reads them.

Invariant: a text is read as Go reads it, or refused; an octal number begins with 0 or 0o.
"""

import re
from typing import Final, NamedTuple

from virtslo.config.go_templates.problems import CallProblem
from virtslo.config.go_templates.values import MAX_INT

_INTEGER: Final = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?[0-7])*"
    r"|[1-9](?:_?[0-9])*)",
    re.ASCII,
)
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_ENDLESS: Final = re.compile(r"[+-]?inf(?:inity)?|nan", re.IGNORECASE)
_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\'\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.?))",
    re.DOTALL,
)
_SIMPLE: Final = {
    "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34,
}  # fmt: skip


class Number(NamedTuple):
    """A number in a template: which of Go's kinds it can be."""

    text: str
    whole: int | None
    real: float | None
    is_real: bool

    @property
    def ideal(self) -> int | float:
        """Its value where no type is asked for. Raises CallProblem."""
        if self.is_real and self.real is not None:
            return self.real
        if self.whole is None:
            raise CallProblem(f"{self.text} overflows int")
        return self.whole


def number(text: str) -> Number:
    """The number that a constant stands for. Raises CallProblem."""
    has_point = any(mark in text for mark in ".eEpP") and not _is_hexadecimal(text)
    whole = integer(text)
    if whole is not None:
        is_int = -(2**63) <= whole <= MAX_INT
        if not is_int and not 0 <= whole < 2**64:
            raise CallProblem(f"the number {text}, which is too large")
        return Number(text, whole if is_int else None, float(whole), has_point)
    if _DECIMAL.fullmatch(text) is None or not has_point:
        raise CallProblem(f"the number {text}")
    real = float(text)
    if real in (float("inf"), float("-inf")):
        raise CallProblem(f"the number {text}, which is too large")
    is_whole = abs(real) < 2**63 and real == int(real)
    return Number(text, int(real) if is_whole else None, real, True)


def _is_hexadecimal(text: str) -> bool:
    return text.lstrip("+-")[:2].lower() == "0x"


def integer(text: str) -> int | None:
    """The whole number of a text by Go's syntax, without a bound; None for any other text."""
    if _INTEGER.fullmatch(text) is None:
        return None
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-").replace("_", "")
    if re.fullmatch(r"0[0-7]+", digits):
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def parse_int(text: str) -> int | None:
    """strconv.ParseInt with base 0: None where it is no number or no int64."""
    found = integer(text)
    return found if found is not None and -(2**63) <= found <= MAX_INT else None


def parse_float(text: str) -> float | None:
    """strconv.ParseFloat: None where it is no number. Raises CallProblem where Go may differ."""
    if _DECIMAL.fullmatch(text) is not None:
        found = float(text)
        return None if found in (float("inf"), float("-inf")) else found
    if _ENDLESS.fullmatch(text) or "_" in text or "p" in text.lower():
        raise CallProblem(f"{text!r} as a number")
    return None


def unquoted(text: str) -> str:
    """The text of a string in double quotes, or of a character in single ones."""
    quote = text[0]
    inner = text[1:-1]
    found = bytearray()
    at = 0
    for match in _ESCAPE.finditer(inner):
        found += inner[at : match.start()].encode()
        found += _escaped(match, quote)
        at = match.end()
    found += inner[at:].encode()
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        raise CallProblem("a string that is not UTF-8") from error


def _escaped(match: re.Match[str], quote: str) -> bytes:
    simple, octal, byte, short, long, _ = match.groups()
    if simple is not None:
        if simple in "'\"" and simple != quote:
            raise CallProblem(f"the escape \\{simple}")
        return bytes([_SIMPLE[simple]])
    if octal is not None or byte is not None:
        code = int(octal, 8) if octal is not None else int(byte, 16)
        if code > 255:
            raise CallProblem(f"the escape {match[0]}")
        return bytes([code]) if quote == '"' or code < 128 else chr(code).encode()
    point = short or long
    if point is None or int(point, 16) > 0x10FFFF or 0xD800 <= int(point, 16) < 0xE000:
        raise CallProblem(f"the escape {match[0]}")
    return chr(int(point, 16)).encode()
