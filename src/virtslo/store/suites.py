"""A suite's record on disk: `suite.json` beside the records of its parts.

Invariant: replaced whole; what it names as complete was complete when it was written.
"""

from pathlib import Path
from typing import Final

import msgspec

from virtslo.base.bounded_files import UnreadableFile
from virtslo.base.errors import StoreError
from virtslo.base.limits import RECORD_DOCUMENT
from virtslo.model.suite import SUITE_VERSION, SuiteRecord
from virtslo.store.members import read_document

SUITE: Final = "suite.json"


def is_suite(directory: Path) -> bool:
    """Whether a folder holds a suite."""
    return (directory / SUITE).is_file()


def write_suite(directory: Path, suite: SuiteRecord) -> None:
    """Replace `suite.json`. Raises StoreError."""
    path = directory / SUITE
    draft = path.with_name(f".{SUITE}.draft")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(suite), indent=1) + b"\n")
        draft.replace(path)
    except OSError as error:
        raise StoreError(
            f"cannot write {str(path)!r}: {error.strerror}",
            hint="choose another folder with --runs",
        ) from error


def read_suite(directory: Path) -> SuiteRecord:
    """A suite's record. Raises StoreError."""
    path = directory / SUITE
    try:
        suite = msgspec.convert(read_document(path, RECORD_DOCUMENT), SuiteRecord)
    except UnreadableFile as error:
        raise StoreError(
            f"no suite in {str(directory)!r}: {SUITE} cannot be read ({error.found})",
            hint="name the folder of a suite, such as runs/20260101-120000-suite-ab12",
        ) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreError(f"{path}: not the record of a suite: {error}") from error
    if suite.schema_version > SUITE_VERSION:
        raise StoreError(
            f"{path}: written by a newer virtslo (schema version {suite.schema_version}; this one "
            f"reads up to {SUITE_VERSION})",
            hint="use a newer virtslo to read it",
        )
    return suite
