"""Looking at paths that people name.

Invariant: a look raises nothing: what the file system refuses to name (a name that is too long, a
folder without permission, a NUL) is no file, no folder, and not there; reading it says why.
"""

from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether there is a regular file, perhaps behind a link."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder, perhaps behind a link."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_there(path: Path) -> bool:
    """Whether there is anything, behind a link too."""
    try:
        return path.exists()
    except OSError:
        return False
