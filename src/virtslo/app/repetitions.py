"""Whether repetitions told enough: how wide the interval is that they are to narrow.

Invariant: a width is that of the figure that a report over the same records prints; a figure that a
run lacks never gets narrow, however many runs there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.app.build_report import build_report
from virtslo.model.plan.suite import Until
from virtslo.model.report.document import RunGroup
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import FigureKey, figures_by_key
from virtslo.model.run.record import RunRecord
from virtslo.model.vocabulary import OF_ARRIVALS
from virtslo.slo.catalog.churn import REPLACEMENT
from virtslo.slo.catalog.vmis import INTENT_TO_RUNNING

LEAST: Final = 5
"""Repetitions before an interval may end them: from three runs on it can be narrow by chance."""


@dataclass(frozen=True, slots=True)
class Width:
    """How wide the interval of one test's indicator is."""

    subject: str
    """The test and kind, such as `burst-vmi`."""
    indicator: str
    statistic: str
    runs: int
    share: float | None
    """The greatest distance of its ends from the value, as a share of it; None: no interval."""
    reason: str = ""
    is_hopeless: bool = False
    """Whether more runs cannot help, since a run has no data."""

    def is_within(self, share: float) -> bool:
        """Whether it is narrow enough."""
        return self.share is not None and self.share <= share

    def __str__(self) -> str:
        told = self.reason if self.share is None else f"± {100 * self.share:.3g} %"
        return f"{self.subject}: {self.indicator} {self.statistic} after {self.runs} runs: {told}"


def widths_of(records: Sequence[RunRecord], until: Until) -> list[Width]:
    """The width of every test among these records."""
    report = build_report(records)
    grouped = {run for group in report.groups for run in group.runs}
    alone = [run for run in report.runs if run.id not in grouped]
    found = [_width(group, until) for group in report.groups]
    return found + [
        Width(f"{run.test}-{run.kind}", *_wanted(run.test, until), 1, None, "one run")
        for run in alone
    ]


def is_enough(widths: Sequence[Width], until: Until) -> bool:
    """Whether repetitions end: every interval is narrow enough, or one never will be."""
    return any(width.is_hopeless for width in widths) or all(
        width.is_within(until.share) for width in widths
    )


def _width(group: RunGroup, until: Until) -> Width:
    wanted = _wanted(group.test, until)
    share, reason, is_hopeless = _share(figures_by_key(group.indicators).get(wanted))
    return Width(group.id, *wanted, len(group.runs), share, reason, is_hopeless)


def _share(figure: Figure | None) -> tuple[float | None, str, bool]:
    if figure is None:
        return None, "these runs have no such figure", True
    if figure.value is None:
        return None, figure.reason or "no data", True
    interval = figure.interval
    if interval is None or interval.low is None or interval.high is None:
        return None, figure.no_interval or "no interval", False
    ends = max(figure.value - interval.low, interval.high - figure.value)
    if ends == 0:
        return 0.0, "", False
    if figure.value <= 0:
        return None, "the value is 0: no share of it", True
    return float(ends / figure.value), "", False


def _wanted(test: str, until: Until) -> FigureKey:
    if until.indicator:
        return FigureKey(until.indicator, until.statistic)
    headline = INTENT_TO_RUNNING if test in OF_ARRIVALS else REPLACEMENT
    return FigureKey(headline.name, "p95")
