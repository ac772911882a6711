"""Writing what a command made: whole or not at all.

Invariant: a file is there with its whole new contents or as it was before; nothing half written
stays under its name.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from virtslo.base.errors import StoreError


def write_file(path: Path, text: str) -> None:
    """Put a text under a path at once. Raises StoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise StoreError(f"cannot write {str(path)!r}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(temporary).chmod(_mode())
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise StoreError(f"cannot write {str(path)!r}: {error.strerror}") from error


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Put texts under their names in a folder, each at once. Raises StoreError."""
    if folder.exists() and not folder.is_dir():
        raise StoreError(
            f"cannot write {str(folder)!r}: it is a file",
            hint="this format is a folder of files: name a folder",
        )
    for name, text in files.items():
        write_file(folder / name, text)


def _mode() -> int:
    """The mode that a file made in the ordinary way would get."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
