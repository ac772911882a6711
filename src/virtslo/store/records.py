"""Reading records back, whole or damaged, of this version or an older one.

Invariant: damage is reported and never repaired silently; what can be read is read. A record with
damage is never complete.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.errors import StoreError
from virtslo.base.limits import RECORD_DOCUMENT, RECORD_FILE, RECORD_READS
from virtslo.base.paths import is_there
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.record import SCHEMA_VERSION, HostFacts, RunHeader, RunRecord, RunStatus
from virtslo.model.run.rest_calls import CounterRead, RestCallReads
from virtslo.store.digests import Checker, read_digests
from virtslo.store.jsonl import HEADER, HOST, OBSERVATIONS, OPERATIONS, READS
from virtslo.store.members import Unfolding, is_plain, parse_document, read_document
from virtslo.store.shared_texts import SharedTexts

T = TypeVar("T", bound=msgspec.Struct)
Document = dict[str, Any]

OLDEST_VERSION: Final = 1
MOST_DAMAGE: Final = 100
"""How many damaged lines and reads of a record are said."""
MORE_DAMAGE: Final = "more lines or reads are damaged than are named here"

UPGRADES: Final[Mapping[int, Callable[[Document], Document]]] = {}
"""How a header of a version becomes one of the next."""


def read_record(directory: Path) -> RunRecord:
    """A record, as far as it can be read. Raises StoreError if nothing says what was run."""
    damage: list[str] = []
    header, text = _header(directory)
    digests = read_digests(directory, damage) if header.has_digests else {}
    is_growing = header.status is RunStatus.RUNNING
    checker = Checker(digests, is_growing=is_growing, damage=damage)
    if not is_growing:
        checker.check(HEADER, text)
    else:
        checker.checked.add(HEADER)  # replaced before its digest is
    host = _host(directory, damage)
    texts = SharedTexts()
    operations = _lines(directory / OPERATIONS, OperationRecord, checker, texts.share_operations)
    observations = _lines(directory / OBSERVATIONS, Observation, checker, texts.share_observations)
    rest_calls = _rest_calls(directory / READS, checker)
    checker.finish()
    return RunRecord(
        header=header,
        host=host,
        operations=tuple(operations),
        observations=tuple(observations),
        rest_calls=rest_calls,
        damage=tuple(dict.fromkeys(damage)),
    )


def read_header(directory: Path) -> RunHeader:
    """What a record says of itself, alone. Raises StoreError."""
    return _header(directory)[0]


def _header(directory: Path) -> tuple[RunHeader, bytes]:
    path = directory / HEADER
    try:
        text = read_bounded(path, RECORD_DOCUMENT)
        document = parse_document(path, text)
    except UnreadableFile as error:
        raise StoreError(
            f"no record in {str(directory)!r}: {HEADER} cannot be read ({error.found})",
            hint="name the folder of a run, such as runs/20260101-120000-burst-vmi-100-ab12",
        ) from error
    if not isinstance(document, dict):
        raise StoreError(f"{path}: not a record of virtslo: no mapping")
    version = document.get("schema_version")
    if isinstance(version, bool) or not isinstance(version, int) or version < OLDEST_VERSION:
        raise StoreError(f"{path}: no schema_version that ever was: not a record of virtslo")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: written by a newer virtslo (schema version {version}; this one reads up to "
            f"{SCHEMA_VERSION})",
            hint="use a newer virtslo to read it",
        )
    while version < SCHEMA_VERSION:
        document = UPGRADES[version](document)
        version += 1
    try:
        return msgspec.convert(document, RunHeader), text
    except (msgspec.ValidationError, ValueError) as error:
        raise StoreError(f"{path}: {error}") from error


def _host(directory: Path, damage: list[str]) -> HostFacts:
    try:
        return msgspec.convert(read_document(directory / HOST, RECORD_DOCUMENT), HostFacts)
    except (UnreadableFile, msgspec.MsgspecError, ValueError) as error:
        damage.append(f"{HOST}: {_words(error)}")
        return HostFacts(directory.name, "unknown", "unknown", directory=str(directory))


def _rest_calls(path: Path, checker: Checker) -> RestCallReads:
    if not is_there(path):
        return RestCallReads()
    try:
        text = read_bounded(path, RECORD_READS)
        if checker.is_growing:
            checker.checked.add(path.name)
        else:
            checker.check(path.name, text)
        if is_plain(text):
            with suppress(msgspec.MsgspecError, ValueError, RecursionError):
                return msgspec.json.decode(text, type=RestCallReads)
        document = parse_document(path, text)  # what is odd is said in the words for values
        try:
            return msgspec.convert(document, RestCallReads)
        except msgspec.ValidationError:
            return msgspec.convert(_without_odd_reads(document, checker), RestCallReads)
    except (UnreadableFile, msgspec.MsgspecError, ValueError) as error:
        checker.checked.add(path.name)
        checker.damage.append(f"{path.name}: {_words(error)}")
        return RestCallReads()


def _without_odd_reads(document: object, checker: Checker) -> object:
    """The document with the reads that can be read; the others are damage, each by itself."""
    if not isinstance(document, dict) or not isinstance(reads := document.get("reads"), list):
        return document
    kept = []
    for number, read in enumerate(reads):
        try:
            msgspec.convert(read, CounterRead)
        except msgspec.ValidationError as error:
            _note(checker.damage, f"{READS}: reads[{number}]: {error}")
        else:
            kept.append(read)
    return {**document, "reads": kept}


def _note(damage: list[str], words: str) -> None:
    """Keep what is damaged; of very many things, the first, and that there are more."""
    if len(damage) < MOST_DAMAGE:
        damage.append(words)
    elif damage[-1] != MORE_DAMAGE:
        damage.append(MORE_DAMAGE)


def _lines(
    path: Path, kind: type[T], checker: Checker, share: Callable[[Sequence[T]], None]
) -> list[T]:
    """The lines of a file that can be read; `share` puts one text in place of equal ones."""
    damage = checker.damage
    try:
        unfolding = Unfolding(read_bounded(path, RECORD_FILE))
    except UnreadableFile as error:
        checker.checked.add(path.name)
        damage.append(f"{path.name}: {_words(error)}")
        return []
    checking, lines = checker.begin(path.name), _Lines(path.name, kind, share)
    for text in unfolding:
        pieces = text.split(b"\n")
        checking.add(text, len(pieces) - 1)
        lines.add(pieces)
    lines.end()
    if unfolding.problem:
        damage.append(f"{path.name}: {unfolding.problem}")
    else:
        checking.end()
    for words in lines.damage:
        _note(damage, words)
    if lines.end_of_reading:
        damage.append(lines.end_of_reading)
    return lines.found


class _Lines(Generic[T]):
    """Reads the lines of a file, given its text part by part."""

    def __init__(self, name: str, kind: type[T], share: Callable[[Sequence[T]], None]) -> None:
        self._name = name
        self._decode = msgspec.json.Decoder(kind).decode
        self._share = share
        self._waiting: list[bytes] = []
        """The begin of a line."""
        self._count = 0
        self.found: list[T] = []
        self.damage: list[str] = []
        """Lines that are not what they should be, up to a number that can be said."""
        self.end_of_reading = ""
        """The line that is no JSON: what follows it is not read."""

    def add(self, pieces: list[bytes]) -> None:
        """Read the lines that a part of the text ends: all of its pieces but the last."""
        self._waiting.append(pieces[0])
        if len(pieces) > 1:
            pieces[0] = b"".join(self._waiting)
            self._waiting = [pieces.pop()]
            self._read(pieces)

    def end(self) -> None:
        """Read what is left: a last line without its end, or nothing."""
        self._read([b"".join(self._waiting)])

    def _read(self, lines: Sequence[bytes]) -> None:
        if self.end_of_reading:
            return
        try:
            found = list(map(self._decode, lines))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            found = list(self._singly(lines))
        self._count += len(lines)
        self._share(found)
        self.found += found

    def _singly(self, lines: Sequence[bytes]) -> Iterator[T]:
        """Read lines of which one is odd."""
        for number, line in enumerate(lines, start=self._count + 1):
            if not line:
                continue
            try:
                yield self._decode(line)
            except msgspec.ValidationError as error:  # whole, with a word or number of another kind
                _note(self.damage, f"{self._name}: line {number}: {error}")
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                self.end_of_reading = f"{self._name}: line {number}: {_words(error)}"
                return


def _words(error: Exception) -> str:
    return error.found if isinstance(error, UnreadableFile) else str(error)
