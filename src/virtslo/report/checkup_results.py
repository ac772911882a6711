"""A report as the results of a checkup: a flat map of texts, for a ConfigMap's `status.result.*`.

Invariant: a figure that could not be measured says `no data`, never 0; numbers are plain, with the
unit in the key, so that scripts can compare them.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from virtslo.base.plain_text import report_text
from virtslo.model.report.document import Report
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import FigureKey
from virtslo.model.vocabulary import OF_ARRIVALS
from virtslo.report.conclusion import conclusion_lines, verdict_sentence
from virtslo.report.headline import BURST, CHURN, subjects_of
from virtslo.report.numbers import NO_DATA

_BURST: Final[Mapping[str, FigureKey]] = {
    "allRunningSeconds": BURST["all Running"],
    "intentToRunningP50Seconds": BURST["P50"],
    "intentToRunningP95Seconds": BURST["P95"],
    "runningPerSecond": FigureKey("phase_rate_running", "mean"),
}
_CHURN: Final[Mapping[str, FigureKey]] = {
    "replacementP50Seconds": CHURN["replacement P50"],
    "replacementP95Seconds": CHURN["P95"],
    "recoveryP50Seconds": CHURN["recovery P50"],
}


def checkup_results(report: Report) -> dict[str, str]:
    """The results of a report of one run."""
    (run,) = report.runs
    (subject,) = subjects_of(report)
    environment = run.environment
    keys = _BURST if subject.test in OF_ARRIVALS else _CHURN
    return {
        "verdict": verdict_of(report),
        "summary": "\n".join(map(report_text, conclusion_lines(report))),
        "runId": run.id,
        "test": run.test,
        "kind": run.kind,
        "objects": str(run.count),
        **{name: _number(subject.figures.get(key)) for name, key in keys.items()},
        "kubevirtVersion": environment.kubevirt_version or NO_DATA,
        "kubernetesVersion": environment.kubernetes_version or NO_DATA,
        **({} if environment.simulated is None else {"simulated": "true"}),
        **dict(_objectives(report)),
    }


def verdict_of(report: Report) -> str:
    """`met`, `valid`, `violated` or `inconclusive`."""
    return verdict_sentence(report).partition(":")[0].lower()


def failure_reason(report: Report) -> str:
    """Why a checkup failed; empty where it did not."""
    return report_text(verdict_sentence(report)) if report.exit_code else ""


def _objectives(report: Report) -> Iterator[tuple[str, str]]:
    if report.verdicts:
        met = sum(item.verdict.value == "met" for item in report.verdicts)
        yield "objectivesMet", f"{met} of {len(report.verdicts)}"


def _number(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return NO_DATA
    return f"{figure.value:.6g}"
