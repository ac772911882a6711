"""A report as JUnit XML: a run is a suite, its validity and its objectives are cases.

Invariant: what is inconclusive is an error, never a pass and never skipped; a violation is a
failure.
"""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from virtslo.base.plain_text import harmless
from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.report.content import environment_lines
from virtslo.report.numbers import amount, value_of


class JUnit:
    """Renders JUnit XML."""

    def render(self, report: Report) -> str:
        """The document."""
        root = Element("testsuites", name="virtslo")
        for run in report.runs:
            _suite(root, run, report)
        _missing_parts(root, report)
        for key in ("tests", "failures", "errors"):
            root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
        indent(root)
        text = tostring(root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(root: Element, run: RunSummary, report: Report) -> None:
    suite = SubElement(root, "testsuite", name=_legal(run.id))
    properties = SubElement(suite, "properties")
    simulated = "true" if run.environment.simulated is not None else "false"
    SubElement(properties, "property", name="simulated", value=simulated)
    if run.objectives:
        name = _legal(run.objectives)
        SubElement(properties, "property", name="objectives", value=name)
    for index, line in enumerate(environment_lines(run)):
        SubElement(properties, "property", name=f"environment.{index}", value=_legal(line))
    cases = [_validity(run, report)]
    cases += [_objective(run, item) for item in report.verdicts if item.run == run.id]
    suite.extend(cases)
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("errors", str(sum(case.find("error") is not None for case in cases)))
    suite.set("skipped", "0")
    suite.set("time", f"{run.duration_seconds or 0:.3f}")


def _missing_parts(root: Element, report: Report) -> None:
    """An error for each suite of runs that has parts missing."""
    runs = {run.id for run in report.runs}
    for item in report.findings:
        if item.run in runs:
            continue
        suite = SubElement(root, "testsuite", name=_legal(item.run))
        case = SubElement(suite, "testcase", classname="virtslo.suite", name="every part was run")
        words = _legal(item.finding.detail)
        SubElement(case, "error", type=_legal(item.finding.code), message=words).text = words
        for key, value in (("tests", "1"), ("failures", "0"), ("errors", "1"), ("skipped", "0")):
            suite.set(key, value)
        suite.set("time", "0.000")


def _validity(run: RunSummary, report: Report) -> Element:
    case = _case(run, "the run is valid")
    found = [item.finding for item in report.findings if item.run == run.id]
    for finding in found:
        if finding.inconclusive:
            problem = SubElement(
                case, "error", type=_legal(finding.code), message=_legal(finding.detail)
            )
            problem.text = _legal(f"{finding.code}: {finding.detail}")
            break
    notes = "\n".join(_legal(f"{finding.code}: {finding.detail}") for finding in found)
    if notes:
        SubElement(case, "system-out").text = notes
    return case


def _objective(run: RunSummary, verdict: Verdict) -> Element:
    case = _case(run, verdict.objective)
    told = f"{value_of(verdict)}, bound {amount(verdict.bound, verdict.unit)} ({verdict.basis})"
    if verdict.reason:
        told += f": {verdict.reason}"
    if verdict.verdict is Outcome.VIOLATED:
        SubElement(case, "failure", type="violated", message=_legal(told)).text = _legal(told)
    elif verdict.verdict is Outcome.INCONCLUSIVE:
        SubElement(case, "error", type="inconclusive", message=_legal(told)).text = _legal(told)
    else:
        SubElement(case, "system-out").text = _legal(told)
    return case


def _case(run: RunSummary, name: str) -> Element:
    return Element(
        "testcase", classname=_legal(f"virtslo.{run.test}.{run.kind}"), name=_legal(name)
    )


def _legal(text: str) -> str:
    """Text on one line, without what XML has no way to write, nor any that deceive."""
    return harmless(text)
