"""A suite's record on disk: `suite.json` beside the records of its parts.

Invariant: replaced whole; what it names as complete was complete when it was written.
"""

from collections import Counter
from pathlib import Path
from typing import Final

from virtslo.base.errors import StoreError
from virtslo.base.paths import is_file
from virtslo.base.plain_text import shown_text
from virtslo.model.plan.suite import SUITE_VERSION, PartStatus, SuitePart, SuiteRecord
from virtslo.model.run.record import RunStatus
from virtslo.store.documents import read_value, require_known_version, write_value
from virtslo.store.jsonl import HEADER
from virtslo.store.records import read_header

SUITE: Final = "suite.json"
WITHOUT_RECORD: Final = frozenset({PartStatus.PENDING, PartStatus.SKIPPED})
"""What a part is that need not have a record."""
NAMED: Final = 5
"""How many faults a message names before it says how many more."""


def is_suite(directory: Path) -> bool:
    """Whether a folder holds a suite."""
    return is_file(directory / SUITE)


def write_suite(directory: Path, suite: SuiteRecord) -> None:
    """Replace `suite.json`. Raises StoreError."""
    path = directory / SUITE
    try:
        write_value(path, suite)
    except OSError as error:
        raise StoreError(
            f"cannot write {str(path)!r}: {error.strerror}",
            hint="choose another folder with --runs",
        ) from error


def read_suite(directory: Path) -> SuiteRecord:
    """A suite's record. Raises StoreError."""
    path = directory / SUITE
    suite = read_value(
        path,
        SuiteRecord,
        what="the record of a suite",
        missing=f"no suite in {str(directory)!r}: {SUITE} cannot be read",
        hint="name the folder of a suite, such as runs/20260101-120000-suite-ab12",
    )
    require_known_version(path, suite, SUITE_VERSION)
    _check(directory, suite)
    return suite


def _check(directory: Path, suite: SuiteRecord) -> None:
    """Hold a suite against the records that it names. Raises StoreError."""
    wrong = ["it has no parts"] if not suite.parts else []
    keys = Counter(part.key for part in suite.parts)
    wrong += [f"{times} parts are called {key}" for key, times in keys.items() if times > 1]
    named = Counter(part.record for part in suite.parts if part.record is not None)
    wrong += [
        f"{times} parts name the record {record}" for record, times in named.items() if times > 1
    ]
    for part in suite.parts:
        words = _fault(directory, part)
        if words:
            wrong.append(f"part {part.key}: {words}")
    wrong += _unnamed(directory, suite)
    if wrong:
        told = "; ".join(shown_text(words) for words in wrong[:NAMED])
        more = f"; and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise StoreError(
            f"{directory / SUITE} is damaged: {told}{more}",
            hint="the records of its parts can be read one by one",
        )


def _unnamed(directory: Path, suite: SuiteRecord) -> list[str]:
    """Records in a suite's folder of scenarios that no part of it has: parts that were removed.

    A run that was broken off, or of which the suite did not hear, is run again: its scenario is a
    part's.
    """
    named = {part.record for part in suite.parts}
    scenarios = [part.scenario for part in suite.parts]
    found: list[str] = []
    for path in sorted(directory.iterdir()):
        if path.name in named or not is_file(path / HEADER):
            continue
        try:
            if read_header(path).scenario not in scenarios:
                found.append(f"the record {path.name} is of no part")
        except StoreError:
            continue  # what cannot be read was never a part's whole record
    return found


def _fault(directory: Path, part: SuitePart) -> str:
    """What a part says that its record does not; empty where they agree."""
    if part.record is None:
        return "" if part.status in WITHOUT_RECORD else f"it is {part.status} without a record"
    if Path(part.record).name != part.record or part.record in {".", ".."}:
        return "its record is no name of a folder"
    if part.status is not PartStatus.COMPLETE:
        return ""
    try:
        header = read_header(directory / part.record)
    except StoreError as error:
        return error.message
    if header.status is not RunStatus.COMPLETE:
        return f"it is complete, and its record is {header.status}"
    if header.run_label != part.run_label or header.scenario != part.scenario:
        return "its record is that of another run"
    return ""
