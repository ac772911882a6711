"""Traces on disk: written line by line as they are recorded, and SimKube's, read.

Invariant: what was recorded stays readable whatever ends the recording: lines are appended, and the
last one says that the trace is whole or that it was cut. Nothing that was there is replaced but a
regular file.
"""

import gzip
import io
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final, TypeVar, cast

import msgspec

from virtslo import __version__
from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.clock import NANOSECONDS_PER_SECOND, SystemClock
from virtslo.base.errors import Problem, ScenarioError, StoreError
from virtslo.base.limits import TRACE_FILE
from virtslo.base.paths import is_file, is_there
from virtslo.model.plan.trace import (
    END,
    TRACE_FORMAT,
    TRACE_VERSION,
    TraceEvent,
    TraceHeader,
    TraceSource,
)

T = TypeVar("T")
GZIP: Final = b"\x1f\x8b"
FIRST_BYTES: Final = 256


class TraceFile:
    """A trace that is being written; compressed where its name ends in .gz."""

    def __init__(self, path: Path, source: TraceSource, *, label: str = "") -> None:
        """Raises StoreError where it cannot be written."""
        self._path = path
        self._encode = msgspec.json.Encoder().encode
        self._clock = SystemClock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            plain = path.open("wb")
        except (OSError, ValueError) as error:
            raise self._failure(error) from error
        self._plain: BinaryIO = plain
        self._file: BinaryIO = plain
        if path.suffix == ".gz":
            self._file = cast("BinaryIO", gzip.GzipFile("", "wb", fileobj=plain, mtime=0))
        self._flushed_ns = self._clock.now_ns()
        self._write(
            TraceHeader(TRACE_FORMAT, TRACE_VERSION, source, f"virtslo {__version__}", label)
        )
        self.flush()

    def add(self, event: TraceEvent) -> None:
        """Append an event; on disk within a second of the next one, or at the next flush."""
        self._write(event)
        if self._clock.now_ns() - self._flushed_ns >= NANOSECONDS_PER_SECOND:
            self.flush()

    def end(self, at_ns: int, *, is_cut: bool, notes: Iterable[str] = ()) -> None:
        """Append the end, and close."""
        self._write(TraceEvent(at_ns, END, cut=is_cut, notes=tuple(notes)))
        self.close()

    def close(self) -> None:
        """Close, with all that was added on disk; a trace that has no end is read as cut."""
        try:
            self._file.close()
            self._plain.close()
        except OSError as error:
            raise self._failure(error) from error

    def flush(self) -> None:
        """Have what was added on disk."""
        self._flushed_ns = self._clock.now_ns()
        try:
            self._file.flush()
            self._plain.flush()
        except OSError as error:
            raise self._failure(error) from error

    def _write(self, line: TraceHeader | TraceEvent) -> None:
        try:
            self._file.write(self._encode(line) + b"\n")
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> StoreError:
        words = getattr(error, "strerror", None) or "this is no path"
        return StoreError(f"cannot write the trace {str(self._path)!r}: {words}")


def first_bytes(path: Path) -> bytes:
    """The first bytes of a regular file's contents, unfolded. Raises UnreadableFile."""
    expected = "a file that can be read"
    if is_there(path) and not is_file(path):
        raise UnreadableFile(path, "no regular file", expected)
    try:
        with path.open("rb") as file:
            first = file.read(FIRST_BYTES)
        if not first.startswith(GZIP):
            return first
        with gzip.open(path) as folded:
            return folded.read(FIRST_BYTES)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(path, words, expected) from None


def read_msgpack(path: Path, kind: type[T], *, expected: str) -> T:
    """A document of another tool's in MessagePack, gzip or not. Raises ScenarioError."""
    try:
        raw = read_bounded(path, TRACE_FILE)
        if raw.startswith(GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
                raw = file.read(TRACE_FILE.most + 1)
            if len(raw) > TRACE_FILE.most:
                raise UnreadableFile(path, f"more than {TRACE_FILE.amount}", str(TRACE_FILE))
        return msgspec.msgpack.decode(raw, type=kind)
    except UnreadableFile as error:
        problem = Problem("the file", error.found, error.expected)
        raise ScenarioError(str(path), [problem]) from error
    except (
        msgspec.MsgspecError,
        ValueError,
        RecursionError,
        OSError,
        EOFError,
        zlib.error,
    ) as error:
        problem = Problem("the file", str(error)[:200], expected)
        raise ScenarioError(str(path), [problem]) from error
