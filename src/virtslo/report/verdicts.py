"""Verdicts as every format for people words them: whose objectives judged, and what came of it.

Invariant: a run that objectives were given for is never passed over: where none of them is about
it, that is said.
"""

from collections.abc import Iterator

from virtslo.model.report.document import Report
from virtslo.model.report.verdicts import Verdict
from virtslo.model.vocabulary import KIND_TITLES, TEST_TITLES
from virtslo.report.content import Sheet
from virtslo.report.numbers import amount, margin_of, number, value_of


def objectives_title(report: Report) -> str:
    """A heading that names the objectives that judged."""
    names = sorted({run.objectives for run in report.runs if run.objectives})
    return f"Objectives ({', '.join(names)}), we promise" if names else "Objectives"


def verdict_lines(report: Report) -> Iterator[str]:
    """Every verdict, a line each, and the runs that no objective is about."""
    several = len(report.runs) > 1
    for verdict in report.verdicts:
        yield verdict_line(verdict, _subject(report, verdict) if several else "")
    yield from unjudged_lines(report)


def _subject(report: Report, verdict: Verdict) -> str:
    """The run, or the repetitions, that a verdict is about."""
    if len(verdict.runs) < 2:
        return verdict.run
    first = next(run for run in report.runs if run.id == verdict.run)
    return f"{TEST_TITLES[first.test]}, {KIND_TITLES.get(first.kind, first.kind)}"


def verdict_line(verdict: Verdict, run: str = "") -> str:
    """One verdict, with the run it is about where that must be said."""
    sign = "at least" if verdict.is_least else "at most"
    where = f" ({run})" if run else ""
    why = f": {verdict.reason}" if verdict.reason else ""
    bound = amount(verdict.bound, verdict.unit)
    return (
        f"{verdict.verdict.value} ({verdict.basis}): {verdict.objective}{where}: "
        f"{value_of(verdict)}, {sign} {bound}{margin_of(verdict)}{why}"
    )


def unjudged_lines(report: Report) -> Iterator[str]:
    """The runs that none of their objectives is about, a line each."""
    judged = {run for verdict in report.verdicts for run in verdict.runs}
    for run in report.runs:
        if run.objectives and run.id not in judged:
            what = f"{TEST_TITLES[run.test]} of {KIND_TITLES.get(run.kind, run.kind)}"
            yield f"not judged: no objective of {run.objectives} is about {what} ({run.id})"


def verdict_sheet(report: Report) -> Sheet:
    """Every verdict, a row each."""
    several = len(report.runs) > 1
    columns = ["Verdict", *(["of"] if several else []), "Objective", "value", "bound", "margin"]
    sheet = Sheet(objectives_title(report), [*columns, "why"])
    for item in report.verdicts:
        sheet.rows.append(
            [
                f"{item.verdict.value} ({item.basis})",
                *([_subject(report, item)] if several else []),
                item.objective,
                value_of(item),
                f"{'≥' if item.is_least else '≤'} {amount(item.bound, item.unit)}",
                "–" if item.margin is None else f"{number(round(100 * item.margin))} %",
                item.reason or "",
            ]
        )
    sheet.notes = list(unjudged_lines(report))
    return sheet
