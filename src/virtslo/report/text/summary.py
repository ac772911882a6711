"""The tables of runs on a terminal, what is needed to judge them, and what they come to.

Invariant: every finding that makes a figure inconclusive and every objective that is not met is
listed; what is left out is named with the command that shows it; the last line is the verdict.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.figures import Figure
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.findings import Finding
from virtslo.report.content import (
    Footnotes,
    Sheet,
    environment_lines,
    is_of_several,
    run_title,
    seed_range,
)
from virtslo.report.definitions import conditions, table_definitions
from virtslo.report.headline import GONE, Subject, headline_sheets, subjects_of
from virtslo.report.numbers import NO_DATA, amount, measured, number
from virtslo.report.table_sheets import table_sheets
from virtslo.report.text.console import UNFOLDED, drawn, print_lines, print_sheet
from virtslo.report.text.terminal import DEFINITIONS, PROMISE, print_end
from virtslo.report.verdicts import objectives_title, unjudged_lines, verdict_line

if TYPE_CHECKING:
    from rich.console import Console

NAMED: Final = 3
"""How many figures or runs a line names before it says how many more."""
ALIKE: Final = 6
"""Number of findings of one code that are listed."""
_NOTE: Final = "gone: from the release of the delete to the VMI being gone"


@dataclass(frozen=True, slots=True)
class Summary:
    """Renders the three tables and a row a run for a terminal, in colour where there is one."""

    is_whole: bool = False
    """Whether the three tables are whole where one test of one kind was run."""

    def render(self, report: Report) -> str:
        """The text."""
        return drawn(lambda console: _print(console, report, is_whole=self.is_whole))


def _print(console: "Console", report: Report, *, is_whole: bool) -> None:
    shows_all = is_whole or is_of_several(report)
    for sheet in [*headline_sheets(report), *table_sheets(report, is_whole=shows_all)]:
        print_sheet(console, sheet)
    print_lines(console, DEFINITIONS, table_definitions(report, is_whole=shows_all))
    print_lines(console, "Environment", _environment(report))
    print_lines(console, PROMISE, conditions(report))
    print_lines(console, objectives_title(report), objective_lines(report))
    sheet = run_sheet(report)
    if console.width >= UNFOLDED:
        print_sheet(console, sheet)
    else:
        print_lines(console, sheet.title, [*_as_lines(sheet), *sheet.notes])
    print_lines(console, "Data quality", list(grouped_findings(report)) or ["no finding"])
    print_lines(console, "Records", _records(report))
    print_end(console, report)


def run_sheet(report: Report) -> Sheet:
    """A row for each run, or for all repetitions of a test and kind: what it came to."""
    judged = any(run.objectives for run in report.runs)
    columns = ["Test", "runs", "seeds", "gone P50"]
    sheet = Sheet("Runs", [*columns, *(["objectives met"] if judged else []), "result"])
    notes = Footnotes()
    for subject in subjects_of(report):
        ids = {run.id for run in subject.runs}
        seeds = sorted(
            {
                run.environment.simulated.seed
                for run in subject.runs
                if run.environment.simulated is not None
            }
        )
        cells = [number(len(subject.runs)), seed_range(seeds) or "–"]
        cells.append(_cell(subject.figures.get(GONE), notes))
        if judged:
            cells.append(_met([item for item in report.verdicts if item.run in ids]))
        sheet.rows.append([subject.title, *cells, _result(report, subject)])
    sheet.notes = [*notes.lines(), _NOTE]
    return sheet


def _as_lines(sheet: Sheet) -> Iterator[str]:
    """A table's rows as sentences, for where it is too narrow for a table."""
    for first, *cells in sheet.rows:
        told = zip(sheet.columns[1:], cells, strict=True)
        yield f"{first}: {', '.join(f'{column} {cell}' for column, cell in told)}"


def objective_lines(report: Report) -> Iterator[str]:
    """Objectives that are not met, a line each; then those that are, all runs in one line."""
    several = len(report.runs) > 1
    rank = {Outcome.VIOLATED: 0, Outcome.INCONCLUSIVE: 1}
    missed = [item for item in report.verdicts if item.verdict is not Outcome.MET]
    titles = {run.id: subject.title for subject in subjects_of(report) for run in subject.runs}
    for item in sorted(missed, key=lambda item: rank[item.verdict]):
        yield verdict_line(item, titles[item.run] if several else "")
    met: dict[str, list[Verdict]] = {}
    for item in report.verdicts:
        if item.verdict is Outcome.MET:
            met.setdefault(item.objective, []).append(item)
    for name, items in met.items():
        judged = sum(item.objective == name for item in report.verdicts)
        tests = f" in {len(items)} of {judged} tests" if judged > 1 else ""
        yield f"met{tests} ({items[0].basis}): {name}: {_extent(items)}"
    yield from unjudged_lines(report)


def grouped_findings(report: Report) -> Iterator[str]:
    """Every finding once, with the runs that have it; those that spoil a run first."""
    runs_of: dict[Finding, list[str]] = {}
    for item in report.findings:
        runs_of.setdefault(item.finding, []).append(item.run)
    told: dict[str, int] = {}
    for finding in sorted(runs_of, key=lambda finding: not finding.inconclusive):
        told[finding.code] = told.get(finding.code, 0) + 1
        if finding.inconclusive or told[finding.code] <= ALIKE:
            yield _finding(report, finding, runs_of[finding])
    for code, count in told.items():
        hidden = [item for item in runs_of if item.code == code and not item.inconclusive]
        if count > ALIKE and hidden:
            yield f"note: {code}: {count} findings; virtslo report shows them all"


def _finding(report: Report, finding: Finding, runs: Sequence[str]) -> str:
    where = ""
    titles = {run.id: run_title(report, run) for run in report.runs}
    if len({*titles, *runs}) > 1:
        names = [titles.get(run, run) for run in runs]
        where = " (every run)" if set(titles) == set(runs) else f" ({_some(names, '; ')})"
    mark = "INCONCLUSIVE" if finding.inconclusive else "note"
    touches = f" [touches: {_some(finding.touches)}]" if finding.touches else ""
    return f"{mark}: {finding.code}{where}: {finding.detail}{touches}"


def _environment(report: Report) -> Iterator[str]:
    """What identifies cluster and load, what all runs share once."""
    lines_of = {run.id: [f"count: {number(run.count)}", *_of_cluster(run)] for run in report.runs}
    first = lines_of[report.runs[0].id] if report.runs else []
    shared = [line for line in first if all(line in lines for lines in lines_of.values())]
    yield from shared
    for subject in subjects_of(report):
        told: dict[str, None] = {}
        for run in subject.runs:
            told.update(dict.fromkeys(line for line in lines_of[run.id] if line not in shared))
        for line in told:
            yield f"{subject.title}: {line}"


def _of_cluster(run: RunSummary) -> Iterator[str]:
    """What identifies cluster and load, without what other sections tell."""
    for line in environment_lines(run):
        if not line.startswith(("test: ", "record: ", "ceiling: ", "seed: ")):
            yield line


def _records(report: Report) -> Iterator[str]:
    parents = {str(PurePath(run.directory).parent) for run in report.runs}
    if len(parents) == 1 and len(report.runs) > 1:
        (parent,) = parents
        yield f"in {parent}"
        for subject in subjects_of(report):
            names = ", ".join(_record(run) for run in subject.runs)
            yield f"{subject.title}: {names}"
        yield f"everything about a run: virtslo report {parent}/NAME"
    else:
        for run in report.runs:
            yield f"{run_title(report, run)}: {run.directory} ({run.status})"
        yield "everything about a run: virtslo report RECORD"


def _record(run: RunSummary) -> str:
    status = "" if run.status == "complete" else f" ({run.status})"
    return f"{PurePath(run.directory).name}{status}"


def _cell(figure: Figure | None, notes: Footnotes) -> str:
    if figure is None:
        return "–"
    text = measured(figure)
    return notes.mark(figure) if text == NO_DATA else text


def _met(verdicts: Sequence[Verdict]) -> str:
    met = sum(item.verdict is Outcome.MET for item in verdicts)
    return f"{met} of {len(verdicts)}" if verdicts else "not judged"


def _result(report: Report, subject: Subject) -> str:
    """Whether its figures can be relied on; of several runs, how many spoil them."""
    ids = {run.id for run in subject.runs}
    spoilt = {item.run for item in report.findings if item.finding.inconclusive} & ids
    if not spoilt:
        return "valid"
    return "INCONCLUSIVE" if len(ids) == 1 else f"INCONCLUSIVE ({len(spoilt)} of {len(ids)} runs)"


def _extent(items: Sequence[Verdict]) -> str:
    """The values that met an objective, and its bound."""
    values = sorted(item.value for item in items if item.value is not None)
    first = items[0]
    sign = "at least" if first.is_least else "at most"
    bounds = sorted({item.bound for item in items})
    bound = " to ".join(amount(each, first.unit) for each in _ends(bounds))
    if not values:
        return f"{sign} {bound}"
    extent = " to ".join(amount(each, first.unit) for each in _ends(values))
    without = len(items) - len(values)
    beside = f" ({without} by their worst sample)" if without else ""
    return f"{extent}{beside}, {sign} {bound}"


def _ends(values: Sequence[float]) -> list[float]:
    return [values[0]] if values[0] == values[-1] else [values[0], values[-1]]


def _some(names: Sequence[str], separator: str = ", ") -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return separator.join(names[:NAMED]) + more
