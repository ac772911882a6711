"""Standard output and standard error that cannot be written to.

Invariant: output that could not be written is never a success and never a violated objective: the
command ends with the code for "could not run", or with that of its own failure. A reader that left
(`| head`) has read what it wanted: the code is the command's own. What cannot be said on standard
error changes no exit code.
"""

import io
import sys
from typing import Final

from virtslo.base.errors import StoreError

COULD_NOT_RUN: Final = 3


class OutputLost(StoreError):
    """Standard output could not be written."""


class _Guarded(io.RawIOBase):
    """A stream whose failures are OutputLost once, or nothing at all."""

    def __init__(self, raw: io.RawIOBase, *, is_silent: bool) -> None:
        self._raw = raw
        self._is_silent = is_silent
        self._is_lost = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()

    def write(self, data: object, /) -> int | None:
        if self._is_lost:
            return len(memoryview(data))  # type: ignore[arg-type]
        try:
            return self._raw.write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            # click makes exit code 1 of it, which is that of a violated objective.
            self._is_lost = True
            return len(memoryview(data))  # type: ignore[arg-type]
        except OSError as error:
            self._is_lost = True
            if self._is_silent:
                return len(memoryview(data))  # type: ignore[arg-type]
            raise OutputLost(f"cannot write to standard output: {error.strerror}") from error


def guard_streams() -> None:
    """Put guards before both streams of this process."""
    sys.stdout = _guarded(sys.stdout, is_silent=False)
    sys.stderr = _guarded(sys.stderr, is_silent=True)


def _guarded(stream: object, *, is_silent: bool) -> io.TextIOWrapper:
    if not isinstance(stream, io.TextIOWrapper):
        # The descriptor was closed before we were started: what is written is lost, and said.
        return io.TextIOWrapper(io.BufferedWriter(_Guarded(_Closed(), is_silent=is_silent)))
    buffer = stream.buffer
    raw = buffer.raw if isinstance(buffer, io.BufferedWriter) else buffer
    if not isinstance(raw, io.RawIOBase):
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Guarded(raw, is_silent=is_silent)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering or is_silent,
        write_through=stream.write_through,
    )


class _Closed(io.RawIOBase):
    """A stream that was closed from the start."""

    def write(self, data: object, /) -> int:
        raise OSError(9, "it is closed")


def end_streams(code: int) -> int:
    """Write what waits; the exit code, changed if output was lost."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return code
    except OutputLost as error:
        print(f"virtslo: {error.message}", file=sys.stderr)  # noqa: T201  the last word
        return code or COULD_NOT_RUN
    return code
