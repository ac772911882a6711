"""Verdicts as every format for people words them: whose objectives judged, and what came of it.

Invariant: a run that objectives were given for is never passed over: where none of them is about
it, that is said.
"""

from collections.abc import Iterator

from virtslo.model.report import Report
from virtslo.model.verdicts import Verdict
from virtslo.model.vocabulary import KIND_TITLES, TEST_TITLES
from virtslo.report.content import Sheet, run_title
from virtslo.report.numbers import amount, number


def objectives_title(report: Report) -> str:
    """A heading that names the objectives that judged."""
    names = sorted({run.objectives for run in report.runs if run.objectives})
    return f"Objectives ({', '.join(names)})" if names else "Objectives"


def verdict_lines(report: Report) -> Iterator[str]:
    """Every verdict, a line each, and the runs that no objective is about."""
    several = len(report.runs) > 1
    for verdict in report.verdicts:
        yield verdict_line(verdict, verdict.run if several else "")
    yield from unjudged_lines(report)


def verdict_line(verdict: Verdict, run: str = "") -> str:
    """One verdict, with the run it is about where that must be said."""
    sign = "at least" if verdict.is_least else "at most"
    value = "no data" if verdict.value is None else amount(verdict.value, verdict.unit)
    where = f" ({run})" if run else ""
    why = f": {verdict.reason}" if verdict.reason else ""
    bound = amount(verdict.bound, verdict.unit)
    return f"{verdict.verdict.value}: {verdict.objective}{where}: {value}, {sign} {bound}{why}"


def unjudged_lines(report: Report) -> Iterator[str]:
    """The runs that none of their objectives is about, a line each."""
    judged = {verdict.run for verdict in report.verdicts}
    for run in report.runs:
        if run.objectives and run.id not in judged:
            what = f"{TEST_TITLES[run.test]} of {KIND_TITLES.get(run.kind, run.kind)}"
            yield f"not judged: no objective of {run.objectives} is about {what} ({run.id})"


def verdict_sheet(report: Report) -> Sheet:
    """Every verdict, a row each."""
    several = len(report.runs) > 1
    columns = ["Verdict", *(["run"] if several else []), "Objective", "value", "bound", "unit"]
    sheet = Sheet(objectives_title(report), [*columns, "why"])
    titles = {run.id: run_title(report, run) for run in report.runs}
    for item in report.verdicts:
        sheet.rows.append(
            [
                item.verdict.value,
                *([titles[item.run]] if several else []),
                item.objective,
                number(item.value),
                f"{'≥' if item.is_least else '≤'} {number(item.bound)}",
                item.unit,
                item.reason or "",
            ]
        )
    sheet.notes = list(unjudged_lines(report))
    return sheet
