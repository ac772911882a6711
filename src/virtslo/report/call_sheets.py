"""What every format for people shows of calls: by verb and resource, by source, and by component.

Invariant: a table that holds no number is not shown; no data is written as such, never as 0.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from virtslo.model.kubernetes.components import COUNTED_COMPONENTS
from virtslo.model.report.document import Report, SourceComparison
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import Section
from virtslo.model.vocabulary import COUNTED_RESOURCES, WATCH
from virtslo.report.content import Sheet
from virtslo.report.numbers import NO_DATA, number, seconds

USED: Final = ("value", "per_object", "before", "peak", "after")
"""Statistics of processor time, then of memory, in the order of their columns."""


def call_sheets(report: Report) -> list[Sheet]:
    """The tables of calls and of what components use."""
    runs = [run.id for run in report.runs]
    sheets: list[Sheet] = []
    for run in runs:
        title = f" of {run}" if len(runs) > 1 else ""
        sheets += [
            sheet
            for sheet in (
                _by_resource(report, run, title),
                _others(report, run, title),
                _usage(report, run, title),
            )
            if sheet.rows
        ]
        sheets += [_sources(item, title) for item in report.sources if item.run == run]
    return sheets


def _by_resource(report: Report, run: str, title: str) -> Sheet:
    sheet = Sheet(
        f"REST calls by resource{title}", ["Verb", "Resource", "requests", "for each VMI", "source"]
    )
    each: dict[str, Figure] = {}
    whole: dict[str, Figure] = {}
    for item in report.indicators:
        if item.run == run and report.definitions[item.name].section is Section.CALLS:
            (each if item.statistic == "per_object" else whole)[item.name] = item.figure
    for name, figure in whole.items():
        if not figure.value:
            continue
        verb, resource = report.definitions[name].labels
        sheet.rows.append(
            [
                verb,
                resource,
                number(figure.value),
                number(each[name].value),
                figure.source,
            ]
        )
    return sheet


def _others(report: Report, run: str, title: str) -> Sheet:
    """What the cells leave out: calls on other resources, watches, and refused ones, by code."""
    sheet = Sheet(
        f"Other REST calls of the same components{title}",
        ["Verb", "Resource", "answered", "requests"],
        notes=["not in the tables: other resources, watches, and calls that were refused"],
    )
    counts: Counter[tuple[str, str, str]] = Counter()
    for detail in report.details:
        for row in detail.rest_calls if detail.run == run else ():
            is_in_a_cell = (
                row.resource in COUNTED_RESOURCES and row.verb != WATCH and row.code.startswith("2")
            )
            if row.stage == detail.measured_stage and row.component in COUNTED_COMPONENTS:
                counts[row.verb, row.resource, row.code] += 0 if is_in_a_cell else row.count
    sheet.rows = [[*key, number(count)] for key, count in sorted(counts.items()) if count]
    return sheet


def _usage(report: Report, run: str, title: str) -> Sheet:
    columns = ["Component", "processor", "for each VMI", "memory before", "peak of reads", "after"]
    sheet = Sheet(f"What components use{title}", columns)
    found: dict[tuple[str, str], Figure] = {}
    for item in report.indicators:
        definition = report.definitions[item.name]
        if item.run == run and definition.section is Section.USAGE:
            (component,) = definition.labels
            found[component, item.statistic] = item.figure
    for component in COUNTED_COMPONENTS:
        figures = [found.get((component, statistic)) for statistic in USED]
        if any(figure is not None and figure.value is not None for figure in figures):
            sheet.rows.append([component, *_used(figures)])
    return sheet


def _used(figures: Sequence[Figure | None]) -> Iterator[str]:
    for figure in figures:
        if figure is None or figure.value is None:
            yield NO_DATA
        elif figure.unit == "s":
            yield seconds(figure.value)
        else:
            yield f"{number(float(figure.value) / 2**20)} MiB"


def _sources(item: SourceComparison, title: str) -> Sheet:
    stage = item.stage.replace("_", "-")
    sheet = Sheet(f"REST calls by source, {stage}{title}", ["Verb", "Resource", *item.sources])
    for row in item.rows:
        counts = [number(count) for count in row.counts]
        sheet.rows.append([row.verb, row.resource, *counts])
    sheet.notes = list(item.notes)
    return sheet
