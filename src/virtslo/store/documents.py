"""A document of one value on disk, as JSON: replaced whole, read within limits.

Invariant: a document that is there is whole; one that a newer version wrote is refused.
"""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from virtslo.base.bounded_files import UnreadableFile
from virtslo.base.errors import StoreError
from virtslo.base.limits import RECORD_DOCUMENT
from virtslo.store.members import read_document

Value = TypeVar("Value")


def write_value(path: Path, value: object) -> None:
    """Replace a document, and make its folder. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
    draft.replace(path)


def read_value(path: Path, kind: type[Value], *, what: str, missing: str, hint: str) -> Value:
    """A document. Raises StoreError: `missing` where it cannot be read, not `what` it should be."""
    try:
        return msgspec.convert(read_document(path, RECORD_DOCUMENT), kind)
    except UnreadableFile as error:
        raise StoreError(f"{missing} ({error.found})", hint=hint) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreError(f"{path}: not {what}: {error}") from error


def require_known_version(path: Path, document: Any, newest: int) -> None:
    """Refuse a document of a newer version. Raises StoreError."""
    if document.schema_version > newest:
        raise StoreError(
            f"{path}: written by a newer virtslo (schema version {document.schema_version}; this "
            f"one reads up to {newest})",
            hint="use a newer virtslo to read it",
        )
