"""What a report comes to: the precedence of exit codes."""

from dataclasses import replace

import pytest

from support.reads import burst_record
from virtslo.app.build_report import build_report, exit_code
from virtslo.model.report.document import RunFinding
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.findings import Finding

RUNNING = "vmi_creation_to_running_seconds"
REPORT = replace(build_report([burst_record([])]), findings=(), valid=True, verdicts=())


def verdict(outcome: str, *indicators: str) -> Verdict:
    return Verdict("run-1", "o", Outcome(outcome), 1.0, 2.0, "s", indicators=indicators)


def finding(*touches: str, inconclusive: bool = False) -> RunFinding:
    return RunFinding(
        "run-1", Finding(code="x", detail="", touches=touches, inconclusive=inconclusive)
    )


MET, VIOLATED, OPEN = (verdict(word, RUNNING) for word in ("met", "violated", "inconclusive"))


@pytest.mark.parametrize(
    ("verdicts", "findings", "code"),
    [
        ([], [], 0),
        ([MET], [], 0),
        ([MET], [finding("*")], 0),
        ([], [finding("*", inconclusive=True)], 4),
        ([MET, OPEN], [], 4),
        ([VIOLATED, OPEN], [], 1),
        ([VIOLATED], [finding("rest_calls", inconclusive=True)], 1),
        ([VIOLATED], [finding(RUNNING)], 4),
        ([VIOLATED], [finding("*", inconclusive=True)], 4),
        ([VIOLATED], [finding("vmi_creation_to_running")], 1),
        ([VIOLATED, verdict("violated", "rest_calls_create_pods")], [finding(RUNNING)], 1),
    ],
)
def test_the_exit_code_is(verdicts: list[Verdict], findings: list[RunFinding], code: int) -> None:
    report = replace(
        REPORT,
        verdicts=tuple(verdicts),
        findings=tuple(findings),
        valid=not any(item.finding.inconclusive for item in findings),
    )

    assert exit_code(report) == code


def test_a_finding_of_another_run_touches_nothing() -> None:
    other = replace(finding("*"), run="run-2")

    assert exit_code(replace(REPORT, verdicts=(VIOLATED,), findings=(other,))) == 1
