"""Handing bytes to a library that reads from paths only, without a file.

Invariant: nothing is written to a file system, so that whatever ends the process, nothing is left.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def piped(content: bytes) -> Iterator[str]:
    """A path at which a reader of this process finds the content, once."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(content)

    writer = threading.Thread(target=_until_nobody_reads(write), daemon=True)
    writer.start()
    try:
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)
        writer.join()


def _until_nobody_reads(write: Callable[[], None]) -> Callable[[], None]:
    """A reader that has found a fault does not read to the end."""

    def run() -> None:
        try:
            write()
        except BrokenPipeError:
            return

    return run
