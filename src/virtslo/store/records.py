"""Reading records back, whole or damaged, of this version or an older one.

Invariant: damage is reported and never repaired silently; what can be read is read. A record with
damage is never complete.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.errors import StoreError
from virtslo.base.limits import RECORD_DOCUMENT, RECORD_FILE, RECORD_READS
from virtslo.model.observations import Observation
from virtslo.model.operations import OperationRecord
from virtslo.model.record import SCHEMA_VERSION, HostFacts, RunHeader, RunRecord
from virtslo.model.rest_calls import RestCallReads
from virtslo.store.jsonl import HEADER, HOST, OBSERVATIONS, OPERATIONS, READS
from virtslo.store.members import read_document, unfold

T = TypeVar("T")
Document = dict[str, Any]

OLDEST_VERSION: Final = 1

UPGRADES: Final[Mapping[int, Callable[[Document], Document]]] = {}
"""How a header of a version becomes one of the next."""


def read_record(directory: Path) -> RunRecord:
    """A record, as far as it can be read. Raises StoreError if nothing says what was run."""
    damage: list[str] = []
    header = _header(directory)
    host = _host(directory, damage)
    operations = _lines(directory / OPERATIONS, OperationRecord, damage)
    observations = _lines(directory / OBSERVATIONS, Observation, damage)
    rest_calls = _rest_calls(directory / READS, damage)
    return RunRecord(
        header=header,
        host=host,
        operations=tuple(operations),
        observations=tuple(observations),
        rest_calls=rest_calls,
        damage=tuple(damage),
    )


def _header(directory: Path) -> RunHeader:
    path = directory / HEADER
    try:
        document = read_document(path, RECORD_DOCUMENT)
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
        return msgspec.convert(document, RunHeader)
    except (msgspec.ValidationError, ValueError) as error:
        raise StoreError(f"{path}: {error}") from error


def _host(directory: Path, damage: list[str]) -> HostFacts:
    try:
        return msgspec.convert(read_document(directory / HOST, RECORD_DOCUMENT), HostFacts)
    except (UnreadableFile, msgspec.MsgspecError, ValueError) as error:
        damage.append(f"{HOST}: {_words(error)}")
        return HostFacts(directory.name, "unknown", "unknown", directory=str(directory))


def _rest_calls(path: Path, damage: list[str]) -> RestCallReads:
    if not path.exists():
        return RestCallReads()
    try:
        return msgspec.convert(read_document(path, RECORD_READS), RestCallReads)
    except (UnreadableFile, msgspec.MsgspecError, ValueError) as error:
        damage.append(f"{path.name}: {_words(error)}")
        return RestCallReads()


def _lines(path: Path, kind: type[T], damage: list[str]) -> list[T]:
    try:
        text, problem = unfold(read_bounded(path, RECORD_FILE))
    except UnreadableFile as error:
        damage.append(f"{path.name}: {_words(error)}")
        return []
    if problem:
        damage.append(f"{path.name}: {problem}")
    decode = msgspec.json.Decoder(kind).decode
    found: list[T] = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        if not line:
            continue
        try:
            found.append(decode(line))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            damage.append(f"{path.name}: line {number}: {_words(error)}")
            break
    return found


def _words(error: Exception) -> str:
    return error.found if isinstance(error, UnreadableFile) else str(error)
