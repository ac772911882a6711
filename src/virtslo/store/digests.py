"""Counts and digests of a record's files, so that what was changed or removed later is seen.

Invariant: a digest is of the text, not of its compression, and grows with it; `host.json` and
`log.txt` have none, because they differ between two runs of one scenario and no figure is made of
them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from virtslo.base.bounded_files import UnreadableFile
from virtslo.base.limits import RECORD_DOCUMENT
from virtslo.store.members import read_document

DIGESTS: Final = "digests.json"


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file held when it was last written to."""

    lines: int
    sha256: str


class GrowingDigest:
    """The digest of a text that grows."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.lines = 0

    def add(self, text: bytes, lines: int) -> None:
        """Take in a text, and how many ends of lines are in it."""
        self._hash.update(text)
        self.lines += lines

    @property
    def value(self) -> Digest:
        """The digest of everything so far."""
        return Digest(self.lines, self._hash.hexdigest())


def digest_of(text: bytes) -> Digest:
    """The digest of a whole text."""
    growing = GrowingDigest()
    growing.add(text, text.count(b"\n"))
    return growing.value


@dataclass(slots=True)
class Checker:
    """Compares what is read of a record with its digests, and collects the damage."""

    digests: Mapping[str, Digest]
    is_growing: bool
    """Whether the record was never ended: then its files may hold more than is written down."""
    damage: list[str]
    checked: set[str] = field(default_factory=set)

    def check(self, name: str, text: bytes) -> None:
        """Compare a file's text."""
        checking = self.begin(name)
        checking.add(text, text.count(b"\n"))
        checking.end()

    def begin(self, name: str) -> "Checking":
        """Compare a file whose text comes in parts."""
        self.checked.add(name)
        return Checking(name, self)

    def finish(self) -> None:
        """Name the files that are gone."""
        for name in sorted(set(self.digests) - self.checked):
            self.damage.append(f"{name}: it is missing")


class Checking:
    """The comparison of one file, given its text part by part."""

    def __init__(self, name: str, checker: Checker) -> None:
        self._name = name
        self._checker = checker
        self._known = checker.digests.get(name)
        self._whole = GrowingDigest()
        self._first = GrowingDigest()
        """Of as many lines as there were when the digest was written."""
        is_growing = checker.is_growing and self._known is not None
        self._lines_left = self._known.lines if is_growing and self._known else 0

    def add(self, text: bytes, lines: int) -> None:
        """Take in the next part of the text, and how many ends of lines are in it."""
        if self._known is None:
            return
        self._whole.add(text, lines)
        if self._lines_left:
            end = len(text)
            if lines >= self._lines_left:
                end = 0
                for _ in range(self._lines_left):
                    end = text.index(b"\n", end) + 1
            first = min(lines, self._lines_left)
            self._first.add(text[:end], first)
            self._lines_left -= first

    def end(self) -> None:
        """Compare what came; a difference is damage."""
        known, checker = self._known, self._checker
        if known is None:
            if checker.digests and not checker.is_growing:
                checker.damage.append(f"{self._name}: the record has no digest of it")
            return
        found = self._whole.value
        if found == known:
            return
        if checker.is_growing and found.lines > known.lines and self._first.value == known:
            return
        if checker.is_growing and found.lines > known.lines:
            words = f"its first {known.lines} lines were changed after they were written"
        elif found.lines != known.lines:
            words = f"it holds {found.lines} lines, and held {known.lines} when it was written"
        else:
            words = "it was changed after it was written"
        checker.damage.append(f"{self._name}: {words}")


def read_digests(directory: Path, damage: list[str]) -> Mapping[str, Digest]:
    """The digests of a record; empty, with damage, where they cannot be read."""
    try:
        document = read_document(directory / DIGESTS, RECORD_DOCUMENT)
        found = msgspec.convert(document, dict[str, Digest])
    except (UnreadableFile, msgspec.MsgspecError, ValueError) as error:
        words = error.found if isinstance(error, UnreadableFile) else str(error)
        damage.append(f"{DIGESTS}: {words}")
        return {}
    if not found:
        damage.append(f"{DIGESTS}: it names no file")
    return found
