"""An audit log in files, rotated and compressed while it is read.

Invariant: a file is known by its first line, not by its name or inode, so that a rotated file is
read on where it was left, under its new name and after it was compressed too. Lines are read in
blocks of a fixed size: memory does not depend on the log's size.
"""

import asyncio
import errno
import gzip
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final, cast

from virtslo.base.errors import StoreError
from virtslo.base.limits import AUDIT_LINE
from virtslo.base.paths import is_there
from virtslo.ports.audit_log_source import Take

BLOCK_BYTES: Final = 1 << 18
_WHOLE: Final = -1
"""The position of a file that is wholly read: a compressed one does not grow."""


class AuditLogFiles:
    """An `AuditLogSource` of the file that is written, and of those it was rotated into."""

    def __init__(self, path: Path, *, in_thread: bool = True) -> None:
        self._path = path
        self._in_thread = in_thread
        """Whether files are read in a thread; never in virtual time, where none may be."""
        self._positions: dict[bytes, int] = {}

    @property
    def place(self) -> str:
        """The path."""
        return str(self._path)

    async def skip(self) -> None:
        """Leave out what has been written so far."""
        if self._in_thread:
            await asyncio.to_thread(self._skip)
        else:
            self._skip()

    async def collect(self, take: Take) -> None:
        """Hand over every whole line written since the last call."""
        if self._in_thread:
            await asyncio.to_thread(self.read, take)
        else:
            self.read(take)

    def read(self, take: Take) -> None:
        """Hand over every whole line not yet read, oldest file first."""
        try:
            for path in self._files():
                self._read_file(path, take)
        except (OSError, EOFError, zlib.error) as error:
            raise self._failure(error) from error

    def _skip(self) -> None:
        try:
            for path in self._files():
                with closing(_opened(path)) as file:
                    key = _fingerprint(file)
                if key is not None:
                    whole = _is_compressed(path)
                    self._positions[key] = _WHOLE if whole else _end_of_lines(path)
        except (OSError, EOFError, zlib.error) as error:
            raise self._failure(error) from error

    def _files(self) -> list[Path]:
        """The rotated files by the date in their names, then the one being written."""
        if not is_there(self._path):
            raise StoreError(
                f"no audit log at {str(self._path)!r}",
                hint="name the file that kube-apiserver's --audit-log-path names, where this "
                "machine can read it",
            )
        stem, suffix = self._path.stem, self._path.suffix
        rotated = {*self._path.parent.glob(f"{stem}-*{suffix}")}
        rotated |= {*self._path.parent.glob(f"{stem}-*{suffix}.gz")}
        return [*sorted(rotated), self._path]

    def _read_file(self, path: Path, take: Take) -> None:
        with closing(_opened(path)) as file:
            key = _fingerprint(file)
            if key is None:
                return
            begin = self._positions.get(key, 0)
            if begin == _WHOLE:
                return
            file.seek(begin)
            for line, end in _lines(file, begin):
                take(line)
                self._positions[key] = end
        if _is_compressed(path):
            self._positions[key] = _WHOLE

    def _failure(self, error: Exception) -> StoreError:
        words = error.strerror if isinstance(error, OSError) else None
        return StoreError(f"cannot read the audit log {str(self._path)!r}: {words or error}")


def _opened(path: Path) -> BinaryIO:
    """A regular file, open; nothing else has positions to come back to. Raises OSError."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is no regular file")
    return cast("BinaryIO", _Unfolded(fileobj=file)) if _is_compressed(path) else file


class _Unfolded(gzip.GzipFile):
    """A gzip file that closes the file it is read from."""

    def close(self) -> None:
        file = cast("BinaryIO | None", self.fileobj)
        super().close()
        if file is not None:
            file.close()


def _is_compressed(path: Path) -> bool:
    return path.suffix == ".gz"


def _fingerprint(file: BinaryIO) -> bytes | None:
    """What identifies a file: its first line; None while that is not whole."""
    first = file.readline(AUDIT_LINE.most)
    return hashlib.sha256(first).digest() if first.endswith(b"\n") else None


def _end_of_lines(path: Path) -> int:
    """Where the last whole line ends."""
    with _opened(path) as file:
        end = file.seek(0, 2)
        while end > 0:
            begin = max(0, end - BLOCK_BYTES)
            file.seek(begin)
            at = file.read(end - begin).rfind(b"\n")
            if at >= 0:
                return begin + at + 1
            end = begin
    return 0


def _lines(file: BinaryIO, begin: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines, and where each ends."""
    rest, position = b"", begin
    while block := file.read(BLOCK_BYTES):
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            position += len(line) + 1
            if line:
                yield line, position
        if len(rest) > AUDIT_LINE.most:
            raise StoreError(f"the audit log has a line of more than {AUDIT_LINE.amount}")
