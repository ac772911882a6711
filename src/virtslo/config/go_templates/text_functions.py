"""sprig's functions of texts.

Invariant: lengths and places are bytes of UTF-8, as in Go; what would cut a character apart is
refused.
"""

import base64
import binascii
import hashlib
import re
import zlib
from typing import Any, Final
from urllib.parse import quote_plus

from virtslo.config.go_templates.constants import parse_int
from virtslo.config.go_templates.printing import MAX_TEXT, quoted, sprint, text_of
from virtslo.config.go_templates.problems import CallProblem
from virtslo.config.go_templates.signatures import Function, function
from virtslo.config.go_templates.values import StringMap, Strings, is_list, ordered

SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

_HTML: Final = str.maketrans(
    {"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
)


def _upper(text: str) -> str:
    return "".join(_one(character, character.upper()) for character in text)


def _lower(text: str) -> str:
    return "".join(_one(character, character.lower()) for character in text)


def _one(character: str, changed: str) -> str:
    if len(changed) != 1:
        if character == "ß":
            return character
        raise CallProblem(f"the other case of {character!r}")
    return changed


def _title(text: str) -> str:
    found: list[str] = []
    before = " "
    for character in text:
        is_first = _separates(before)
        found.append(_one(character, character.title()) if is_first else character)
        before = character
    return "".join(found)


def _separates(character: str) -> bool:
    if character.isascii():
        return not (character.isalnum() or character == "_")
    return not (character.isalpha() or character.isdigit()) and character in SPACES


def _untitle(text: str) -> str:
    found, is_first = [], True
    for character in text:
        is_space = character in SPACES
        found.append(_one(character, character.lower()) if is_first and not is_space else character)
        is_first = is_space
    return "".join(found)


def _swapcase(text: str) -> str:
    return _ascii(text).swapcase()


def _ascii(text: str) -> str:
    if not text.isascii():
        raise CallProblem("characters beyond ASCII")
    return text


def _initials(text: str) -> str:
    _ascii(text)
    return "".join(word[0] for word in re.split(f"[{re.escape(SPACES)}]+", text) if word)


def _cut(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise CallProblem("a character is cut apart: places are bytes") from error


def _trunc(size: int, text: str) -> str:
    data = text.encode()
    if size < 0 and len(data) + size > 0:
        return _cut(data[len(data) + size :])
    return _cut(data[:size]) if size >= 0 and len(data) > size else text


def _substr(start: int, end: int, text: str) -> str:
    data = text.encode()
    if start < 0:
        start = 0
        if not 0 <= end <= len(data):
            raise CallProblem("a place outside the text")
    elif end < 0 or end > len(data):
        end = len(data)
    if not start <= end:
        raise CallProblem("a place outside the text")
    return _cut(data[start:end])


def _repeat(count: int, text: str) -> str:
    if count < 0:
        raise CallProblem("a negative count")
    if count * len(text) > MAX_TEXT:
        raise CallProblem("a text that is too long")
    return text * count


def _indent(spaces: int, text: str) -> str:
    if not 0 <= spaces <= 10_000:
        raise CallProblem(f"{spaces} spaces")
    pad = " " * spaces
    if (text.count("\n") + 1) * spaces > MAX_TEXT:
        raise CallProblem("a text that is too long")
    return pad + text.replace("\n", f"\n{pad}")


def _replace(old: str, new: str, text: str) -> str:
    if text.count(old) * len(new) > MAX_TEXT:
        raise CallProblem("a text that is too long")
    return text.replace(old, new)


def _abbrev(width: int, text: str) -> str:
    data = text.encode()
    if width < 4 or len(data) <= width:
        return text
    return _cut(data[: width - 3]) + "..."


def _quote(*values: Any) -> str:
    return " ".join(quoted(text_of(value)) for value in values if value is not None)


def _squote(*values: Any) -> str:
    return " ".join(f"'{text_of(value)}'" for value in values if value is not None)


def _cat(*values: Any) -> str:
    return " ".join(text_of(value) for value in values if value is not None)


def texts(value: Any) -> Strings:
    """sprig's strslice: a list as texts, without nil; a value alone as a list of one."""
    if is_list(value):
        return Strings(text_of(item) for item in ordered(value) if item is not None)
    return Strings() if value is None else Strings([text_of(value)])


def _pieces(separator: str, text: str, most: int = -1) -> list[str]:
    if most == 0:
        return []
    if separator == "":
        if most > 0 and len(text) > most:
            return [*text[: most - 1], text[most - 1 :]]
        return list(text)
    return text.split(separator, -1 if most < 0 else most - 1)


def _numbered(parts: list[str]) -> StringMap:
    return StringMap((f"_{index}", part) for index, part in enumerate(parts))


def _decoded(text: str, *, is_base32: bool) -> str:
    alphabet = r"[A-Z2-7]*={0,6}" if is_base32 else r"[A-Za-z0-9+/]*={0,2}"
    if not re.fullmatch(alphabet, text) or len(text) % (8 if is_base32 else 4):
        raise CallProblem(f"{text[:40]!r} in base {32 if is_base32 else 64}")
    try:
        data = base64.b32decode(text) if is_base32 else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CallProblem(f"{text[:40]!r} as encoded") from error
    return _cut(data)


def _atoi(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        return 0
    number = parse_int(re.sub(r"^([+-]?)0+(?=[0-9])", r"\1", text))
    if number is None:
        raise CallProblem(f"{text} is too large")
    return number


def _html(*values: Any) -> str:
    return _together(values).translate(_HTML)


def _query(*values: Any) -> str:
    return quote_plus(_together(values), safe="-_.~")


def _together(values: tuple[Any, ...]) -> str:
    if None in values:
        raise CallProblem("nil as a text")
    return values[0] if len(values) == 1 and isinstance(values[0], str) else sprint(values)


def _hello() -> str:
    return "Hello!"


def _fail(message: str) -> str:
    raise CallProblem(message)


TABLE: Final[dict[str, Function]] = {
    "hello": function(_hello),
    "fail": function(_fail, "string"),
    "html": function(_html, "", "any"),
    "urlquery": function(_query, "", "any"),
    "abbrev": function(_abbrev, "int string"),
    "trunc": function(_trunc, "int string"),
    "trim": function(lambda text: text.strip(SPACES), "string"),
    "upper": function(_upper, "string"),
    "lower": function(_lower, "string"),
    "title": function(_title, "string"),
    "untitle": function(_untitle, "string"),
    "substr": function(_substr, "int int string"),
    "repeat": function(_repeat, "int string"),
    "trimall": function(lambda cut, text: text.strip(cut) if cut else text, "string string"),
    "trimAll": function(lambda cut, text: text.strip(cut) if cut else text, "string string"),
    "trimPrefix": function(lambda cut, text: text.removeprefix(cut), "string string"),
    "trimSuffix": function(lambda cut, text: text.removesuffix(cut), "string string"),
    "nospace": function(
        lambda text: "".join(letter for letter in _ascii(text) if letter not in SPACES), "string"
    ),
    "swapcase": function(_swapcase, "string"),
    "initials": function(_initials, "string"),
    "contains": function(lambda part, text: part in text, "string string"),
    "hasPrefix": function(lambda part, text: text.startswith(part), "string string"),
    "hasSuffix": function(lambda part, text: text.endswith(part), "string string"),
    "quote": function(_quote, "", "any"),
    "squote": function(_squote, "", "any"),
    "cat": function(_cat, "", "any"),
    "indent": function(_indent, "int string"),
    "nindent": function(lambda spaces, text: "\n" + _indent(spaces, text), "int string"),
    "replace": function(_replace, "string string string"),
    "plural": function(
        lambda one, many, count: one if count == 1 else many, "string string int"
    ),
    "sha1sum": function(lambda text: hashlib.sha1(text.encode()).hexdigest(), "string"),  # noqa: S324
    "sha256sum": function(lambda text: hashlib.sha256(text.encode()).hexdigest(), "string"),
    "sha512sum": function(lambda text: hashlib.sha512(text.encode()).hexdigest(), "string"),
    "adler32sum": function(lambda text: str(zlib.adler32(text.encode())), "string"),
    "toString": function(text_of, "any"),
    "toStrings": function(texts, "any"),
    "join": function(lambda separator, items: separator.join(texts(items)), "string any"),
    "sortAlpha": function(
        lambda items: Strings(
            sorted(text_of(item) for item in items if item is not None)
        ) if is_list(items) else Strings([text_of(items)]),
        "any",
    ),
    "split": function(lambda separator, text: _numbered(_pieces(separator, text)), "string string"),
    "splitn": function(
        lambda separator, most, text: _numbered(_pieces(separator, text, most)),
        "string int string",
    ),
    "splitList": function(
        lambda separator, text: Strings(_pieces(separator, text)), "string string"
    ),
    "atoi": function(_atoi, "string"),
    "b64enc": function(lambda text: base64.b64encode(text.encode()).decode(), "string"),
    "b64dec": function(lambda text: _decoded(text, is_base32=False), "string"),
    "b32enc": function(lambda text: base64.b32encode(text.encode()).decode(), "string"),
    "b32dec": function(lambda text: _decoded(text, is_base32=True), "string"),
}  # fmt: skip
