"""A report's runs as the history keeps them.

Invariant: whatever indicators a report has are taken as they are; a figure without a value keeps
its reason.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from virtslo.model.history.runs import HistoryFigure, HistoryRun
from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.figures import Interval
from virtslo.model.report.indicators import Indicator
from virtslo.model.run.record import RunRecord

FORM: Final = "virtslo"


def history_runs(records: Sequence[RunRecord], report: Report) -> Iterator[HistoryRun]:
    """The runs of a report on these records."""
    by_run: dict[str, list[Indicator]] = {}
    for item in report.indicators:
        by_run.setdefault(item.run, []).append(item)
    for record, run in zip(records, report.runs, strict=True):
        yield _history_run(record, run, report, by_run.get(run.id, []))


def _history_run(
    record: RunRecord, run: RunSummary, report: Report, indicators: Sequence[Indicator]
) -> HistoryRun:
    figures = tuple(_figure(run.kind, item) for item in indicators)
    found = [item.finding for item in report.findings if item.run == run.id]
    simulated = run.environment.simulated
    place_free = replace(run, directory="")
    ended = _moment(record.host.finished_at) or _moment(record.host.started_at)
    return HistoryRun(
        job=run.scenario,
        run_id=run.id,
        lineage=lineage_of(run),
        environment=environment_of(run),
        started_at=_moment(record.host.started_at),
        ended_at=ended or datetime(1970, 1, 1, tzinfo=UTC),
        form=FORM,
        origin=run.directory,
        content_hash=hashlib.sha256(repr((place_free, figures, found)).encode()).hexdigest(),
        is_valid=not any(finding.inconclusive for finding in found),
        is_simulated=simulated is not None,
        seed=None if simulated is None else simulated.seed,
        facts=_facts(record, run),
        findings=tuple((finding.code, finding.detail) for finding in found),
        figures=figures,
    )


def lineage_of(run: RunSummary) -> str:
    """The scenario, test, count and kind of cluster: what may be followed over time."""
    simulated = run.environment.simulated
    cluster = "" if simulated is None else f" (simulated, {simulated.description})"
    return f"{run.scenario} {run.test} {run.kind} {run.count}{cluster}"


def environment_of(run: RunSummary) -> str:
    """Versions and nodes: a baseline restarts where one of them changes."""
    environment = run.environment
    named = {
        "kubernetes": environment.kubernetes_version,
        "kubevirt": environment.kubevirt_version,
        "nodes": environment.nodes,
    }
    shown = [f"{name} {value}" for name, value in named.items() if value is not None]
    simulated = environment.simulated
    if simulated is not None and simulated.faults:
        shown.append(f"faults {', '.join(simulated.faults)}")
    return ", ".join(shown)


def _figure(kind: str, item: Indicator) -> HistoryFigure:
    figure = item.figure
    return HistoryFigure(
        kind=kind,
        indicator=item.name,
        statistic=item.statistic,
        value=None if figure.value is None else float(figure.value),
        unit=figure.unit,
        source=figure.source,
        samples=figure.samples,
        reason=figure.reason,
        interval=_interval(figure.interval),
    )


def _interval(found: Interval | None) -> tuple[float, float] | None:
    if found is None or found.low is None or found.high is None:
        return None
    return found.low, found.high


def _facts(record: RunRecord, run: RunSummary) -> Mapping[str, Any]:
    return {
        "tool_version": record.host.tool_version,
        "count": run.count,
        "arrival": run.arrival,
        "status": run.status,
    }


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
