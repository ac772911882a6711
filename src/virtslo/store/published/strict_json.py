"""JSON of others, read with everything odd in it named.

Invariant: what is ambiguous or is not JSON is never guessed: a repeated key, NaN and Infinity have
no value and a problem each.
"""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

DEEPEST: Final = 64
_NAMED: Final = 5


class Unreadable(ValueError):
    """A text that is not JSON, or too odd to be read; says why."""


class _Nothing:
    """Stands for a value that cannot be had."""

    def __repr__(self) -> str:
        return "a value that cannot be had"


NOTHING: Final = _Nothing()


def parse(data: bytes) -> tuple[Any, list[str]]:
    """The document and what is odd in it. Raises Unreadable."""
    if not data.strip():
        raise Unreadable("the file is empty")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 at byte {error.start}") from error
    odd: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            for name, times in _repeated(items):
                odd.append(f"key {short(name)} is there {times} times: not read")
                found[name] = NOTHING
        return found

    def constant(name: str) -> Any:
        odd.append(f"{name} is not a JSON number: read as no data")
        return NOTHING

    try:
        document = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except json.JSONDecodeError as error:
        cut = "truncated" if error.pos >= len(text.rstrip()) - 1 else "not JSON"
        raise Unreadable(f"{cut}: {error.msg} at line {error.lineno}") from error
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    except ValueError as error:
        most = sys.get_int_max_str_digits()
        raise Unreadable(f"a whole number of more than {most:,} digits") from error
    more = len(odd) - _NAMED
    return document, odd[:_NAMED] + ([f"and {more} more of the kind"] if more > 0 else [])


def _repeated(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, int]]:
    """The keys that are there several times, and how often."""
    counts = Counter(name for name, _ in items)
    return ((name, times) for name, times in counts.items() if times > 1)


def short(value: Any) -> str:
    """A value as a message shows it, short and in one line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def content_hash(document: Any, *more: object) -> str:
    """A hash that equal documents share, whatever the order of their keys."""
    text = json.dumps([document, more], sort_keys=True, default=lambda _: None)
    return hashlib.sha256(text.encode()).hexdigest()
