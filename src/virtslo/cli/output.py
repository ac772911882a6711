"""Writing what a command made: whole or not at all.

Invariant: a file is there with its whole new contents or as it was before; nothing half written
stays under its name. Only a regular file is ever replaced: no device, link, pipe or folder. A name
that comes from a record never leads out of its folder.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from virtslo.base.errors import StoreError
from virtslo.base.paths import is_folder, is_there

_KINDS: Final = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def write_file(path: Path, text: str) -> None:
    """Put a text under a path at once. Raises StoreError."""
    import tempfile  # two dozen modules, which no help text waits for

    check_replaceable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    except (OSError, ValueError) as error:
        raise _failed(path, error) from error
    try:
        with os.fdopen(
            descriptor, "w", encoding="utf-8", errors="backslashreplace", newline=""
        ) as file:
            file.write(text)
        Path(temporary).chmod(_mode())
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise _failed(path, error) from error


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Put texts under their names in a folder, each at once. Raises StoreError."""
    check_folder(folder)
    for name in files:
        if name in {"", ".", ".."} or Path(name).name != name or "\0" in name:
            raise StoreError(f"cannot write {name!r}: the name of a file is no path")
    for name, text in files.items():
        write_file(folder / name, text)


class OutputFile(click.Path):
    """A file that a command writes at its end: what cannot be written is refused before the work.

    Raises StoreError.
    """

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """The path that a text names."""
        path = super().convert(value, param, ctx)
        assert isinstance(path, Path)
        check_replaceable(path)
        return path


def check_folder(folder: Path) -> None:
    """Refuse a path that files cannot be written below. Raises StoreError."""
    if is_there(folder) and not is_folder(folder):
        raise StoreError(
            f"cannot write {str(folder)!r}: it is a file",
            hint="this format is a folder of files: name a folder",
        )
    _check_above(folder / "file")


def check_replaceable(path: Path) -> None:
    """Refuse a path that no file can be written to. Raises StoreError.

    A file that exists is replaced by one beside it: both need the folder.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    except (OSError, ValueError) as error:
        raise _failed(path, error) from error
    if not stat.S_ISREG(mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "a device")
        raise StoreError(
            f"cannot write {str(path)!r}: it is {kind}",
            hint="name a file; without -o it is printed",
        )
    _check_above(path)


def _check_above(path: Path) -> None:
    """Refuse a file beside which nothing may be added. Folders that lack are made."""
    there = next((folder for folder in path.absolute().parents if is_there(folder)), None)
    if there is None:
        return
    if not is_folder(there):
        raise StoreError(f"cannot write {str(path)!r}: {str(there)!r} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise StoreError(f"cannot write {str(path)!r}: no permission in {str(there)!r}")


def _failed(path: Path, error: Exception) -> StoreError:
    words = getattr(error, "strerror", None) or "this is no path"
    return StoreError(f"cannot write {str(path)!r}: {words}")


def _mode() -> int:
    """The mode that a file made in the ordinary way would get."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
