"""Reasons to doubt repetitions that no run shows by itself: the first one stands apart.

Invariant: only runs of one real cluster, one after another, are looked at: on the simulated cluster
each repetition has a cluster of its own, and none is warmed by another.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from virtslo.model.report.document import RunGroup
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import FigureKey, Indicator, figures_by_key
from virtslo.model.run.findings import Finding
from virtslo.slo.catalog.churn import REPLACEMENT
from virtslo.slo.catalog.vmis import INTENT_TO_RUNNING
from virtslo.slo.record.measured import Measured
from virtslo.slo.statistics.repetition import stands_apart

LOOKED_AT: Final = tuple(
    FigureKey(indicator.name, statistic)
    for indicator in (INTENT_TO_RUNNING, REPLACEMENT)
    for statistic in ("p50", "p95")
)
"""The headlines."""


def first_run_findings(
    groups: Sequence[RunGroup],
    runs: Sequence[Measured],
    indicators: Mapping[str, Sequence[Indicator]],
) -> Iterator[tuple[str, Finding]]:
    """For each group whose first run stands apart from the others: that run, and the finding."""
    by_id = {run.record.host.run_id: run for run in runs}
    for group in groups:
        mine = [by_id[run] for run in group.runs]
        if any(run.record.header.environment.simulated is not None for run in mine):
            continue
        ids = [
            run.record.host.run_id
            for run in sorted(mine, key=lambda run: run.record.host.started_at)
        ]
        figures = [figures_by_key(indicators[run]) for run in ids]
        found = [_apart(key, figures) for key in LOOKED_AT]
        told = [words for words in found if words]
        if told:
            shown = zip(LOOKED_AT, found, strict=True)
            touched = tuple(dict.fromkeys(key.name for key, words in shown if words))
            yield (
                ids[0],
                Finding(
                    code="first_run_apart",
                    detail=f"the first of {len(ids)} runs stands apart, as one does that warms the "
                    f"cluster for the others: {'; '.join(told)}; report the others alone",
                    touches=touched,
                ),
            )


def _apart(key: FigureKey, figures: Sequence[Mapping[FigureKey, Figure]]) -> str:
    """What the first run shows and the others; empty where it does not stand apart."""
    values = [
        float(figure.value)
        for own in figures
        if (figure := own.get(key)) is not None and figure.value is not None
    ]
    if len(values) < len(figures) or not stands_apart(values[0], values[1:]):
        return ""
    low, high = min(values[1:]), max(values[1:])
    shown = f"{low:.3g} to {high:.3g} s"
    return f"{key.name} {key.statistic} {values[0]:.3g} s, the others {shown}"
