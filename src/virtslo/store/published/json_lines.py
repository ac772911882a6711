"""Results one run a line: `{"job": …, "run_id": …, "results": {…}}`, plain or gzipped.

Invariant: a line that cannot be read costs that line alone; a file that is cut off gives what is
whole before the cut.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any, Final

from virtslo.base.limits import PUBLISHED_LINE, PUBLISHED_LINES
from virtslo.model.history.runs import HistoryRun, OddInput
from virtslo.store.published.kubevirt_ci import read_result
from virtslo.store.published.sources import Source
from virtslo.store.published.strict_json import Unreadable, parse, short

_GZIP: Final = b"\x1f\x8b"


def read_lines(source: Source) -> Iterator[HistoryRun | OddInput]:
    """The run of each line, and what is odd."""
    for number, line in _lines(source):
        place = f"{source.name}:{number}"
        if isinstance(line, str):
            yield OddInput(place, line)
            continue
        if not line.strip():
            continue
        try:
            document, odd = parse(line)
        except Unreadable as error:
            yield OddInput(place, str(error))
            continue
        yield from (OddInput(place, words, is_lost=False) for words in odd)
        yield from _read(document, place)


def _read(document: Any, place: str) -> Iterator[HistoryRun | OddInput]:
    if not isinstance(document, dict):
        yield OddInput(place, f"expected an object, found {short(document)}")
        return
    job, run_id, results = (document.get(key) for key in ("job", "run_id", "results"))
    if isinstance(run_id, float):
        yield OddInput(place, "run_id is a floating-point number: ids exceed what it holds")
        return
    if isinstance(run_id, int) and not isinstance(run_id, bool):
        run_id = str(run_id)
    if not (isinstance(job, str) and job and isinstance(run_id, str) and run_id):
        yield OddInput(place, "expected job and run_id as texts")
        return
    if not isinstance(results, dict):
        yield OddInput(place, f"results: expected an object, found {short(results)}")
        return
    run, odd = read_result(results, job=job, run_id=run_id, origin=place)
    yield from odd
    if run is not None:
        yield run


def _lines(source: Source) -> Iterator[tuple[int, bytes | str]]:
    """Numbered lines; a text in a line's stead says why there are no more."""
    raw: Any = io.BytesIO(source.data)
    file = gzip.GzipFile(fileobj=raw) if source.data.startswith(_GZIP) else raw
    number, total = 0, 0
    while True:
        number += 1
        try:
            line = file.readline(PUBLISHED_LINE.most + 1)
        except (OSError, EOFError, zlib.error) as error:
            yield number, f"the gzip stream is cut off or broken: {error}"
            return
        if not line:
            return
        total += len(line)
        if len(line) > PUBLISHED_LINE.most or total > PUBLISHED_LINES.most:
            yield number, "a line longer, or a file larger, than is read"
            return
        yield number, line
