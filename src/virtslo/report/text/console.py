"""Text for a terminal: tables and lines as wide as the terminal is.

Invariant: where there is no terminal it is plain text without colours, as wide as `COLUMNS` says or
else of a fixed width; a line is then as long as it is, so that it can be found and copied whole.
"""

import io
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from virtslo.base.plain_text import report_text
from virtslo.base.terminal import terminal_environment
from virtslo.report.content import Sheet

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH: Final = 110
LEAST_WIDTH: Final = 40
UNFOLDED: Final = 100
"""From this width on the names in a table's first column are not folded."""
NARROW: Final = 80
"""Below this width columns stand closer together."""
_THOUSANDS: Final = re.compile(r"(?<=\d) (?=\d{3})")
_KEPT: Final = "\ue000"
"""Stands for a blank inside a number while lines are broken: they are not broken there."""
_STYLES: Final = (("violated", "red"), ("INCONCLUSIVE", "red"), ("inconclusive", "yellow"))


def drawn(draw: "Callable[[Console], None]") -> str:
    """What is drawn on a console, as text without blanks at the ends of lines."""
    from rich.console import Console

    is_terminal = sys.stdout.isatty()
    console = Console(
        file=io.StringIO(),
        force_terminal=is_terminal,
        width=_width(is_terminal=is_terminal),
        highlight=False,
        markup=False,
        emoji=False,
        _environ=terminal_environment(),
    )
    draw(console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue().replace(_KEPT, " ")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def plain(lines: Iterable[str]) -> str:
    """Lines as they are drawn where there is no terminal: as they are, which takes no library."""
    return "".join(f"{report_text(line).rstrip()}\n" for line in lines)


def print_sheet(console: "Console", sheet: Sheet) -> None:
    """A table with its title before it and its footnotes after it."""
    from rich import box
    from rich.table import Table

    console.print()
    title = f"{sheet.title}, {sheet.label}" if sheet.label else sheet.title
    console.print(report_text(title), style="bold")
    padding = (0, 1) if console.width >= NARROW else (0, 0)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=padding)
    for index, column in enumerate(sheet.columns):
        table.add_column(
            report_text(column),
            justify="left" if index == 0 or sheet.is_text else "right",
            overflow="fold",
            no_wrap=index == 0 and console.width >= UNFOLDED,
            max_width=_longest_word(sheet) if index == 0 and console.width < NARROW else None,
        )
    for row in sheet.rows:
        table.add_row(*(_THOUSANDS.sub(_KEPT, report_text(cell)) for cell in row))
    console.print(table)
    for note in sheet.notes:
        _print_line(console, note, style="dim")


def print_lines(console: "Console", title: str, lines: Iterable[str]) -> None:
    """A section of lines under its title; nothing at all where there are no lines."""
    lines = list(lines)
    if not lines:
        return
    console.print()
    console.print(report_text(title), style="bold")
    for line in lines:
        style = next((style for start, style in _STYLES if line.startswith(start)), None)
        _print_line(console, line, style=style)


def _longest_word(sheet: Sheet) -> int:
    """How wide a table's first column must be for its words to be whole."""
    names = [sheet.columns[0], *(row[0] for row in sheet.rows)]
    return max(len(word) for name in names for word in name.split())


def _print_line(console: "Console", line: str, *, style: str | None) -> None:
    line = report_text(line)
    if console.is_terminal or "COLUMNS" in terminal_environment():
        line = textwrap.fill(
            line,
            console.width,
            initial_indent="  ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    else:
        line = f"  {line}"
    console.print(line, soft_wrap=True, style=style)


def _width(*, is_terminal: bool) -> int:
    told = terminal_environment().get("COLUMNS")
    if told is not None:
        return max(LEAST_WIDTH, int(told))
    if not is_terminal:
        return PLAIN_WIDTH
    try:  # not shutil's, which takes COLUMNS whatever it says
        return max(LEAST_WIDTH, os.get_terminal_size().columns or PLAIN_WIDTH)
    except OSError:
        return PLAIN_WIDTH
