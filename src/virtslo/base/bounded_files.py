"""Files that people name, read with limits.

Invariant: a read ends. Only regular files, pipes and the empty device are read; a device, a
folder or a socket is refused before a byte is taken, a pipe has a deadline, and no more than one
byte past the limit is ever held.
"""

import errno
import io
import os
import select
import stat
from pathlib import Path
from typing import Final

from virtslo.base.clock import NANOSECONDS_PER_SECOND, Clock, SystemClock
from virtslo.base.limits import PIPE_TIME, Limit

_CHUNK_BYTES: Final = 1 << 20
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


class UnreadableFile(Exception):
    """A file that cannot be read; `found` says what is there, `expected` what can be read."""

    def __init__(self, path: Path, found: str, expected: str, error: OSError | None = None) -> None:
        super().__init__(f"{str(path)!r}: {found}")
        self.path = path
        self.found = found
        self.expected = expected
        self.is_missing = error is not None and error.errno in (errno.ENOENT, errno.ENOTDIR)


def read_bounded(path: Path, limit: Limit, *, clock: Clock | None = None) -> bytes:
    """The bytes of a file or pipe, at most as many as `limit`. Raises UnreadableFile."""
    try:
        # Without O_NONBLOCK a pipe that nothing writes to would hold `open` itself.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        failed = error if isinstance(error, OSError) else None
        words = (failed.strerror if failed is not None else None) or "no path of a file"
        raise UnreadableFile(path, words, "a file that can be read", failed) from None
    try:
        return _read(path, descriptor, limit, clock or SystemClock())
    except OSError as error:
        words = error.strerror or "unreadable"
        raise UnreadableFile(path, words, "a file that can be read", error) from None
    finally:
        os.close(descriptor)


def open_to_append(path: Path) -> io.FileIO:
    """A regular file to append to, made if it is missing. Raises UnreadableFile."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o666)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or "no path of a file"
        raise UnreadableFile(path, words, "a file that can be written") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableFile(path, "no regular file", "a file that can be written")
    return io.FileIO(descriptor, "ab")


def _read(path: Path, descriptor: int, limit: Limit, clock: Clock) -> bytes:
    status = os.fstat(descriptor)
    if _is_empty_device(status):
        return b""
    for is_kind, name in _KINDS:
        if is_kind(status.st_mode):
            raise UnreadableFile(path, name, "a file or a pipe")
    if stat.S_ISREG(status.st_mode) and status.st_size > limit.most:
        raise _too_large(path, limit)
    is_pipe = stat.S_ISFIFO(status.st_mode)
    deadline_ns = clock.now_ns() + PIPE_TIME.most * NANOSECONDS_PER_SECOND
    held = bytearray()
    while True:
        if is_pipe:
            _await_bytes(path, descriptor, deadline_ns - clock.now_ns())
        chunk = os.read(descriptor, min(_CHUNK_BYTES, limit.most + 1 - len(held)))
        if not chunk:
            return bytes(held)
        held += chunk
        if len(held) > limit.most:
            raise _too_large(path, limit)


def _await_bytes(path: Path, descriptor: int, left_ns: int) -> None:
    """Return once a pipe can be read or has ended."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if left_ns <= 0 or not poll.poll(left_ns / 1_000_000):
        expected = f"its end within {PIPE_TIME.amount}"
        raise UnreadableFile(path, "a pipe that does not end", expected)


def _is_empty_device(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == Path(os.devnull).stat().st_rdev


def _too_large(path: Path, limit: Limit) -> UnreadableFile:
    return UnreadableFile(path, f"more than {limit.amount}", str(limit))
