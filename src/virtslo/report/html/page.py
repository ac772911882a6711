"""A report as one HTML page that opens offline: tables first, then interactive plots.

Invariant: the page asks nothing of any server (its own policy forbids it); whatever came from
outside is escaped and harmless; the same report gives the same bytes.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources as package_data
from typing import Any, Final

from virtslo.base.plain_text import report_value
from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import FigureKey
from virtslo.model.vocabulary import KIND_TITLES, TEST_TITLES
from virtslo.report.call_sheets import call_sheets
from virtslo.report.charts.chart import Chart
from virtslo.report.charts.of_run import charts_of
from virtslo.report.conclusion import conclusion_lines, subject_words
from virtslo.report.content import (
    environment_differences,
    finding_lines,
    is_of_several,
    latency_sheet,
    shared_environment,
    simulated_label,
    single_lines,
    time_lines,
)
from virtslo.report.definitions import conditions
from virtslo.report.headline import headline_sheets, subjects_of
from virtslo.report.html.promises import promise_lines, subjects_chart
from virtslo.report.html.templates import page_template, resource
from virtslo.report.marking import detailed_runs
from virtslo.report.numbers import amount, number, value_and_interval
from virtslo.report.table_sheets import table_sheets
from virtslo.report.verdicts import verdict_sheet

POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline' {scripts}; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
)
ASSET: Final = "virtslo-plotly.min.js"
FACTS: Final = (
    ("vmi_intent_to_running_seconds", "p95", "Running, P95"),
    ("vmi_intent_to_running_seconds", "p50", "Running, P50"),
    ("time_to_all_running_seconds", "value", "All Running after"),
    ("replacement_seconds", "p95", "Replacement, P95"),
    ("replacement_seconds", "p50", "Replacement, P50"),
    ("cycle_recovery_seconds", "max", "Recovery of a cycle, max"),
    ("time_below_capacity_share", "value", "Below capacity"),
    ("phase_rate_running", "mean", "Running rate"),
)
"""Cards of the first screen: indicator, statistic, title."""
_GROUP: Final = re.compile(r"(?<=\d) (?=\d{3}(?!\d))|(?<=\d) (?=(?:s|ms|%)\b)")
_UNSAFE: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026",
                  0x2028: "\\u2028", 0x2029: "\\u2029"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Html:
    """Renders the page, with the plotting library in it or, shared by several pages, beside it."""

    is_shared: bool = False

    def render(self, report: Report) -> str:
        """The page."""
        page = _page(report, is_shared=self.is_shared)
        return str(page_template("page.html.j2").render(page, kept=_kept_together))

    def assets(self) -> Mapping[str, str]:
        """What must lie beside the page, by name."""
        return {ASSET: library()} if self.is_shared else {}


def _page(report: Report, *, is_shared: bool) -> dict[str, Any]:
    from markupsafe import Markup

    runs = list(_runs(report))
    first = _first_picture(report, runs)
    charts = [*([first] if first else []), *(chart for run in runs for chart in run["charts"])]
    *answer, verdict = conclusion_lines(report)
    names = {item.name for item in report.indicators}
    bundle = f'<script src="{ASSET}"></script>' if is_shared else f"<script>{library()}</script>"
    return {
        "policy": POLICY.format(scripts="'self' file:" if is_shared else "").replace("  ", " "),
        "title": _title(report),
        "subtitle": [_subtitle(run) for run in report.runs],
        "style": Markup(resource("page.css")),  # noqa: S704 - our own file
        "script": Markup(resource("page.js")),  # noqa: S704 - our own file
        "library": Markup(bundle),  # noqa: S704 - the library's own bundle
        "charts": Markup(script_json(charts)),  # noqa: S704 - escaped for a script element
        "sections": _sections(runs),
        "answer": answer,
        "verdict": verdict,
        "outcome": {0: "good", 1: "bad"}.get(report.exit_code, "warn"),
        "first": first,
        "badges": list(_badges(report)),
        "facts": list(_facts(report)),
        "headlines": headline_sheets(report),
        "tables": table_sheets(report, is_whole=is_of_several(report)),
        "tables_whole": [] if is_of_several(report) else table_sheets(report),
        "verdicts": verdict_sheet(report),
        "verdict_texts": (1, 5) if len(report.runs) == 1 else (1, 2, 6),
        "findings": list(finding_lines(report)),
        "environments": [{"id": title, "lines": lines}
                         for title, lines in shared_environment(report) if lines],
        "differences": environment_differences(report),
        "runs": runs,
        "latencies": latency_sheet(report),
        "calls": call_sheets(report),
        "time_spent": list(time_lines(report)),
        "singles": list(single_lines(report)),
        "promises": conditions(report),
        "definitions": [
            (item.name, item.text) for item in report.definitions.values() if item.name in names
        ],
    }  # fmt: skip


def _first_picture(report: Report, runs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """One picture for the first screen: the parts side by side, or the population of the one run,
    which is then not among its other plots."""
    parts = subjects_chart(subjects_of(report))
    if parts is not None:
        return plain_chart(parts, parts.key)
    if not runs or not runs[0]["charts"]:
        return None
    first: dict[str, Any] = runs[0]["charts"].pop(0)
    if len(report.runs) > 1:
        first["title"] += f", {report.runs[0].id}"
    return first


def _runs(report: Report) -> Iterator[dict[str, Any]]:
    several = len(report.runs) > 1
    for index, (run, detail) in enumerate(detailed_runs(report)):
        found = charts_of(run, detail, promise_lines(report, run))
        charts = [plain_chart(chart, f"{index}-{chart.key}") for chart in found]
        notes = []
        if run.environment.virtual_time:
            notes.append("Lateness of the generator: none, since the run was in virtual time.")
        if not detail.rest_calls:
            notes.append("REST calls: not counted in this run.")
        title = f"Plots of {run.id}" if several else "Plots"
        yield {"number": index, "title": title, "charts": charts, "notes": notes}


def plain_chart(chart: Chart, identity: str) -> dict[str, Any]:
    """A chart as plain values, with the identity of its place on the page."""
    return {
        "id": identity,
        "title": chart.title,
        "caption": chart.caption,
        "traces": chart.traces,
        "layout": chart.layout,
        "log_axis": chart.log_axis,
        "is_log": chart.is_log,
        "height": chart.height,
        "table": chart.table,
    }


def _kept_together(text: str) -> str:
    """The text with every number whole: no line ends between its groups of digits."""
    return _GROUP.sub("\u00a0", text)


def script_json(charts: Sequence[Mapping[str, Any]]) -> str:
    """Charts as JSON that can stand in a script element."""
    kept = ("id", "traces", "layout", "log_axis", "is_log", "height")
    plain = [{key: chart[key] for key in kept} for chart in charts]
    return json.dumps(report_value(plain), separators=(",", ":"), ensure_ascii=False).translate(
        _UNSAFE
    )


def _title(report: Report) -> str:
    if len(report.runs) == 1:
        return _subject(report.runs[0])
    return subject_words(report, subjects_of(report))


def _subtitle(run: RunSummary) -> str:
    environment = run.environment
    nodes = "nodes unknown" if environment.nodes is None else f"{number(environment.nodes)} nodes"
    versions = (
        f"KubeVirt {environment.kubevirt_version or 'unknown'}, "
        f"Kubernetes {environment.kubernetes_version or 'unknown'}"
    )
    return f"{run.id}: {_subject(run)}, {run.arrival} arrival, {versions}, {nodes}"


def _subject(run: RunSummary) -> str:
    kind = KIND_TITLES.get(run.kind, run.kind)
    return f"{TEST_TITLES[run.test]} of {number(run.count)} {kind}{'' if run.count == 1 else 's'}"


def _badges(report: Report) -> Iterator[tuple[str, str]]:
    yield ("good", "valid") if report.valid else ("bad", "inconclusive")
    label = simulated_label(report)
    if label:
        yield "warn", label
    met = sum(verdict.verdict.value == "met" for verdict in report.verdicts)
    if report.verdicts:
        kind = "good" if met == len(report.verdicts) else "bad"
        yield kind, f"{met} of {len(report.verdicts)} objectives met"


def _facts(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """Cards: a figure with its interval, and the promise it is held to."""
    subjects = subjects_of(report)
    if len(subjects) != 1:
        return
    (subject,) = subjects
    for name, statistic, title in FACTS:
        figure = subject.figures.get(FigureKey(name, statistic))
        if figure is not None:
            beside = _beside(figure, _promise(report, name, statistic))
            yield title, *value_and_interval(figure), beside


def _promise(report: Report, name: str, statistic: str) -> str:
    for item in report.verdicts:
        if name in item.indicators and item.statistic == statistic:
            sign = "at least" if item.is_least else "at most"
            return f"promise: {sign} {amount(item.bound, item.unit)}: {item.verdict.value}"
    return ""


def _beside(figure: Figure, promise: str) -> str:
    if figure.reason is not None:
        return figure.reason
    return f"{promise or 'no promise'} · n = {number(figure.samples)}"


def _sections(runs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    plots = [(f"plots-{run['number']}", "Plots") for run in runs[:1]]
    return [
        ("tables", "Tables"),
        ("verdicts", "Objectives"),
        ("quality", "Data quality"),
        ("environment", "Environment"),
        *plots,
        ("latencies", "Every figure"),
        ("definitions", "Definitions"),
    ]


def library() -> str:
    """The plotting library's bundle, as its package ships it."""
    text = package_data.files("plotly").joinpath("package_data", "plotly.min.js")
    return text.read_text(encoding="utf-8")
