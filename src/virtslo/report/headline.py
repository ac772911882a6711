"""What a reader looks for first: how soon a burst is there, how soon the system is whole again.

Invariant: a row is one run, or all repetitions of one test and kind; every figure stands with its
interval, or the notes say why there is none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.model.report.document import ChurnLadder, Report, RunSummary
from virtslo.model.report.figures import LEAST_RUNS, Figure
from virtslo.model.report.indicators import FigureKey, figures_by_key
from virtslo.model.vocabulary import KIND_TITLES, OF_ARRIVALS, TEST_TITLES
from virtslo.report.content import Footnotes, Sheet, run_title, simulated_label
from virtslo.report.numbers import NO_DATA, measured, number, seconds

BURST: Final[Mapping[str, FigureKey]] = {
    "first Running": FigureKey("time_to_first_running_seconds", "value"),
    "P50": FigureKey("vmi_intent_to_running_seconds", "p50"),
    "P95": FigureKey("vmi_intent_to_running_seconds", "p95"),
    "all Running": FigureKey("time_to_all_running_seconds", "value"),
}
CHURN: Final[Mapping[str, FigureKey]] = {
    "replacement P50": FigureKey("replacement_seconds", "p50"),
    "P95": FigureKey("replacement_seconds", "p95"),
    "recovery P50": FigureKey("cycle_recovery_seconds", "p50"),
    "slowest": FigureKey("cycle_recovery_seconds", "max"),
    "below capacity": FigureKey("time_below_capacity_share", "value"),
}
PACE: Final[Mapping[str, FigureKey]] = {
    "offered": FigureKey("offered_rate", "mean"),
    "accepted": FigureKey("accepted_rate", "mean"),
    "Running": FigureKey("running_rate", "mean"),
    "backlog grows by": FigureKey("backlog_slope", "mean"),
}
KEPT_UP: Final = FigureKey("kept_up", "value")
GONE: Final = FigureKey("vmi_deletion_to_gone_seconds", "p50")
_NOTES: Final = {
    "burst": "times from the intended create; P50 and P95 over all VMIs",
    "steady_state": (
        "replacement: from its intended time until its victim is gone and it is Running; recovery: "
        "of a cycle from its intended start; below capacity: share of VMIs missing over the stage"
    ),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A run, or repetitions."""

    title: str
    test: str
    kind: str
    runs: tuple[RunSummary, ...]
    figures: Mapping[FigureKey, Figure]

    @property
    def extent(self) -> str:
        """How many runs it is of, where it is of several."""
        return f" ({len(self.runs)} runs)" if len(self.runs) > 1 else ""


def subjects_of(report: Report) -> list[Subject]:
    """Repetitions together, every other run by itself, in the order of their first runs."""
    group_of = {run: group for group in report.groups for run in group.runs}
    found: dict[str, Subject] = {}
    for run in report.runs:
        group = group_of.get(run.id)
        if group is None:
            own = figures_by_key(item for item in report.indicators if item.run == run.id)
            found[run.id] = Subject(run_title(report, run), run.test, run.kind, (run,), own)
        elif group.id not in found:
            runs = tuple(each for each in report.runs if each.id in group.runs)
            title = f"{TEST_TITLES[run.test]}, {KIND_TITLES.get(run.kind, run.kind)}"
            figures = figures_by_key(group.indicators)
            found[group.id] = Subject(title, run.test, run.kind, runs, figures)
    return list(found.values())


def headline_sheets(report: Report) -> list[Sheet]:
    """Steady State's return to capacity, and Burst's time to Running, as far as they were run."""
    subjects = subjects_of(report)
    churned = [item for item in subjects if item.test not in OF_ARRIVALS]
    bursts = [item for item in subjects if item.test in OF_ARRIVALS]
    label = simulated_label(report)
    return [
        *([_sheet("Return to capacity", CHURN, churned, label, "steady_state")] if churned else []),
        *([_sheet("Time to Running", BURST, bursts, label, "burst")] if bursts else []),
        *_pace_sheets(subjects, label),
        *(_ladder_sheet(ladder, label) for ladder in report.ladders),
    ]


def _pace_sheets(subjects: Sequence[Subject], label: str) -> Iterator[Sheet]:
    """Whether the system kept up with loads that set their own pace."""
    paced = [item for item in subjects if PACE["offered"] in item.figures]
    if not paced:
        return
    sheet = Sheet("Kept up with the load", ["Test", *PACE, "kept up"], label=label)
    notes = Footnotes()
    for subject in paced:
        cells = [_cell(subject.figures.get(key), notes) for key in PACE.values()]
        sheet.rows.append([f"{subject.title}{subject.extent}", *cells, kept_up_words(subject)])
    sheet.notes = [
        *notes.lines(),
        (
            "all over the second half of the load; kept up: the backlog grew by at most 10 % of "
            "what was offered"
        ),
    ]
    yield sheet


def kept_up_words(subject: Subject) -> str:
    """`yes`, `no`, `4 of 5 runs`, or why it is not known; empty of a load without a pace."""
    figure = subject.figures.get(KEPT_UP)
    if figure is None:
        return ""
    if figure.value is None:
        return (figure.reason or NO_DATA).rpartition(": ")[2]
    if figure.value in {0, 1}:
        return "yes" if figure.value else "no"
    runs = len(subject.runs)
    return f"{number(round(figure.value * runs))} of {number(runs)} runs"


def _ladder_sheet(ladder: ChurnLadder, label: str) -> Sheet:
    """A churn ladder: its rungs, the highest absorbed, and the first that was not."""
    title = (
        f"Churn absorbed, {KIND_TITLES.get(ladder.kind, ladder.kind)}, population {ladder.count}"
    )
    columns = ["churn", "Running", "replacement P95", "kept up"]
    sheet = Sheet(title, columns, label=label)
    words = {True: "yes", False: "no", None: "not known"}
    for rung in ladder.rungs:
        running = NO_DATA if rung.running_rate is None else f"{number(rung.running_rate)}/s"
        p95 = seconds(rung.replacement_p95)
        sheet.rows.append([f"{rung.rate:g}/s", running, p95, words[rung.kept_up]])
    highest, first = ladder.highest_absorbed, ladder.first_not_absorbed
    best = "none" if highest is None else f"{highest:g}/s"
    worst = "none of these" if first is None else f"{first:g}/s"
    sheet.notes = [
        f"highest churn absorbed: {best}; first that was not: {worst}",
        "Running and kept up: over the second half of the load",
    ]
    return sheet


def _sheet(
    title: str, columns: Mapping[str, FigureKey], subjects: Sequence[Subject], label: str, test: str
) -> Sheet:
    sheet = Sheet(title, ["Test", "n", *columns], label=label)
    notes = Footnotes()
    for subject in subjects:
        figures = [subject.figures.get(key) for key in columns.values()]
        samples = next((item.samples for item in figures if item is not None), 0)
        cells = [_cell(figure, notes) for figure in figures]
        sheet.rows.append([f"{subject.title}{subject.extent}", number(samples), *cells])
    sheet.notes = [*notes.lines(), _NOTES[test], *_about_intervals(subjects)]
    return sheet


def _cell(figure: Figure | None, notes: Footnotes) -> str:
    if figure is None:
        return "–"
    text = measured(figure)
    return notes.mark(figure) if text == NO_DATA else text


def _about_intervals(subjects: Sequence[Subject]) -> Iterator[str]:
    """What the brackets are, and why figures may have none."""
    counts = sorted({len(item.runs) for item in subjects})
    if counts[-1] >= LEAST_RUNS:
        runs = " or ".join(number(count) for count in counts if count >= LEAST_RUNS)
        yield f"in brackets: the 95 % interval over {runs} runs"
    if counts[0] < LEAST_RUNS:
        yield (
            f"fewer than {LEAST_RUNS} runs: brackets are the 95 % interval within the run, of "
            "quantiles alone; it says nothing of how runs differ; ≥: too few objects for an upper "
            "end"
        )
