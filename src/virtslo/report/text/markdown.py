"""A report as GitHub Markdown.

Invariant: it renders on GitHub as it is; what came from outside is escaped.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from virtslo.model.report.document import Report
from virtslo.report.call_sheets import call_sheets
from virtslo.report.conclusion import conclusion_lines
from virtslo.report.content import (
    Sheet,
    environment_sections,
    finding_lines,
    is_of_several,
    latency_sheets,
    single_sections,
    time_lines,
)
from virtslo.report.definitions import conditions, table_definitions
from virtslo.report.headline import headline_sheets
from virtslo.report.markdown_text import escape, markdown_row, plain
from virtslo.report.table_sheets import table_sheets
from virtslo.report.verdicts import objectives_title, verdict_lines


@dataclass(frozen=True, slots=True)
class Markdown:
    """Renders Markdown."""

    is_whole: bool = False
    """Whether the three tables are whole where one test of one kind was run."""

    def render(self, report: Report) -> str:
        """The document."""
        parts: list[str] = ["# virtslo report", ""]
        *lines, verdict = conclusion_lines(report)
        parts += [f"**{escape(verdict)}**", "", *_bullets(lines), ""]
        tables = table_sheets(report, is_whole=self.is_whole or is_of_several(report))
        for sheet in [*headline_sheets(report), *tables]:
            parts += _sheet(sheet)
        for sheet in [*latency_sheets(report), *call_sheets(report)]:
            parts += _sheet(sheet)
        parts += ["## Where the time goes", "", *_bullets(time_lines(report), "no data"), ""]
        for title, lines in single_sections(report):
            parts += [f"## {title}", "", *_bullets(lines), ""]
        parts += ["## Data quality", "", *_bullets(finding_lines(report), "no finding"), ""]
        parts += ["## You promise, we promise", "", "These figures hold where", ""]
        parts += [*_bullets(conditions(report)), ""]
        judged = _bullets(verdict_lines(report))
        if judged:
            parts += [f"## {escape(objectives_title(report))}", "", *judged, ""]
        for title, lines in environment_sections(report):
            parts += [f"## {escape(title)}", "", *_bullets(lines), ""]
        parts += ["## Definitions", "", *_bullets(table_definitions(report, is_whole=True))]
        parts += _bullets(f"`{item.name}`: {item.text}" for item in report.definitions.values())
        return "\n".join(parts) + "\n"


def _sheet(sheet: Sheet) -> list[str]:
    label = f" ({escape(sheet.label)})" if sheet.label else ""
    lines = [f"## {plain(sheet.title)}{label}", ""]
    lines.append(markdown_row(sheet.columns))
    lines.append(markdown_row(["---"] * len(sheet.columns)))
    lines += [markdown_row(row) for row in sheet.rows]
    lines.append("")
    lines += [f"{note}  " for note in map(plain, sheet.notes)]
    if sheet.notes:
        lines.append("")
    return lines


def _bullets(lines: Iterable[str], nothing: str = "") -> list[str]:
    found = [f"- {plain(line)}" for line in lines]
    return found or ([nothing] if nothing else [])
