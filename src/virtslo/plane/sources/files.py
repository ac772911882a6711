"""Files of a source tree that a person names, read with limits.

Invariant: nothing of a tree is read beyond the limits, in bytes, number and depth; what meets one,
and what is no file, is refused by its path.
"""

import hashlib
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.limits import (
    SOURCE_DEPTH,
    SOURCE_FILE,
    SOURCE_FILES,
    SOURCE_TREE,
    TREE_FILES,
    Limit,
)
from virtslo.base.paths import is_there

_GO: Final = ".go"
_TEST: Final = "_test.go"


def source_text(path: Path) -> str:
    """A file's text; empty where there is none. Raises ScenarioError."""
    return _bytes(path).decode("utf-8", "replace") if is_there(path) else ""


def package_texts(folder: Path) -> list[str]:
    """The texts of a package's Go files, tests left out. Raises ScenarioError."""
    try:
        paths = sorted(
            path for path in folder.iterdir() if path.name.endswith(_GO) and _TEST not in path.name
        )
    except OSError:
        return []  # which generators are missing is said by name
    refuse_more(folder, paths, SOURCE_FILES)
    return [source_text(path) for path in paths]


def digests_of(tree: Path, names: Iterable[str]) -> list[str]:
    """A line with the digest of each file. Raises ScenarioError.

    A link that leads nowhere, as an editor's lock is, counts by where it leads.
    """
    names = list(names)
    refuse_more(tree, names, SOURCE_FILES)
    return [f"{name} {hashlib.sha256(_bytes_or_target(tree / name)).hexdigest()}" for name in names]


def unpack(archive: Path, root: Path) -> None:
    """Unpack what git archived of a commit. Raises ScenarioError."""
    files = size = 0
    with tarfile.open(archive) as packed:
        for member in packed:
            files += 1
            size += member.size
            if files > TREE_FILES.most:
                raise _refused(str(root), f"more than {TREE_FILES.amount}", TREE_FILES)
            if size > SOURCE_TREE.most:
                raise _refused(str(root), f"more than {SOURCE_TREE.amount}", SOURCE_TREE)
            if member.name.count("/") >= SOURCE_DEPTH.most:
                raise _refused(member.name, f"more than {SOURCE_DEPTH.amount}", SOURCE_DEPTH)
            packed.extract(member, root, filter="tar")


def refuse_more(place: Path, found: Iterable[object], limit: Limit) -> None:
    """Raise ScenarioError where there are more than the limit."""
    count = sum(1 for _ in found)
    if count > limit.most:
        raise _refused(str(place), f"{count} files", limit)


def _bytes_or_target(path: Path) -> bytes:
    if path.is_symlink() and not is_there(path):
        return b"link to " + os.fsencode(path.readlink())
    return _bytes(path)


def _bytes(path: Path) -> bytes:
    try:
        return read_bounded(path, SOURCE_FILE)
    except UnreadableFile as error:
        raise _refused(str(path), error.found, error.expected) from None


def _refused(place: str, found: str, expected: object) -> ScenarioError:
    return ScenarioError("--kubevirt", [Problem(place, found, str(expected))])
