"""A run's record on disk, open for writing.

Invariant: append-only: lines go into gzip members that are complete on disk after 2 000 lines or a
second, or two where nothing follows, so a killed process loses at most that. JSON files are
replaced whole. The bytes (after decompression) depend on what is recorded alone.
"""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from virtslo.base.clock import NANOSECONDS_PER_SECOND, SystemClock
from virtslo.base.errors import StoreError
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.record import HostFacts, RunHeader
from virtslo.model.run.rest_calls import RestCallReads
from virtslo.store.digests import DIGESTS, Digest, GrowingDigest, digest_of

HEADER: Final = "run.json"
HOST: Final = "host.json"
OPERATIONS: Final = "operations.jsonl.gz"
OBSERVATIONS: Final = "observations.jsonl.gz"
READS: Final = "rest_calls.json"
LOG: Final = "log.txt"

LINES_A_MEMBER: Final = 2_000
COMPRESSION: Final = 3
"""zlib's level: the usual 6 takes two and a half times as long for an eighth less."""


class LineFile:
    """Lines in gzip members, appended."""

    def __init__(self, path: Path, clock: SystemClock) -> None:
        self._clock = clock
        self._file = path.open("ab")
        self._encode = msgspec.json.Encoder().encode_lines
        self._waiting: list[object] = []
        """What is not written yet; encoded together, which takes a fraction of the time."""
        self.digest = GrowingDigest()
        self._flushed_ns = clock.now_ns()

    def add(self, line: object) -> None:
        """Append one line, of what never changes."""
        self._waiting.append(line)
        count = len(self._waiting)
        if count >= LINES_A_MEMBER or (not count & 15 and self._is_old()):
            self.flush()

    def flush_old(self) -> None:
        """Write what there is, if the last time was a second ago or more."""
        if self._is_old():
            self.flush()

    def _is_old(self) -> bool:
        return self._clock.now_ns() - self._flushed_ns >= NANOSECONDS_PER_SECOND

    def flush(self) -> None:
        """Write what there is as one whole member."""
        self._flushed_ns = self._clock.now_ns()
        waiting, self._waiting = self._waiting, []
        if waiting:
            text = self._encode(waiting)
            self.digest.add(text, len(waiting))
            self._file.write(gzip.compress(text, COMPRESSION, mtime=0))
            self._file.flush()

    def close(self) -> None:
        """Flush and close."""
        try:
            self.flush()
        finally:
            self._file.close()


class JsonlRecorder:
    """Writes a run's record into a folder."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._encode = msgspec.json.Encoder(order="deterministic").encode
        clock = SystemClock()
        self._digests: dict[str, Digest] = {}
        self._kept = b""
        self._kept_lines = (0, 0)
        """Of how many operations and observations digests were kept."""
        try:
            directory.mkdir(parents=True, exist_ok=False)
            self._operations = LineFile(directory / OPERATIONS, clock)
            self._observations = LineFile(directory / OBSERVATIONS, clock)
        except OSError as error:
            raise StoreError(
                f"cannot write a record to {str(directory)!r}: {error.strerror}",
                hint="choose another folder with --runs",
            ) from error

    @property
    def directory(self) -> str:
        """Where the record is."""
        return str(self._directory)

    def write_header(self, header: RunHeader) -> None:
        """Replace `run.json`, after what has been recorded so far."""
        self._guarded(self._operations.flush)
        self._guarded(self._observations.flush)
        self._replace(HEADER, replace(header, has_digests=True))
        self._keep_digests()

    def write_host(self, host: HostFacts) -> None:
        """Replace `host.json`."""
        self._replace(HOST, host)

    def add_operation(self, operation: OperationRecord) -> None:
        """Append one operation."""
        try:
            self._operations.add(operation)
        except OSError as error:
            raise self._failure(error) from error

    def add_observation(self, observation: Observation) -> None:
        """Append one observation."""
        try:
            self._observations.add(observation)
        except OSError as error:
            raise self._failure(error) from error

    def write_rest_calls(self, rest_calls: RestCallReads) -> None:
        """Replace `rest_calls.json`."""
        self._replace(READS, rest_calls)
        self._keep_digests()

    def flush_old(self) -> None:
        """Flush what has waited for a second; called every second while a run goes on."""
        self._guarded(self._operations.flush_old)
        self._guarded(self._observations.flush_old)
        if self._lines_written() != self._kept_lines:
            self._keep_digests()

    def close(self) -> None:
        """Flush everything and close."""
        self._guarded(self._operations.close)
        self._guarded(self._observations.close)
        self._keep_digests()

    def _keep_digests(self) -> None:
        """Replace `digests.json`, if anything has grown."""
        self._kept_lines = self._lines_written()
        grown = {OPERATIONS: self._operations.digest, OBSERVATIONS: self._observations.digest}
        values = {**self._digests, **{name: item.value for name, item in grown.items()}}
        text = self._text(values)
        if text != self._kept:
            self._kept = text
            self._guarded(lambda: self._write(DIGESTS, text))

    def _lines_written(self) -> tuple[int, int]:
        return self._operations.digest.lines, self._observations.digest.lines

    def _replace(self, name: str, value: object) -> None:
        text = self._text(value)
        if name != HOST:
            self._digests[name] = digest_of(text)
        self._guarded(lambda: self._write(name, text))

    def _text(self, value: object) -> bytes:
        return msgspec.json.format(self._encode(value), indent=1) + b"\n"

    def _write(self, name: str, text: bytes) -> None:
        path = self._directory / name
        draft = path.with_name(f".{name}.draft")
        draft.write_bytes(text)
        draft.replace(path)

    def _guarded(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> StoreError:
        return StoreError(
            f"cannot write the record in {self.directory!r}: {error.strerror}",
            hint="what was written before is still there",
        )
