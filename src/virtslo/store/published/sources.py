"""Files with published results: from a folder, a file, or a git clone with its history.

Invariant: only regular files of bounded size are read; nothing that is not read goes
without a word, but for files that no format here has.
"""

import os
import stat
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.errors import StoreError
from virtslo.base.limits import PUBLISHED_FILE
from virtslo.base.paths import is_folder, is_there
from virtslo.model.history.runs import OddInput
from virtslo.store.published.kubevirt_ci import run_folder

RESULTS: Final = "results.json"
RECORD: Final = "run.json"
SUITE: Final = "suite.json"
_NAMED: Final = 3
LINES: Final = (".jsonl", ".jsonl.gz", ".ndjson")


@dataclass(frozen=True, slots=True)
class Source:
    """A file's contents, and what its place says."""

    name: str
    data: bytes
    rewritten: int = 0
    """How often the file was replaced in the history of a clone."""
    is_deleted: bool = False
    """Whether the clone's newest commit no longer has it."""


def files_of(
    path: Path, run_folders: MutableMapping[PurePath, list[str]] | None = None
) -> Iterator[Path | OddInput]:
    """The files under a folder that may hold results, in order; or the file itself.

    `run_folders` gets every folder that is named by a run's id and holds no record of virtslo's,
    with the names of all files in it.
    """
    if not is_there(path):
        raise StoreError(f"nothing at {str(path)!r}", hint="name a file, a folder or a git clone")
    if not is_folder(path):
        yield path
        return
    closed: list[OSError] = []
    for folder, folders, names in os.walk(path, onerror=closed.append):
        folders[:] = sorted(name for name in folders if name not in {".git", "weekly"})
        yield from _not_followed(Path(folder), folders)
        if RECORD in names or SUITE in names:
            continue
        run = run_folder(PurePath(folder))
        if run is not None and run_folders is not None:
            run_folders.setdefault(run, []).extend(sorted(names))
        for name in sorted(names):
            if _is_wanted(name):
                yield _within(Path(folder) / name, path)
    for error in closed:
        yield OddInput(str(error.filename), error.strerror or str(error))


def nothing_in(names: Sequence[str]) -> str:
    """Why a run's folder gives no run."""
    if not names:
        return "a run's folder without any file"
    more = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"no {RESULTS} and nothing else that is read, only {shown}"


def _not_followed(folder: Path, names: Sequence[str]) -> Iterator[OddInput]:
    """Folders that are not looked into, and those that stand where a file is expected."""
    for name in names:
        if (folder / name).is_symlink():
            yield OddInput(str(folder / name), "a symbolic link to a folder: not followed")
        elif name == RESULTS:
            yield OddInput(str(folder / name), "a folder, expected a file")


def _within(file: Path, root: Path) -> Path | OddInput:
    """A file, unless it is a link that leads out of the folder that was named."""
    if not file.is_symlink():
        return file
    try:
        is_inside = file.resolve(strict=True).is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return OddInput(str(file), "a symbolic link that leads nowhere")
    return file if is_inside else OddInput(str(file), "a symbolic link out of the folder")


def records_of(path: Path) -> Iterator[Path]:
    """The folders under a path that hold a record of virtslo's own."""
    for folder, folders, names in os.walk(path):
        folders.sort()
        if RECORD in names:
            yield Path(folder)


def read(path: Path) -> Source | OddInput:
    """A file's contents, within the limit."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            return OddInput(str(path), "not a regular file")
        return Source(str(path), read_bounded(path, PUBLISHED_FILE))
    except UnreadableFile as error:
        return OddInput(str(path), error.found)
    except OSError as error:
        return OddInput(str(path), error.strerror or str(error))


def _is_wanted(name: str) -> bool:
    if name.startswith("."):
        return False
    return name.endswith((".json", *LINES))
