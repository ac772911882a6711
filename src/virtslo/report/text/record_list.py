"""Records as a table for a terminal: short id, time, test, target, verdict.

Invariant: the last column is the verdict, in the first words of the report's last line.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from virtslo.model.report.document import RecordLine, Report
from virtslo.report.conclusion import run_words, verdict_sentence
from virtslo.report.content import Sheet, short_id
from virtslo.report.text.console import drawn, print_sheet

if TYPE_CHECKING:
    from rich.console import Console

_TIME: Final = re.compile(r"(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})\d{2}-")
LONGEST: Final = 60


def record_list_text(lines: Sequence[RecordLine]) -> str:
    """The text."""

    def draw(console: "Console") -> None:
        print_sheet(console, record_list_sheet(lines))

    return drawn(draw).lstrip("\n")


def record_list_sheet(lines: Sequence[RecordLine]) -> Sheet:
    """A row for each record."""
    sheet = Sheet("Records", ["id", "when", "what", "on", "verdict"], is_text=True)
    for line in lines:
        found = _TIME.match(line.name)
        when = "{}-{}-{} {}:{}".format(*found.groups()) if found else "–"
        if line.report is None:
            sheet.rows.append([short_id(line.name), when, line.name, "–", line.reason])
            continue
        report = line.report
        row = [short_id(line.name), when, _what(report), _where(report), _verdict(report)]
        sheet.rows.append(row)
    sheet.notes = ["time: UTC; the whole id is the folder's name; any part of it names the record"]
    return sheet


def _what(report: Report) -> str:
    words = list(dict.fromkeys(run_words(run) for run in report.runs))
    if not words:
        return "nothing that was run"
    named = words[0] if len(words) == 1 else f"{words[0]} and {len(words) - 1} more"
    return f"{named}, {len(report.runs)} runs" if len(report.runs) > 1 else named


def _where(report: Report) -> str:
    names = {
        f"simulated, {run.environment.simulated.profile}"
        if run.environment.simulated is not None
        else f"KubeVirt {run.environment.kubevirt_version or 'unknown'}"
        for run in report.runs
    }
    return "; ".join(sorted(names)) or "–"


def _verdict(report: Report) -> str:
    """The verdict with what decided it, short: the whole reason is the report's last line."""
    words, _, reason = verdict_sentence(report).partition(": ")
    if words == "valid":
        return words
    if words == "met":
        return f"met: {len(report.verdicts)} objective{'s' if len(report.verdicts) > 1 else ''}"
    return _shortened(f"{words.lower()}: {reason.partition(':')[0]}")


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rpartition(' ')[0]} …"
