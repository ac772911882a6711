"""Text from elsewhere, made harmless for where people read it.

Invariant: what is returned has no control character but, where asked for, line feeds; none that
turns the direction of text; no half of a surrogate pair; and no more characters than the limit.
What was replaced can be seen: `\\x1b` for an escape; what was cut ends with an ellipsis.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.limits import REPORT_TEXT, REPORT_WORD, SHOWN_TEXT

_HARMFUL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\uffff"
    "\U000e0000-\U000e007f]"
)
_LONG_WORD: Final = re.compile(rf"\S{{{REPORT_WORD.most + 1},}}")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_USER_INFO: Final = re.compile(r"(:/{1,2})([^/\s]*)@")
"""In time that grows with the text alone: a run of what is no slash is read once."""


def without_passwords(text: str) -> str:
    """A text in which no URL has a user and a password; a path's two slashes may be one."""
    return _USER_INFO.sub(lambda match: f"{match[1]}…@" if ":" in match[2] else match[0], text)


def harmless(text: str, *, most: int | None = None, lines: bool = False) -> str:
    """A text on one line, or on several; cut after `most` characters."""
    if most is not None and len(text) > most:
        text = f"{text[: most - 1]}…"
    if text.isascii() and text.isprintable():
        return text

    def shown(match: re.Match[str]) -> str:
        character = match[0]
        if character == "\n":
            return "\n" if lines else " "
        return " " if character == "\t" else _escaped(character)

    return _HARMFUL.sub(shown, text)


def shown_text(text: str) -> str:
    """A text from elsewhere as a message shows it: on one line, not long."""
    return harmless(text, most=SHOWN_TEXT.most)


def report_text(text: str) -> str:
    """A line or cell of a report for people: words and the whole are cut to their limits."""
    if len(text) > REPORT_WORD.most:
        text = _LONG_WORD.sub(lambda match: f"{match[0][: REPORT_WORD.most - 1]}…", text)
    return harmless(text, most=REPORT_TEXT.most)


def report_value(value: Any) -> Any:
    """Plain values for a page's script, every text in them made harmless and cut.

    Keys are made harmless and not cut, and those that come out alike are numbered: none is lost.
    """
    if isinstance(value, str):
        return report_text(value)
    if isinstance(value, Mapping):
        made: dict[Any, Any] = {}
        for key, part in value.items():
            made[_other_than(made, harmless(key)) if isinstance(key, str) else key] = report_value(
                part
            )
        return made
    if isinstance(value, list | tuple):
        return [report_value(part) for part in value]
    return value


def json_text(text: str) -> str:
    """JSON as it is printed: what would harm is written as JSON's own escapes, so nothing is lost.

    Line feeds stand between values alone: in a text JSON escapes them itself.
    """
    return _HARMFUL.sub(lambda match: match[0] if match[0] == "\n" else _in_json(match[0]), text)


def csv_text(text: str) -> str:
    """A text as a cell of CSV that no spreadsheet takes for a formula."""
    return f"'{harmless(text)}" if text.startswith(_FORMULA) else harmless(text)


def file_name(text: str) -> str:
    """A text as a part of a file's name: letters, digits, dots, dashes and underscores."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:120].lstrip(".") or "_"


def _other_than(taken: Mapping[Any, Any], name: str) -> str:
    shown, number = name, 1
    while shown in taken:
        number += 1
        shown = f"{name} ({number})"
    return shown


def _in_json(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _escaped(character: str) -> str:
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
