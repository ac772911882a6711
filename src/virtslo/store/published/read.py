"""Everything published at a place, run by run.

Invariant: whatever is wrong with a file is said with the file's name, and costs that file alone.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath

from virtslo.base.paths import is_folder
from virtslo.model.history.runs import HistoryRun, OddInput
from virtslo.store.published.documents import no_result, read_document
from virtslo.store.published.git_clone import is_clone, sources
from virtslo.store.published.json_lines import read_lines
from virtslo.store.published.kubevirt_ci import is_result, read_result, run_folder
from virtslo.store.published.names import shown, with_plain_names
from virtslo.store.published.sources import (
    LINES,
    RESULTS,
    Source,
    files_of,
    nothing_in,
    read,
)
from virtslo.store.published.strict_json import Unreadable, parse


def read_published(path: Path) -> Iterator[HistoryRun | OddInput]:
    """The runs under a folder, in a file or in a git clone. Raises StoreError."""
    for found in _found(path):
        if isinstance(found, HistoryRun):
            yield from with_plain_names(found)
        else:
            yield replace(found, place=shown(found.place), reason=shown(found.reason))


def _found(path: Path) -> Iterator[HistoryRun | OddInput]:
    if is_folder(path) and is_clone(path):
        for source in sources(path):
            yield from (source,) if isinstance(source, OddInput) else _runs(source, None)
        return
    folders: dict[PurePath, list[str]] = {}
    told: set[PurePath | None] = set()
    for found in files_of(path, folders):
        for item in _of_file(found, path):
            place = item.place if isinstance(item, OddInput) else item.origin
            told.add(run_folder(PurePath(place)))
            yield item
    for folder in sorted(folders.keys() - told):
        yield OddInput(str(folder), nothing_in(folders[folder]))


def _of_file(found: Path | OddInput, path: Path) -> Iterator[HistoryRun | OddInput]:
    source = found if isinstance(found, OddInput) else read(found)
    if isinstance(source, OddInput) or isinstance(found, OddInput):
        assert isinstance(source, OddInput)
        yield source
        return
    modified = datetime.fromtimestamp(found.stat().st_mtime, UTC)
    yield from _runs(source, modified, is_named=found == path)


def _runs(
    source: Source, modified: datetime | None, *, is_named: bool = False
) -> Iterator[HistoryRun | OddInput]:
    if source.name.endswith(LINES):
        yield from read_lines(source)
        return
    try:
        document, odd = parse(source.data)
    except Unreadable as error:
        yield OddInput(source.name, str(error))
        return
    if is_result(document):
        yield from (OddInput(source.name, words, is_lost=False) for words in odd)
        yield from _result(document, source)
        return
    found = None
    if modified is not None:
        found = read_document(document, origin=source.name, modified=modified)
    if found is not None:
        yield from (OddInput(source.name, words, is_lost=False) for words in odd)
        yield from found
    elif is_named or _has_results(PurePosixPath(source.name)):
        yield OddInput(source.name, f"not a result of a known format: {no_result(document)}")


def _has_results(path: PurePosixPath) -> bool:
    """Whether a file's name says that it is a result: in a run's folder, one with the kind before
    it too, such as `VMI-perf-audit-results.json`."""
    return path.name == RESULTS or (
        path.name.endswith(f"-{RESULTS}") and run_folder(path) is not None
    )


def _result(document: dict[str, object], source: Source) -> Iterator[HistoryRun | OddInput]:
    parts = PurePosixPath(Path(source.name).as_posix()).parts
    if len(parts) < 3:
        yield OddInput(source.name, "expected a path <job>/<run id>/results.json")
        return
    run, odd = read_result(
        document,
        job=parts[-3],
        run_id=parts[-2],
        origin=source.name,
        rewritten=source.rewritten,
        is_deleted=source.is_deleted,
    )
    yield from odd
    if run is not None:
        yield run
