"""Odd values, odd texts and odd bytes, and where in a document they are put."""

import copy
import gzip
from collections.abc import Iterator, Mapping
from typing import Any, Final

from support.bombs import bomb

Place = tuple[str | int, ...]

NUMBERS: Final[tuple[Any, ...]] = (
    0, -1, 0.5, 1e-9, 10**14, 2**63, 2**64, -(2**63) - 1, 10**400, 1e308, "9" * 5000, "1e999",
    "100000000000000h", "1ns", "0.0000001s", "-5m", "5m" * 40, "0/s", "10000000000/s", "1e9%",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "\u0661",
)  # fmt: skip
"""Numbers, durations, rates and times at the ends of what there is."""
SHAPES: Final[tuple[Any, ...]] = (
    None, True, "", "text", [], {}, [None], [[1]], {"a": {"b": [1]}}, {"": None}, "a" * 5000,
    "\x1b[31m\u202e", "../../../../etc/passwd", "/dev/zero", "\ud800", "a\nb: c", "{{ 1 / 0 }}",
    "{% for i in range(10**9) %}x{% endfor %}", "{{ 'x' * 10**9 }}", "https://u:p@h:99999/",
)  # fmt: skip
"""Values of another kind than is expected."""
ODD: Final = (*NUMBERS, *SHAPES)

IN_YAML: Final = (
    "9" * 5000, '!!int ""', '!!float ""', '!!int "_"', "!!bool maybe", "!!null x", "1e400", ".nan",
    ".inf", "-.inf", "!!int 1:1:1", "!!int 0b", "0x", "!!timestamp 0000-00-00", "&a [*a]",
    "!!python/object:os.system x", "!!binary x", "!!set {a}", "? [a]", "0001-01-01", "*missing",
    "!<tag:x> y", "<<: 1", "10:00:00:00",
)  # fmt: skip
"""YAML that no dump of a value makes."""
IN_JSON: Final = (
    "9" * 5000, "NaN", "Infinity", "-Infinity", "1e999", "-0", "1e-400", "9" * 400, '"\\ud800"',
    '"\\u0000"', "[" * 3000 + "]" * 3000, "truefalse", "01",
)  # fmt: skip
"""JSON that no dump of a value makes."""

_DEEP: Final = 10_000
_WIDE: Final = 5000
_MIB: Final = 1 << 20


def odd_texts() -> dict[str, bytes]:
    """Whole files that are wrong, by name, whatever was expected."""
    keys = "".join(f"key{number}: 1\n" for number in range(_WIDE))
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    return {
        "empty": b"",
        "white space": b" \n\t\n",
        "NUL": b"\x00",
        "NUL in text": b"apiVersion: virtslo/v1\nname: a\x00b\n",
        "byte order mark": b"\xef\xbb\xbfname: x\n",
        "UTF-16": "name: x\n".encode("utf-16"),
        "not UTF-8": b"name: \xff\xfe\n",
        "a lone surrogate": b"name: \xed\xa0\x80\n",
        "a lone surrogate in JSON": b'{"name": "\\ud800"}',
        "a number": b"5",
        "a huge number": b"9" * 5000,
        "a text": b"hello",
        "a list": b"[1, 2]",
        "null": b"null",
        "nested lists": b"[" * _DEEP,
        "nested mappings": b'{"a":' * _DEEP,
        "nested and closed": b"[" * _DEEP + b"]" * _DEEP,
        "nested blocks": b"\n".join(b" " * n + b"a:" for n in range(500)),
        "many keys": keys.encode(),
        "many keys in JSON": b"{" + b",".join(b'"k%d":1' % n for n in range(_WIDE)) + b"}",
        "a long key": b"a" * 200_000 + b": 1\n",
        "a long line": b"x" * (2 * _MIB),
        "aliases of aliases": laughs.encode(),
        "an alias of itself": b"a: &a\n  b: *a\n",
        "two documents": b"a: 1\n---\nb: 2\n",
        "the same key twice": b"name: a\nname: b\n",
        "the same key twice in JSON": b'{"name": "a", "name": "b"}',
        "tabs": b"a:\n\t- b\n",
        "a directive": b"%YAML 9.9\n---\na: 1\n",
        "an unknown tag": b"!!python/object/apply:os.system ['true']\n",
        "a key that is a list": b"? [a, b]\n: c\n",
        "a merge key": b"<<: *x\n",
        "half a flow": b"{a: [1, 2",
        "half a quote": b'a: "b',
        "control characters": b"a: \x01\x02\x7f\n",
        "escapes": b'name: "\\e[31m\\u202e"\n',
        "gzip": gzip.compress(b"name: x\n"),
        "a bomb of gzip": bomb(b" ", 64 * _MIB),
        "half a gzip": gzip.compress(b"name: x\n" * 100)[:-12],
        "an ELF": b"\x7fELF" + bytes(range(256)) * 20,
        "HTML": b"<!doctype html><script>alert(1)</script>",
    }


def places(document: Any, before: Place = ()) -> Iterator[Place]:
    """Every place of a document."""
    parts: Any = ()
    if isinstance(document, Mapping):
        parts = document.items()
    elif isinstance(document, list):
        parts = enumerate(document)
    for key, value in parts:
        yield (*before, key)
        yield from places(value, (*before, key))


def put(document: Any, place: Place, value: Any) -> Any:
    """The document with another value at a place."""
    made = copy.deepcopy(document)
    at = made
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    return made


def shown(value: Any) -> str:
    """A value for a line of output."""
    text = ascii(value)
    return text if len(text) < 40 else f"{text[:37]}..."


def dotted(place: Place) -> str:
    """A place as people write it."""
    return ".".join(str(part) for part in place)
