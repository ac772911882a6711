"""Lines in a plot stand at the bound of an objective and at the quantiles that are printed."""

from virtslo.model.report.document import Report, RunSummary, Tables
from virtslo.model.report.figures import WITHIN_RUN, Figure, Interval
from virtslo.model.report.indicators import FigureKey, Indicator
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.environment import Environment
from virtslo.report.headline import Subject
from virtslo.report.html.promises import promise_lines, subjects_chart

RUN = RunSummary(
    "run-1", "burst", "vmi", "s", 10, Environment("v1.36.2", "v1.9.0", 3), "runs/run-1", "complete"
)
NAME = "vmi_intent_to_running_seconds"
P95 = Figure(
    27.9, "s", 100, "watch", interval=Interval(WITHIN_RUN, 27.4, 28.3, 100, "order statistics")
)


def report(run: RunSummary, *verdicts: Verdict) -> Report:
    indicators = (Indicator(run.id, NAME, "p95", P95),)
    return Report((run,), True, (), Tables({}, {}, {}), indicators, verdicts)


def verdict(unit: str, *indicators: str) -> Verdict:
    return Verdict(
        "run-1", "soon", Outcome.MET, 27.9, 60.0, unit, indicators=indicators, statistic="p95"
    )


def test_a_promise_stands_at_its_bound_and_a_quantile_at_its_figure() -> None:
    found = promise_lines(report(RUN, verdict("s", NAME)), RUN)

    assert [shape["x0"] for shape in found["shapes"]] == [60.0, 27.9]
    assert [note["text"] for note in found["annotations"]] == [
        "promise: P95 ≤ 60 s",
        "P95 27.9 s (27.4–28.3)",
    ]


def test_an_objective_that_is_no_moment_has_no_line() -> None:
    found = promise_lines(report(RUN, verdict("objects/s", "creation_rate")), RUN)

    assert [shape["x0"] for shape in found["shapes"]] == [27.9]


def test_parts_are_compared_only_where_there_are_several() -> None:
    one = Subject("Burst, VMI", "burst", "vmi", (RUN,), {FigureKey(NAME, "p95"): P95})
    assert subjects_chart([one]) is None

    chart = subjects_chart([one, one])

    assert chart is not None
    (trace,) = chart.traces
    assert trace["x"] == [27.9, 27.9]
    assert [round(each, 3) for each in trace["error_x"]["array"]] == [0.4, 0.4]
    assert [round(each, 3) for each in trace["error_x"]["arrayminus"]] == [0.5, 0.5]
