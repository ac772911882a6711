"""The summary of several runs: what spoils a figure is told, what is alike is told once."""

from dataclasses import replace

from virtslo.model.report.document import Report, RunFinding, RunSummary, Tables
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.environment import Environment
from virtslo.model.run.findings import Finding
from virtslo.report.headline import Subject
from virtslo.report.text import summary
from virtslo.report.text.summary import grouped_findings, objective_lines, run_sheet

BURST = RunSummary(
    "run-1", "burst", "vmi", "s", 10, Environment("v1.36.2", "v1.9.0", 3), "runs/run-1", "complete",
    objectives="ours",
)  # fmt: skip
STEADY = replace(BURST, id="run-2", test="steady_state", directory="runs/run-2")


def report(*verdicts: Verdict, findings: tuple[RunFinding, ...] = ()) -> Report:
    return Report((BURST, STEADY), True, findings, Tables({}, {}, {}), (), verdicts)


def verdict(run: str, outcome: Outcome, value: float | None) -> Verdict:
    return Verdict(run, "soon", outcome, value, 60.0, "s")


def test_a_finding_that_every_run_has_is_told_once() -> None:
    soft = Finding(code="not_quiet", detail="a soft edge", touches=("rest_calls",))
    of_one = Finding(code="relist", detail="learnt late", touches=("a", "b", "c", "d", "e"))
    found = report(
        findings=(
            RunFinding("run-1", soft),
            RunFinding("run-1", of_one),
            RunFinding("run-2", soft),
        )
    )

    assert list(grouped_findings(found)) == [
        "note: not_quiet (every run): a soft edge [touches: rest_calls]",
        "note: relist (Burst, VMI): learnt late [touches: a, b, c and 2 more]",
    ]


def test_a_suite_with_parts_missing_is_named() -> None:
    missing = RunFinding(
        "suite-1", Finding(code="incomplete", detail="1 of 3 parts", inconclusive=True)
    )

    (line,) = grouped_findings(report(findings=(missing,)))

    assert line == "INCONCLUSIVE: incomplete (suite-1): 1 of 3 parts"


def test_what_spoils_a_run_comes_first_and_is_never_left_out() -> None:
    notes = [RunFinding("run-1", Finding(code="relist", detail=f"number {n}")) for n in range(10)]
    spoilt = [
        RunFinding(
            "run-2", Finding(code="unfinished", detail=f"{n}", touches=("*",), inconclusive=True)
        )
        for n in range(10)
    ]

    lines = list(grouped_findings(report(findings=(*notes, *spoilt))))

    assert [line.split(":")[0] for line in lines[:10]] == ["INCONCLUSIVE"] * 10
    assert len([line for line in lines if "number" in line]) == 6
    assert lines[-1] == "note: relist: 10 findings; virtslo report shows them all"


def test_objectives_that_are_not_met_come_first_each_with_its_run() -> None:
    lines = list(
        objective_lines(
            report(
                verdict("run-1", Outcome.MET, 20.0),
                verdict("run-2", Outcome.VIOLATED, 61.0),
            )
        )
    )

    assert lines == [
        "violated (one run): soon (Steady State, VMI): 61 s, at most 60 s",
        "met in 1 of 2 tests (one run): soon: 20 s, at most 60 s",
    ]


def test_objectives_that_every_run_meets_are_one_line_with_their_extent() -> None:
    lines = list(
        objective_lines(
            report(verdict("run-1", Outcome.MET, 20.0), verdict("run-2", Outcome.MET, 30.0))
        )
    )

    assert lines == ["met in 2 of 2 tests (one run): soon: 20 s to 30 s, at most 60 s"]


def test_a_run_that_a_finding_spoils_is_not_called_valid() -> None:
    spoilt = RunFinding(
        "run-2", Finding(code="unfinished", detail="hung", touches=("*",), inconclusive=True)
    )

    sheet = run_sheet(report(verdict("run-1", Outcome.MET, 20.0), findings=(spoilt,)))

    assert [row[0] for row in sheet.rows] == ["Burst, VMI", "Steady State, VMI"]
    assert [row[-2:] for row in sheet.rows] == [["1 of 1", "valid"], ["not judged", "INCONCLUSIVE"]]


def test_of_several_runs_it_is_said_how_many_are_spoilt() -> None:
    spoilt = RunFinding("run-3", Finding(code="unfinished", detail="hung", inconclusive=True))
    again = replace(BURST, id="run-3", directory="runs/run-3")

    subject = Subject("Burst, VMI", "burst", "vmi", (BURST, again), {})

    assert summary._result(report(findings=(spoilt,)), subject) == "INCONCLUSIVE (1 of 2 runs)"
