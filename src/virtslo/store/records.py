"""Reading records back, whole or damaged, of this version or an older one.

Invariant: damage is told and never repaired in silence; what can be read is read. A record with
damage is never complete.
"""

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from virtslo.base.errors import StoreError
from virtslo.model.observations import Observation
from virtslo.model.operations import OperationRecord
from virtslo.model.record import SCHEMA_VERSION, HostFacts, RunHeader, RunRecord
from virtslo.model.rest_calls import RestCallReads
from virtslo.store.jsonl import HEADER, HOST, OBSERVATIONS, OPERATIONS, READS

T = TypeVar("T")
Document = dict[str, Any]

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
        document = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise StoreError(
            f"no record in {str(directory)!r}: {HEADER} cannot be read ({error.strerror})",
            hint="name the folder of a run, such as runs/20260101-120000-burst-vmi-100-ab12",
        ) from error
    except msgspec.DecodeError as error:
        raise StoreError(f"{path}: not JSON: {error}") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int):
        raise StoreError(f"{path}: no schema_version: not a record of virtslo")
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
    except msgspec.ValidationError as error:
        raise StoreError(f"{path}: {error}") from error


def _host(directory: Path, damage: list[str]) -> HostFacts:
    try:
        return msgspec.json.decode((directory / HOST).read_bytes(), type=HostFacts)
    except (OSError, msgspec.MsgspecError) as error:
        damage.append(f"{HOST}: {_words(error)}")
        return HostFacts(directory.name, "unknown", "unknown", directory=str(directory))


def _rest_calls(path: Path, damage: list[str]) -> RestCallReads:
    if not path.exists():
        return RestCallReads()
    try:
        return msgspec.json.decode(path.read_bytes(), type=RestCallReads)
    except (OSError, msgspec.MsgspecError) as error:
        damage.append(f"{path.name}: {_words(error)}")
        return RestCallReads()


def _lines(path: Path, kind: type[T], damage: list[str]) -> list[T]:
    try:
        text, problem = _decompress(path.read_bytes())
    except OSError as error:
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
        except msgspec.MsgspecError as error:
            damage.append(f"{path.name}: line {number}: {error}")
            break
    return found


def _decompress(data: bytes) -> tuple[bytes, str | None]:
    """Everything that whole and broken members still hold, and what is wrong."""
    parts: list[bytes] = []
    while data:
        member = zlib.decompressobj(wbits=31)
        try:
            part = member.decompress(data)
        except zlib.error as error:
            return b"".join(parts), f"a broken gzip member: {error}"
        if not member.eof:
            whole = part[: part.rfind(b"\n") + 1]
            return b"".join([*parts, whole]), "the last gzip member is cut off"
        parts.append(part)
        data = member.unused_data
    return b"".join(parts), None


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
