"""A report for the terminal, with everything that a record says.

Invariant: it says what Markdown says.
"""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from virtslo.base.plain_text import report_text
from virtslo.model.report.document import Report
from virtslo.report.call_sheets import call_sheets
from virtslo.report.conclusion import MET, conclusion_lines
from virtslo.report.content import (
    environment_sections,
    finding_lines,
    is_of_several,
    latency_sheets,
    single_sections,
    time_lines,
)
from virtslo.report.definitions import conditions, table_definitions
from virtslo.report.headline import headline_sheets
from virtslo.report.table_sheets import table_sheets
from virtslo.report.text.console import drawn, plain, print_lines, print_sheet
from virtslo.report.text.sparklines import over_time
from virtslo.report.verdicts import objectives_title, verdict_lines

if TYPE_CHECKING:
    from rich.console import Console

DEFINITIONS: Final = "Definitions of the three tables"
PROMISE: Final = "You promise, we promise: these figures hold where"


@dataclass(frozen=True, slots=True)
class Terminal:
    """Renders text for a terminal, in colour where there is one."""

    is_whole: bool = False
    """Whether the three tables are whole where one test of one kind was run."""

    def render(self, report: Report) -> str:
        """The text."""
        return drawn(lambda console: _print(console, report, is_whole=self.is_whole))


class ConclusionLines:
    """Renders the last lines alone."""

    def render(self, report: Report) -> str:
        """The text."""
        if not sys.stdout.isatty():
            return plain(conclusion_lines(report))
        return drawn(lambda console: print_end(console, report)).lstrip("\n")


def print_end(console: "Console", report: Report) -> None:
    """The last lines, at most six: what was run, what it came to, and the verdict."""
    console.print()
    *lines, verdict = conclusion_lines(report)
    for line in lines:
        console.print(report_text(line), soft_wrap=not console.is_terminal)
    style = "bold green" if report.exit_code == MET else "bold red"
    console.print(report_text(verdict), style=style, soft_wrap=not console.is_terminal)


def _print(console: "Console", report: Report, *, is_whole: bool) -> None:
    tables = table_sheets(report, is_whole=is_whole or is_of_several(report))
    for sheet in [*headline_sheets(report), *tables, *latency_sheets(report),
                  *call_sheets(report)]:  # fmt: skip
        print_sheet(console, sheet)
    for run, detail in zip(report.runs, report.details, strict=False):
        print_lines(console, f"Over time, {run.id}", over_time(detail, console.width))
    print_lines(console, "Where the time goes", time_lines(report))
    sections = [*single_sections(report), *environment_sections(report)]
    for title, lines in sections:
        print_lines(console, title, lines)
    print_lines(console, DEFINITIONS, table_definitions(report, is_whole=True))
    print_lines(console, PROMISE, conditions(report))
    print_lines(console, objectives_title(report), verdict_lines(report))
    print_lines(console, "Data quality", list(finding_lines(report)) or ["no finding"])
    print_end(console, report)
