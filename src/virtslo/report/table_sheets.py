"""The three tables as sheets, with what must be known to read a rate below them.

Invariant: the rows and columns of KubeVirt PR 7120, in its order; a cell without data has a
footnote with its reason; under creation rates stands whose they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from virtslo.model.plan.trace import MIXED
from virtslo.model.report.document import Report, Tables
from virtslo.model.report.figures import Figure
from virtslo.model.vocabulary import (
    KIND_TITLES,
    MIXED_TITLE,
    OFFERED,
    REFUSED,
    TABLE_PHASES,
    TABLE_VERBS,
    TEST_TITLES,
)
from virtslo.report.content import Footnotes, Sheet, simulated_label
from virtslo.report.numbers import BOUND_MARKS, cell, measured, number

MADE_RATE: Final = "controller_made_rate"
WHOSE: Final = {OFFERED: ", an input"}
"""What a creation rate's label does not say."""
BOUNDS: Final = {
    "the time one object takes": (
        "bound by the time one object takes: objects hardly wait for one another, so that more of "
        "them would raise the rate"
    ),
    "saturated": "saturated: objects wait for one another; more would hardly raise the rate",
}
"""What bounded a throughput, in words."""


def table_sheets(report: Report, *, is_whole: bool = True) -> list[Sheet]:
    """The three tables; the second and the third once a kind.

    Not whole: only the rows of tests and the columns and tables of kinds that were run.
    """
    tables = report.tables
    kinds, tests = _titles(tables), {run.test for run in report.runs}
    known = {run.kind for run in report.runs} & set(kinds)
    if not is_whole and known:
        kinds = {kind: title for kind, title in kinds.items() if kind in known}
        tables = Tables(
            creation_rate=_rows_of(tests, tables.creation_rate),
            phase_transition_rate={
                kind: _rows_of(tests, tables.phase_transition_rate[kind]) for kind in kinds
            },
            rest_calls={kind: _rows_of(tests, tables.rest_calls[kind]) for kind in kinds},
            rest_calls_beside={
                kind: _rows_of(tests, tables.rest_calls_beside[kind]) for kind in kinds
            },
        )
    sheets = [_creation(tables.creation_rate, kinds)]
    sheets[0].notes.extend(_made(report))
    for kind, title in kinds.items():
        sheets.append(
            _by_test(
                f"Phase transition rate, {title}",
                [_heading("Phase Transition Rate", phase, first=not i)
                 for i, phase in enumerate(TABLE_PHASES)],
                tables.phase_transition_rate[kind],
            )
        )  # fmt: skip
        sheets[-1].notes.extend(_sample_sizes(tables.phase_transition_rate[kind]))
    for kind, title in kinds.items():
        sheets.append(
            _by_test(
                f"REST calls, {title}",
                [
                    _heading("K8s REST Verb", verb, first=not i)
                    for i, verb in enumerate(TABLE_VERBS)
                ],
                tables.rest_calls[kind],
            )
        )
        sheets[-1].notes.extend(_beside(tables.rest_calls_beside.get(kind, {})))
    label = simulated_label(report)
    for sheet in sheets:
        sheet.label = label
    return sheets


def _titles(tables: Tables) -> dict[str, str]:
    """The kinds of the tables with their headings; those of replays of several kinds too."""
    more = {MIXED: MIXED_TITLE} if MIXED in tables.rest_calls else {}
    return {**KIND_TITLES, **more}


def _rows_of(
    tests: AbstractSet[str], cells: Mapping[str, Mapping[str, Figure]]
) -> Mapping[str, Mapping[str, Figure]]:
    return {test: row for test, row in cells.items() if test in tests}


def _creation(cells: Mapping[str, Mapping[str, Figure]], kinds: Mapping[str, str]) -> Sheet:
    columns = [f"Creation Rate ({title})" for title in kinds.values()]
    sheet = Sheet("Creation rate", ["Test", *columns])
    notes = Footnotes()
    for test, by_kind in cells.items():
        sheet.rows.append([TEST_TITLES[test], *(notes.mark(by_kind[kind]) for kind in kinds)])
    shown = {test: {kind: row[kind] for kind in kinds} for test, row in cells.items()}
    sheet.notes = [*notes.lines(), *_whose(shown, kinds), *_sample_sizes(shown)]
    return sheet


def _whose(cells: Mapping[str, Mapping[str, Figure]], kinds: Mapping[str, str]) -> Iterator[str]:
    """Whose rates creation rates are: one that the load sets promises nothing of the system."""
    named: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for test, row in cells.items():
        for kind, figure in row.items():
            whose = (figure.detail or {}).get("whose")
            if whose is not None and figure.value is not None:
                tests, titles = named.setdefault(str(whose), ({}, {}))
                tests[TEST_TITLES[test]] = titles[kinds[kind]] = None
    for whose, (tests, titles) in named.items():
        subject = f"{' and '.join(tests)} of {', '.join(titles)}"
        yield f"{subject}: {whose}{WHOSE.get(whose, '')}"


def _made(report: Report) -> Iterator[str]:
    """How fast controllers made the VMIs of VMs and pools: no request of the run does."""
    grouped = {run for group in report.groups for run in group.runs}
    found = [
        (group.test, group.kind, item.figure)
        for group in report.groups
        for item in group.indicators
        if item.name == MADE_RATE
    ]
    found += [
        (run.test, run.kind, item.figure)
        for run in report.runs
        if run.id not in grouped
        for item in report.indicators
        if item.run == run.id and item.name == MADE_RATE
    ]
    told = [
        f"{TEST_TITLES[test]}, {KIND_TITLES.get(kind, kind)} {measured(figure)}"
        for test, kind, figure in found
    ]
    if told:
        yield f"VMIs made by controllers: {'; '.join(told)}"


def _beside(cells: Mapping[str, Mapping[str, Figure]]) -> Iterator[str]:
    """What the columns of the third table leave out, by test, where a test has it."""
    told = []
    for test, row in cells.items():
        figures = {name: figure for name, figure in row.items() if figure.value is not None}
        if figures:
            words = ", ".join(
                f"{name if name == REFUSED else name.upper()} {cell(figure)}"
                for name, figure in figures.items()
            )
            told.append(f"{TEST_TITLES[test]} {words}")
    if told:
        yield f"beside these: {'; '.join(told)}"


def _sample_sizes(cells: Mapping[str, Mapping[str, Figure]]) -> Iterator[str]:
    """How many objects each row's rates are of: one number where all are of as many."""
    sizes = []
    runs: dict[int, list[str]] = {}
    for test, row in cells.items():
        found = ["–" if item.value is None else number(item.samples) for item in row.values()]
        if any(item.value is not None for item in row.values()):
            count = max(int((item.detail or {}).get("runs", 1)) for item in row.values())
            runs.setdefault(count, []).append(TEST_TITLES[test])
            sizes.append(
                f"{TEST_TITLES[test]} {found[0] if len(set(found)) == 1 else ' / '.join(found)}"
            )
    if sizes:
        yield f"n: {', '.join(sizes)}; {_runs(runs)}"
    bound = {str((item.detail or {}).get("bound_by")) for row in cells.values() for item in
             row.values()}  # fmt: skip
    yield from (f"{BOUND_MARKS[by]} {words}" for by, words in BOUNDS.items() if by in bound)


def _runs(tests_by_runs: Mapping[int, Sequence[str]]) -> str:
    """Of how many runs rates are; one run has no interval."""
    words = {1: "of one run, without an interval", 2: "over 2 runs, too few for an interval"}
    found = {count: words.get(count, f"over {count} runs") for count in sorted(tests_by_runs)}
    if len(found) == 1:
        return next(iter(found.values()))
    return ", ".join(
        f"{' and '.join(tests_by_runs[count])} {text}" for count, text in found.items()
    )


def _by_test(
    title: str, columns: Sequence[str], cells: Mapping[str, Mapping[str, Figure]]
) -> Sheet:
    sheet = Sheet(title, ["Test", *columns])
    notes = Footnotes()
    for test, by_column in cells.items():
        sheet.rows.append(
            [TEST_TITLES[test], *(notes.mark(figure) for figure in by_column.values())]
        )
    sheet.notes = notes.lines()
    return sheet


def _heading(title: str, column: str, *, first: bool) -> str:
    return f"{title} ({column})" if first else f"({column})"
