"""The last lines of a report: six at most, and the verdict agrees with the exit code."""

from dataclasses import replace

import pytest

from virtslo.app.build_report import exit_code
from virtslo.model.report.document import Report, RunFinding, RunSummary, Tables
from virtslo.model.report.figures import WITHIN_RUN, Figure, Interval
from virtslo.model.report.indicators import Indicator
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.environment import Environment
from virtslo.model.run.findings import Finding
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.report.conclusion import conclusion_lines, run_words
from virtslo.report.content import short_id
from virtslo.report.headline import headline_sheets

BURST = RunSummary(
    "20260101-burst-aa01", "burst", "vmi", "s", 100,
    Environment("v1.36.2", "v1.9.0", 2, simulated=SimulatedTarget("ci", 1, 2)),
    "runs/20260101-burst-aa01", "complete", objectives="ours",
)  # fmt: skip
STEADY = replace(BURST, id="run-2", test="steady_state", kind="vm", directory="runs/run-2")


def indicator(name: str, statistic: str, value: float, **more: object) -> Indicator:
    figure = Figure(value, "s", 100, "watch", **more)  # type: ignore[arg-type]
    return Indicator(BURST.id, name, statistic, figure)


INDICATORS = (
    indicator("time_to_all_running_seconds", "value", 33.0),
    indicator("vmi_intent_to_running_seconds", "p50", 21.5),
    indicator(
        "vmi_intent_to_running_seconds", "p95", 27.94,
        interval=Interval(WITHIN_RUN, 27.4, 28.3, 100, "order statistics"),
    ),
    indicator("mean_seconds_in_scheduling", "mean", 15.8),
    indicator("mean_seconds_in_scheduled", "mean", 4.1),
    indicator("mean_seconds_in_pending", "mean", 0.1),
    indicator("computed_least_seconds", "value", 2.5),
    indicator("phase_rate_running", "mean", 3.4, detail={"bound_by": "the time one object takes"}),
)  # fmt: skip


def report(*verdicts: Verdict, findings: tuple[RunFinding, ...] = (), **more: object) -> Report:
    standing = tuple(item for item in verdicts if item.verdict is Outcome.VIOLATED)
    made = Report(
        (BURST,), not findings, findings, Tables({}, {}, {}), INDICATORS, verdicts,
        standing=standing, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return replace(made, exit_code=exit_code(made))


def verdict(outcome: Outcome, value: float, bound: float, margin: float) -> Verdict:
    return Verdict(BURST.id, "soon", outcome, value, bound, "s", margin=margin)


def test_it_says_what_was_run_how_soon_why_and_where() -> None:
    lines = conclusion_lines(report(verdict(Outcome.MET, 27.9, 30.0, 0.07)))

    assert lines == [
        "Burst of 100 VMIs on the simulated cluster (profile ci, seed 1)",
        "All Running after 33 s; P50 21.5 s, P95 27.9 s (27.4–28.3)",
        "From create to Running: 79 % pod start, 20 % domain start",
        "Bound by the time one object takes; the client limit alone would allow 2.5 s",
        "Record: runs/20260101-burst-aa01; next: virtslo show aa01",
        "met: soon: 27.9 s, at most 30 s, margin 7 %",
    ]


def test_a_run_of_several_kinds_is_of_vmis() -> None:
    replay = replace(BURST, test="replay", kind="mixed", count=80)

    assert run_words(replay) == "Replay of 80 VMIs of several kinds"
    assert run_words(BURST) == "Burst of 100 VMIs"


def test_a_violation_is_the_last_line() -> None:
    found = report(
        verdict(Outcome.MET, 20.0, 30.0, 0.3), verdict(Outcome.VIOLATED, 40.0, 20.0, -1.0)
    )

    assert found.exit_code == 1
    assert conclusion_lines(found)[-1] == (
        "violated: soon: 40 s, at most 20 s, beyond it by 100 %; 1 of 2 objectives violated"
    )


def test_what_spoils_the_figures_is_the_last_line() -> None:
    doubt = RunFinding(BURST.id, Finding(code="watch_lag", detail="late by far", inconclusive=True))
    found = report(verdict(Outcome.MET, 20.0, 30.0, 0.3), findings=(doubt,))

    assert found.exit_code == 4
    assert conclusion_lines(found)[-1] == "INCONCLUSIVE: watch_lag: late by far"


def test_without_objectives_it_is_valid_and_says_so() -> None:
    made = report()
    found = replace(made, runs=(replace(BURST, objectives=""),))
    found = replace(found, exit_code=exit_code(found))

    assert found.exit_code == 0
    assert conclusion_lines(found)[-1].startswith("valid: no objective was given")
    assert conclusion_lines(found)[-1].endswith("no finding makes the figures doubtful")


def test_a_run_of_few_objects_says_what_it_cannot_say() -> None:
    made = report()
    found = replace(made, runs=(replace(BURST, objectives="", count=12),))
    found = replace(found, exit_code=exit_code(found))

    assert conclusion_lines(found)[-1] == (
        "valid: no objective was given to judge by; 12 objects are too few for a P95 (needs 20)"
    )


def test_a_load_with_a_pace_says_whether_it_was_kept_up_with() -> None:
    paced = (
        *INDICATORS,
        indicator("offered_rate", "mean", 5.0),
        indicator("running_rate", "mean", 4.9),
        indicator("kept_up", "value", 1),
    )
    found = replace(report(), indicators=paced)

    lines = conclusion_lines(found)

    assert lines[2] == (
        "Kept up with the load: yes (over its second half: offered 5 s, Running 4.9 s)"
    )
    assert len(lines) == 6
    assert not any(line.startswith("Bound") for line in lines)
    (sheet,) = [each for each in headline_sheets(found) if each.title.startswith("Kept up")]
    assert sheet.rows[0][-1] == "yes"


def test_a_churn_of_few_objects_says_what_it_cannot_say() -> None:
    few = Figure(None, "s", 10, "watch", reason="p95 needs 20 objects, there are 10")
    churned = replace(
        report(), runs=(replace(STEADY, objectives=""),),
        indicators=(Indicator(STEADY.id, "replacement_seconds", "p95", few),),
    )  # fmt: skip
    churned = replace(churned, exit_code=exit_code(churned))

    assert conclusion_lines(churned)[-1].endswith(
        "10 replacements are too few for a P95 (needs 20)"
    )


def test_objectives_that_are_about_other_runs_prove_nothing() -> None:
    found = report()

    assert found.exit_code == 4
    assert conclusion_lines(found)[-1] == (
        "INCONCLUSIVE: no objective that was given is about these runs"
    )


@pytest.mark.parametrize("runs", [(BURST,), (BURST, STEADY), ()])
def test_there_are_never_more_than_six_lines(runs: tuple[RunSummary, ...]) -> None:
    found = replace(report(verdict(Outcome.MET, 20.0, 30.0, 0.3)), runs=runs)

    assert len(conclusion_lines(found)) <= 6


def test_a_short_id_is_the_end_of_the_id() -> None:
    assert short_id("20260101-100000-burst-vmi-100-aa01") == "aa01"
