"""Texts as Go's `%q` prints them, which is how the API server names users and groups. Pure.

Invariant: what is printed is one line of printable characters.
"""

from collections.abc import Sequence
from typing import Final

_SHORT: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
_RAW_BYTES: Final = range(0xDC80, 0xDD00)
"""Bytes of a header that are no UTF-8, as Python keeps them."""


def go_quoted(text: str) -> str:
    """A text in double quotes."""
    return '"' + "".join(map(_shown, text)) + '"'


def go_list(values: Sequence[str]) -> str:
    """Texts as Go prints a list of them."""
    return "[" + " ".join(map(go_quoted, values)) + "]"


def _shown(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    number = ord(character)
    if number in _RAW_BYTES:
        return f"\\x{number - 0xDC00:02x}"
    if number < 0x80:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
