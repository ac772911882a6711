"""Files of a record: bytes from disk, and lines from gzip members, with limits.

Invariant: what a file unfolds to is bounded by its size on disk, so that a few kilobytes never
fill the memory; whole and broken members give everything that they still hold.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.bounded_streams import read_member
from virtslo.base.json_reader import JsonProblem, parse_json
from virtslo.base.limits import RECORD_LEAST, RECORD_MEMBER, RECORD_RATIO, Limit

_LARGEST: Final = 2**63 - 1
_ALIKE: Final = bytes.maketrans(b"123456789+E", b"0000000000e")
_LONG: Final = b"0" * len(str(_LARGEST))
_EXPONENT: Final = b"0e0"


def read_document(path: Path, limit: Limit) -> object:
    """The JSON value of a file of a record. Raises UnreadableFile."""
    return parse_document(path, read_bounded(path, limit))


def parse_document(path: Path, data: bytes) -> object:
    """The JSON value of what a file of a record holds. Raises UnreadableFile."""
    try:
        value = parse_json(data)
    except JsonProblem as error:
        raise UnreadableFile(path, str(error), "a JSON document") from None
    if _may_be_beyond(data) and _is_beyond(value):
        raise UnreadableFile(path, "a number of more than 64 bits", "numbers of at most 64 bits")
    return value


def is_plain(data: bytes) -> bool:
    """Whether whatever reads a JSON text finds the same in it, also in what it leaves out: it is
    ASCII, and has no number of more than 64 bits."""
    return data.isascii() and not _may_be_beyond(data)


def _may_be_beyond(data: bytes) -> bool:
    """Whether a text has an exponent, or as many digits before a point as `_LARGEST` has.

    Its digits are made alike first, as are the ways to write an exponent: to look for a text takes
    a tenth of a pattern's time.
    """
    alike = data.translate(_ALIKE)
    if _EXPONENT in alike:
        return True
    return _LONG in alike and _LONG in alike.replace(b"." + _LONG, b".")


def _is_beyond(value: object) -> bool:
    """Whether a number in a value is further from 0 than any that is written here."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, int | float) and abs(item) > _LARGEST:
            return True
    return False


class Unfolding:
    """The texts of gzip members one after another; `problem` says afterwards what is wrong.

    Of a member that is cut off the whole lines are given.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.problem: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        data, begin = self._data, 0
        left = max(RECORD_LEAST.most, RECORD_RATIO.most * len(data))
        view = memoryview(data)
        while begin < len(data):
            most = min(RECORD_MEMBER.most, left)
            try:
                part, begin, is_whole = read_member(view, begin, most)
            except zlib.error as error:
                self.problem = f"a broken gzip member: {error}"
                return
            if len(part) > most:
                self.problem = f"a gzip member that unfolds to more than {most} bytes"
                return
            if not is_whole:
                self.problem = "the last gzip member is cut off"
                part = part[: part.rfind(b"\n") + 1]
            left -= len(part)
            yield part
            if not is_whole:
                return
