"""The records of a folder as a list: id, test, target, time, verdict.

Invariant: a verdict is computed from the record, never taken from elsewhere; a record that cannot
be read is listed with the reason.
"""

from pathlib import Path

from virtslo.app.build_report import build_report
from virtslo.base.errors import StoreError
from virtslo.base.plain_text import shown_text
from virtslo.cli.printing import say, show
from virtslo.cli.record_names import records_under
from virtslo.cli.records import read_runs
from virtslo.cli.rendering import render_list
from virtslo.model.report.document import RecordLine


def print_records(root: Path, limit: int) -> int:
    """Print the newest records of a folder."""
    found = records_under(root)
    if not found:
        say(f"no records under {shown_text(str(root))}", err=True)
        return 0
    lines = [record_line(folder) for folder in reversed(found[-limit:])]
    show(render_list(lines))
    if len(found) > limit:
        say(f"{len(found) - limit} older ones: --limit {len(found)}", err=True)
    return 0


def record_line(folder: Path) -> RecordLine:
    """What is said of one record."""
    try:
        records, suites = read_runs([folder])
        report = build_report(records, suites=suites)
    except StoreError as error:
        return RecordLine(folder.name, reason=error.message)
    return RecordLine(folder.name, report=report)
