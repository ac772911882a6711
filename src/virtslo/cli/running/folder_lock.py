"""A folder that one process alone works in.

Invariant: the lock goes with the process that holds it and with those it started, however they end;
it leaves no file behind. Where a file system has no locks there is none.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from virtslo.base.errors import StoreError

_HELD: Final = frozenset({errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN})


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which is made if it is missing. Raises StoreError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(
            f"cannot work in {str(folder)!r}: {error.strerror}",
            hint="choose another folder: --runs, or --sweeps of a sweep",
        ) from error
    try:
        _lock(folder, descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _HELD:
            return
        raise StoreError(
            f"another virtslo is at work in {str(folder)!r}",
            hint="wait until it has ended, or end it; its lock ends with it",
        ) from None
