"""Records by the names that people use: a path, an id under ./runs, a part of one, `latest`.

Invariant: a name that more than one record answers to is refused with all of them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from virtslo.base.errors import StoreError
from virtslo.base.near_words import near_word
from virtslo.base.paths import is_file, is_folder
from virtslo.cli.completing import offered

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

DEFAULT_ROOT: Final = Path("runs")
LATEST: Final = "latest"
MEMBERS: Final = ("run.json", "suite.json")
"""A folder that holds one of these is a record."""
LEAST_PREFIX: Final = 3
"""Number of characters from which a part of an id names a record."""
NAMED: Final = 5


def is_record(folder: Path) -> bool:
    """Whether a folder holds the record of a run or of a suite."""
    return any(is_file(folder / member) for member in MEMBERS)


def records_under(root: Path) -> list[Path]:
    """The records of a folder, oldest first: their ids begin with the time."""
    if not is_folder(root):
        return []
    return sorted(path for path in root.iterdir() if is_folder(path) and is_record(path))


def locate(name: Path, root: Path = DEFAULT_ROOT) -> Path:
    """The folder of a record, by its path, by its id under ./runs or a part of it that no other
    has (the start, or what follows a dash), or by `latest`. Raises StoreError."""
    for candidate in (name, root / name):
        if is_folder(candidate):
            return candidate
    known = records_under(root)
    text = str(name)
    if text == LATEST and known:
        return known[-1]
    found = _matching(text, known) or _matching(text, list(_parts(known)))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found[:NAMED])
        raise StoreError(
            f"{text!r} names {len(found)} records: {names}",
            hint="give more of the id; virtslo list shows them",
        )
    raise StoreError(f"no record at {text!r}", hint=_hint(text, known, root))


def completed(
    _context: click.Context, _parameter: click.Parameter, begun: str
) -> "list[CompletionItem]":
    """What a shell may put in: the ids of the records under ./runs, newest first, and `latest`."""
    names = [path.name for path in reversed(records_under(DEFAULT_ROOT))]
    return offered((LATEST, *names), begun, kind="dir")


def _matching(text: str, known: list[Path]) -> list[Path]:
    if len(text) < LEAST_PREFIX or "/" in text:
        return []
    return [path for path in known if path.name.startswith(text) or f"-{text}" in f"-{path.name}"]


def _parts(records: list[Path]) -> Iterator[Path]:
    """The records of the parts of suites."""
    for record in records:
        yield from records_under(record)


def _hint(text: str, known: list[Path], root: Path) -> str:
    near = near_word(text, (path.name for path in known))
    if near:
        return f"did you mean {near}?"
    if not known:
        return "no runs are there"
    return f"the latest under {root}: {', '.join(path.name for path in known[-NAMED:])}"
