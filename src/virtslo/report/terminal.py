"""A report for the terminal.

Invariant: where there is no terminal it is plain text of a fixed width; it says what Markdown says.
"""

import io
import shutil
import sys
from typing import TYPE_CHECKING, Final

from virtslo.model.report import Report
from virtslo.report.call_sheets import call_sheets
from virtslo.report.content import (
    PROMISES,
    TABLE_DEFINITIONS,
    Sheet,
    environment_sections,
    finding_lines,
    latency_sheets,
    simulated_label,
    single_sections,
    table_sheets,
    time_lines,
    validity_line,
)
from virtslo.report.sparklines import over_time
from virtslo.report.verdicts import objectives_title, verdict_lines

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH: Final = 110


class Terminal:
    """Renders text for a terminal, in colour where there is one."""

    def render(self, report: Report) -> str:
        """The text."""
        from rich.console import Console

        is_terminal = sys.stdout.isatty()
        width = max(80, shutil.get_terminal_size().columns) if is_terminal else PLAIN_WIDTH
        console = Console(
            file=io.StringIO(),
            force_terminal=is_terminal,
            width=width,
            highlight=False,
            markup=False,
            emoji=False,
        )
        _print(console, report)
        assert isinstance(console.file, io.StringIO)
        text = console.file.getvalue()
        return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _print(console: "Console", report: Report) -> None:
    for sheet in [*table_sheets(report), *latency_sheets(report), *call_sheets(report)]:
        _print_sheet(console, sheet)
    for run, detail in zip(report.runs, report.details, strict=False):
        _print_lines(console, f"Over time, {run.id}", over_time(detail))
    _print_lines(console, "Where the time goes", list(time_lines(report)))
    sections = [*single_sections(report), *environment_sections(report)]
    for title, lines in sections:
        _print_lines(console, title, lines)
    _print_lines(console, "Definitions of the three tables", list(TABLE_DEFINITIONS))
    _print_lines(console, "You promise, we promise: these figures hold where", list(PROMISES))
    _print_lines(console, "Data quality", list(finding_lines(report)) or ["no finding"])
    _print_lines(console, objectives_title(report), list(verdict_lines(report)))
    style = "bold green" if report.valid else "bold red"
    label = simulated_label(report)
    console.print()
    if label:
        console.print(f"Every figure here is from a {label}.")
    console.print(validity_line(report), style=style)


def _print_sheet(console: "Console", sheet: Sheet) -> None:
    from rich import box
    from rich.table import Table

    title = f"{sheet.title} ({sheet.label})" if sheet.label else sheet.title
    console.print()
    console.print(title, style="bold")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, column in enumerate(sheet.columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    for row in sheet.rows:
        table.add_row(*row)
    console.print(table)
    for note in sheet.notes:
        console.print(f"  {note}", style="dim")


def _print_lines(console: "Console", title: str, lines: list[str]) -> None:
    if not lines:
        return
    console.print()
    console.print(title, style="bold")
    for line in lines:
        console.print(f"  {line}", soft_wrap=True)
