"""Objectives as JUnit cases: a violation fails, what is inconclusive is an error, never a pass."""

from xml.etree import ElementTree as ET

from virtslo.model.report.document import Report, RunFinding, RunSummary, Tables
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.environment import Environment
from virtslo.model.run.findings import Finding
from virtslo.report.exports.junit import JUnit

RUN = RunSummary(
    "run-1", "burst", "vmi", "s", 10, Environment("v1.36.2", "v1.9.0", 3), "runs/run-1", "complete"
)


def rendered(*verdicts: Verdict, findings: tuple[RunFinding, ...] = ()) -> ET.Element:
    report = Report((RUN,), True, findings, Tables({}, {}, {}), (), verdicts)
    return ET.fromstring(JUnit().render(report))


def verdict(outcome: Outcome, reason: str | None = None) -> Verdict:
    return Verdict("run-1", f"p95 {outcome.value}", outcome, 70.0, 60.0, "s", reason)


def test_each_outcome_has_its_own_element() -> None:
    root = rendered(
        verdict(Outcome.MET),
        verdict(Outcome.VIOLATED),
        verdict(Outcome.INCONCLUSIVE, "too few objects"),
    )

    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "1")
    assert cases["p95 violated"].find("failure") is not None
    assert cases["p95 inconclusive"].find("error") is not None
    met = cases["p95 met"]
    assert met.find("failure") is None
    assert met.find("error") is None


def test_a_note_does_not_fail_the_run() -> None:
    note = RunFinding("run-1", Finding(code="relist", detail="one relist"))
    root = rendered(findings=(note,))

    assert root.get("errors") == "0"
    assert "one relist" in ET.tostring(root, encoding="unicode")


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    bad = RunFinding(
        "run-1",
        Finding(
            code="failed", detail="broken \x00 <bytes> & \x1b[0m", touches=("*",), inconclusive=True
        ),
    )

    error = rendered(findings=(bad,)).find("testsuite/testcase/error")

    assert error is not None
    assert "<bytes> &" in str(error.get("message"))
