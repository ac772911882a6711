"""What every format for people shows, in the order it is shown: footnotes, sections, sentences.

Invariant: a figure without data has a footnote with its reason; the three tables are in
`table_sheets`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from virtslo.model.plan.trace import MIXED
from virtslo.model.plan.workload import TRAITS, Kind
from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import Section
from virtslo.model.vocabulary import (
    KIND_TITLES,
    MIXED_TITLE,
    QUANTILES,
    TEST_TITLES,
)
from virtslo.report.numbers import cell, measured, number, seconds

PLAIN: Final = ("mean", "value", "count")
"""Statistics that need no name beside their indicator's."""

APART: Final = frozenset({Section.CALLS, Section.USAGE, Section.TIME})
"""Sections that are tables and sentences of their own."""


@dataclass(slots=True)
class Sheet:
    """One table, with its footnotes."""

    title: str
    columns: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    label: str = ""
    """`simulated` where the runs it is made of were."""
    is_text: bool = False
    """Whether every column holds words; else all but the first hold figures, which end alike."""


class Footnotes:
    """Reasons, numbered in the order they are first given."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def mark(self, figure: Figure) -> str:
        """The cell's text, with the number of its reason if it has one."""
        if figure.reason is None:
            return cell(figure)
        if figure.reason not in self.reasons:
            self.reasons.append(figure.reason)
        return f"{cell(figure)} [{self.reasons.index(figure.reason) + 1}]"

    def lines(self) -> list[str]:
        """The footnotes, numbered."""
        return [f"[{index}] {reason}" for index, reason in enumerate(self.reasons, start=1)]


def is_of_several(report: Report) -> bool:
    """Whether several tests or kinds were run: the three tables are then shown whole."""
    return len({(run.test, run.kind) for run in report.runs}) > 1


def simulated_label(report: Report) -> str:
    """What is to be said at every table of simulated runs; empty for real ones."""
    seeds: dict[str, set[int]] = {}
    for run in report.runs:
        simulated = run.environment.simulated
        if simulated is not None:
            seeds.setdefault(simulated.description, set()).add(simulated.seed)
    profiles = [f"profile {profile}, {_seeds(sorted(of))}" for profile, of in sorted(seeds.items())]
    return f"simulated cluster ({'; '.join(profiles)})" if profiles else ""


def _seeds(seeds: Sequence[int]) -> str:
    """Seeds in words."""
    return f"seed{'' if len(seeds) == 1 else 's'} {seed_range(seeds)}"


def seed_range(seeds: Sequence[int]) -> str:
    """Seeds in ascending order, as a range where they are one of three and more."""
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def run_title(report: Report, run: RunSummary) -> str:
    """A run among those of a report: its test and kind; where others are alike in these, its rung
    of a ladder and the end of its id."""
    title = f"{TEST_TITLES[run.test]}, {KIND_TITLES.get(run.kind, run.kind)}"
    alike = [other.id for other in report.runs if (other.test, other.kind) == (run.test, run.kind)]
    if len(alike) == 1:
        return title
    rates = [rung.rate for each in report.ladders for rung in each.rungs if run.id in rung.runs]
    rung = f", {rates[0]:g}/s" if rates else ""
    short = short_id(run.id)
    is_short = [short_id(other) for other in alike].count(short) == 1
    return f"{title}{rung} ({short if is_short else run.id})"


def short_id(name: str) -> str:
    """The last part of a record's id, by which it can be named too."""
    return name.rpartition("-")[2]


def latency_sheets(report: Report) -> list[Sheet]:
    """Every indicator with quantiles, a sheet for all repetitions of a test, then one a run."""
    sheets = []
    for group in report.groups:
        runs = tuple(run for run in report.runs if run.id in group.runs)[:1]
        sheet = latency_sheet(replace(report, runs=runs, indicators=group.indicators))
        test, kind = TEST_TITLES[group.test], KIND_TITLES.get(group.kind, group.kind)
        sheet.title = f"Latencies over {len(group.runs)} runs: {test}, {kind}"
        sheets.append(sheet)
    for run in report.runs:
        own = tuple(item for item in report.indicators if item.run == run.id)
        sheet = latency_sheet(replace(report, runs=(run,), indicators=own))
        if len(report.runs) > 1:
            sheet.title = f"Latencies: {run_title(report, run)}"
        sheets.append(sheet)
    return sheets


def single_sections(report: Report) -> Iterator[tuple[str, list[str]]]:
    """Every other indicator, a line each; a section a run: (title, lines)."""
    for run in report.runs:
        own = [item for item in report.indicators if item.run == run.id]
        lines = list(single_lines(replace(report, runs=(run,), indicators=tuple(own))))
        title = "Other indicators"
        if len(report.runs) > 1:
            title = f"{title}: {run_title(report, run)}"
        yield title, lines


def environment_sections(report: Report) -> Iterator[tuple[str, list[str]]]:
    """What identifies cluster and load, a section a run; what all runs share stands once."""
    shared, own = _environments(report)
    if len(report.runs) > 1 and shared:
        yield "Environment of every run", shared
    for run, lines in own.items():
        yield f"Environment of {run}", lines


def shared_environment(report: Report) -> Iterator[tuple[str, list[str]]]:
    """The section of what all runs share; of a single run, all that there is."""
    if len(report.runs) < 2:
        yield from environment_sections(report)
        return
    shared, _own = _environments(report)
    yield "Environment of every run", shared


def environment_differences(report: Report) -> Sheet:
    """In what the runs' environments differ, a row a run; empty for a single run."""
    sheet = Sheet("Differences between the runs", ["Run"])
    if len(report.runs) < 2:
        return sheet
    _shared, own = _environments(report)
    values = {run: _by_name(lines) for run, lines in own.items()}
    names = list(dict.fromkeys(name for found in values.values() for name in found))
    sheet.columns = [*sheet.columns, *names]
    sheet.rows = [[run, *(found.get(name, "–") for name in names)] for run, found in values.items()]
    return sheet


def _by_name(lines: Sequence[str]) -> dict[str, str]:
    """`name: value` lines by name; the line of the versions has no name of its own."""
    values: dict[str, list[str]] = {}
    for line in lines:
        name, named, value = line.partition(": ")
        values.setdefault(name if named else "versions", []).append(value if named else line)
    return {name: "; ".join(found) for name, found in values.items()}


def _environments(report: Report) -> tuple[list[str], dict[str, list[str]]]:
    """The lines that all runs share, in order, and the others by run."""
    lines_of = {run.id: list(environment_lines(run)) for run in report.runs}
    if len(lines_of) < 2:
        return [], lines_of
    first = next(iter(lines_of.values()))
    shared = [line for line in first if all(line in lines for lines in lines_of.values())]
    own = {run: [line for line in lines if line not in shared] for run, lines in lines_of.items()}
    return shared, own


def latency_sheet(report: Report) -> Sheet:
    """Every indicator with quantiles, a row each."""
    sheet = Sheet("Latencies", ["Indicator", "P50", "P95", "P99", "max", "samples", "source"])
    notes = Footnotes()
    rows: dict[tuple[str, str], dict[str, Figure]] = {}
    for item in report.indicators:
        if item.statistic in QUANTILES:
            rows.setdefault((item.run, item.name), {})[item.statistic] = item.figure
    several = len(report.runs) > 1
    for (run, name), figures in rows.items():
        first = next(iter(figures.values()))
        cells = [
            _latency(figures[statistic], notes) if statistic in figures else "–"
            for statistic in QUANTILES
        ]
        label = f"{name} ({run})" if several else name
        sheet.rows.append([label, *cells, number(first.samples), first.source])
    sheet.notes = notes.lines()
    return sheet


def single_lines(report: Report) -> Iterator[str]:
    """Every other indicator, a line each; counts of nothing are left out."""
    several = len(report.runs) > 1
    for item in report.indicators:
        if item.statistic in QUANTILES or report.definitions[item.name].section in APART:
            continue
        figure = item.figure
        if item.statistic in {"count", "per_object"} and figure.value == 0:
            continue
        value = measured(figure)
        why = f" ({figure.reason})" if figure.reason else ""
        by = (figure.detail or {}).get("bound_by")
        if by is not None:
            why += f", {by}" if by == "saturated" else f", bound by {by}"
        run = f" ({item.run})" if several else ""
        which = "" if item.statistic in PLAIN else f" {item.statistic.replace('_', ' ')}"
        yield f"{item.name}{which}{run}: {value} (n = {figure.samples}){why}"


def time_lines(report: Report) -> Iterator[str]:
    """Where the time went, a sentence a line."""
    several = len(report.time_spent) > 1
    for item in report.time_spent:
        for line in item.lines:
            yield f"{item.run}: {line}" if several else line


def environment_lines(run: RunSummary) -> Iterator[str]:
    """What identifies the cluster and the load of a run."""
    environment = run.environment
    yield f"test: {TEST_TITLES[run.test]} of {_objects(run)} ({run.scenario})"
    bound = f", at most {run.max_in_flight} in flight" if run.max_in_flight else ""
    yield f"arrival: {run.arrival}{bound}; namespaces: {run.namespaces}"
    simulated = environment.simulated
    if simulated is not None:
        faults = f", faults {', '.join(simulated.faults)}" if simulated.faults else ""
        yield (
            f"cluster: simulated, profile {simulated.description}{faults}"
            f"{', virtual time' if environment.virtual_time else ', real time'}"
        )
        yield f"seed: {simulated.seed}"
        if simulated.fitted:
            yield f"profile {simulated.profile}: {simulated.fitted}"
    yield (
        f"Kubernetes {environment.kubernetes_version or 'unknown'}, KubeVirt "
        f"{environment.kubevirt_version or 'unknown'}"
    )
    shape = ", ".join(f"{key} {value}" for key, value in environment.node_shape.items())
    yield f"nodes: {environment.nodes if environment.nodes is not None else 'unknown'} ({shape})"
    for component, limit in sorted(environment.client_limits.items()):
        rate = f"{limit.qps:g} requests/s, burst {limit.burst}" if limit.qps > 0 else "no limit"
        yield f"{component}: {rate} ({limit.source})"
    if environment.feature_gates:
        yield f"feature gates: {', '.join(environment.feature_gates)}"
    if run.least_seconds:
        yield f"ceiling: no run of this plan can be faster than {seconds(run.least_seconds)}"
    yield f"record: {run.directory} ({run.status}; {number(run.own_calls)} REST calls of our own)"


def _objects(run: RunSummary) -> str:
    """How many of what; of pools and replica sets, how many members in how many."""
    if run.kind == MIXED:
        return f"{run.count} VMIs of {MIXED_TITLE}"
    traits = TRAITS[Kind(run.kind)]
    if not traits.is_group:
        return f"{run.count} x {run.kind}"
    member = "VMs" if run.kind == Kind.VMPOOL.value else "VMIs"
    of = traits.title if run.groups == 1 else f"{traits.title}s"
    return f"{run.count} {member} in {run.groups} {of}"


def finding_lines(report: Report) -> Iterator[str]:
    """Every finding, a line each."""
    several = len({*(run.id for run in report.runs), *(item.run for item in report.findings)}) > 1
    for item in report.findings:
        finding = item.finding
        mark = "INCONCLUSIVE" if finding.inconclusive else "note"
        run = f" ({item.run})" if several else ""
        touches = f" [touches: {', '.join(finding.touches)}]" if finding.touches else ""
        yield f"{mark}: {finding.code}{run}: {finding.detail}{touches}"


def _latency(figure: Figure, notes: Footnotes) -> str:
    if figure.value is not None or figure.lower_bound is not None:
        return measured(figure)
    return notes.mark(figure)
