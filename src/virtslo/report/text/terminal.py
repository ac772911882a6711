"""A report for the terminal, with everything that a record says.

Invariant: it says what Markdown says.
"""

from typing import TYPE_CHECKING, Final

from virtslo.model.report import Report
from virtslo.report.call_sheets import call_sheets
from virtslo.report.content import (
    PROMISES,
    TABLE_DEFINITIONS,
    environment_sections,
    finding_lines,
    latency_sheets,
    simulated_label,
    single_sections,
    table_sheets,
    time_lines,
    validity_line,
)
from virtslo.report.headline import headline_sheets
from virtslo.report.text.console import drawn, print_lines, print_sheet
from virtslo.report.text.sparklines import over_time
from virtslo.report.verdicts import objectives_title, verdict_lines

if TYPE_CHECKING:
    from rich.console import Console

DEFINITIONS: Final = "Definitions of the three tables"
PROMISE: Final = "You promise, we promise: these figures hold where"


class Terminal:
    """Renders text for a terminal, in colour where there is one."""

    def render(self, report: Report) -> str:
        """The text."""
        return drawn(lambda console: _print(console, report))


def print_end(console: "Console", report: Report) -> None:
    """The last lines: that the figures are simulated, and whether they can be relied on."""
    label = simulated_label(report)
    console.print()
    if label:
        console.print(f"Every figure here is from a {label}.")
    console.print(validity_line(report), style="bold green" if report.valid else "bold red")


def _print(console: "Console", report: Report) -> None:
    for sheet in [*headline_sheets(report), *table_sheets(report), *latency_sheets(report),
                  *call_sheets(report)]:  # fmt: skip
        print_sheet(console, sheet)
    for run, detail in zip(report.runs, report.details, strict=False):
        print_lines(console, f"Over time, {run.id}", over_time(detail, console.width))
    print_lines(console, "Where the time goes", time_lines(report))
    sections = [*single_sections(report), *environment_sections(report)]
    for title, lines in sections:
        print_lines(console, title, lines)
    print_lines(console, DEFINITIONS, TABLE_DEFINITIONS)
    print_lines(console, PROMISE, PROMISES)
    print_lines(console, "Data quality", list(finding_lines(report)) or ["no finding"])
    print_lines(console, objectives_title(report), verdict_lines(report))
    print_end(console, report)
