"""`virtslo history changes`: what changed, when, and how sure that is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from virtslo.cli.history.options import choose_lineage, history_option, opened, remembered
from virtslo.cli.options import format_option
from virtslo.cli.printing import say, show_json
from virtslo.model.history.changes import (
    Change,
    ChangeKind,
    Drift,
    FindingKind,
    History,
    HistoryFinding,
)
from virtslo.model.history.runs import Lineage, SeriesKey

BAD: Final = frozenset({FindingKind.WORSE, FindingKind.MIXED, FindingKind.TELEMETRY_LOST})
SHOWN: Final = 8
"""How many series of a finding are printed unless all are asked for."""


@click.command("changes")
@history_option
@click.option("--job", metavar="NAME", help="The job or scenario, or a part of its name.")
@click.option(
    "--metric", metavar="TEXT", help="Only what series with this text in their name show."
)
@click.option(
    "--since", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Only from this day on."
)
@click.option("--all-series", is_flag=True, help="Print every series of a finding.")
@click.option(
    "--acknowledged",
    "known",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("virtslo-acknowledged.yaml"),
    show_default=True,
    help="The file with findings that are known.",
)
@click.option(
    "--new",
    "is_new_only",
    is_flag=True,
    help="Only findings that are not known; exit code 1 if a confirmed one is bad.",
)
@click.option("--outliers", is_flag=True, help="Print single runs far from their level too.")
@format_option("table", "json")
def command(
    *,
    location: str | None,
    job: str | None,
    metric: str | None,
    since: datetime | None,
    all_series: bool,
    known: Path,
    is_new_only: bool,
    outliers: bool,
    form: str,
) -> int:
    """Find what changed in the history of a job or scenario.

    A finding is a window between two runs and every series that changed in it, with the levels
    before and after. It is suspected until 12 runs have confirmed it. Metrics that vanish or halve
    together are telemetry lost, not an improvement. Slow drifts over 90 days are listed apart.
    """
    from virtslo.config.acknowledged_file import read_acknowledged
    from virtslo.regress.findings import examine

    reasons = read_acknowledged(known)
    with opened(location) as store:
        lineage = store.load(choose_lineage(store, job))
        if metric is not None and not any(_is_meant(key, metric) for key in lineage.series):
            raise click.UsageError(f"no series of {lineage.name} contains {metric!r}")
        with remembered(store, lineage.name) as checkpoints:
            found = examine(lineage, checkpoints=checkpoints)
    found = _wanted(lineage, found, since, metric or "")
    findings = [
        finding for finding in found.findings if not (is_new_only and finding.id in reasons)
    ]
    is_bad = any(finding.is_confirmed and finding.kind in BAD for finding in findings)
    code = 1 if is_new_only and is_bad else 0
    if form == "json":
        show_json(json.dumps(document_of(lineage, found, findings, reasons), indent=2))
        return code
    limit = None if all_series else SHOWN
    for line in _lines(lineage, found, findings, reasons, limit=limit, is_odd_shown=outliers):
        say(line)
    return code


def _wanted(lineage: Lineage, found: History, since: datetime | None, metric: str) -> History:
    """What was found from a day on, of series whose name contains a text."""
    start = None if since is None else since.replace(tzinfo=UTC)

    def is_late(run: int) -> bool:
        return start is None or lineage.runs[run].ended_at >= start

    return replace(
        found,
        findings=tuple(
            finding
            for finding in found.findings
            if is_late(finding.first_after)
            and any(_is_meant(change.key, metric) for change in finding.changes)
        ),
        drifts=tuple(
            drift for drift in found.drifts if is_late(drift.last) and _is_meant(drift.key, metric)
        ),
        outliers=tuple(
            item
            for item in found.outliers
            if is_late(item.run) and any(_is_meant(key, metric) for key in item.keys)
        ),
    )


def _is_meant(key: SeriesKey, metric: str) -> bool:
    return metric.lower() in key.label.lower()


def _lines(
    lineage: Lineage,
    found: History,
    findings: Sequence[HistoryFinding],
    reasons: Mapping[str, str],
    *,
    limit: int | None,
    is_odd_shown: bool,
) -> Iterator[str]:
    yield f"{lineage.name}: {len(lineage.runs)} runs, {len(lineage.series)} series"
    for finding in findings:
        yield ""
        yield from finding_lines(lineage, finding, limit=limit)
        if finding.id in reasons:
            yield f"  known: {reasons[finding.id]}"
    if not findings:
        yield "no change found"
    if found.drifts:
        yield ""
        yield "slow drifts:"
    for drift in found.drifts:
        yield f"  {_drift(lineage, drift)}"
    if is_odd_shown:
        yield ""
        yield "single runs far from their level:"
        for item in found.outliers:
            run = lineage.runs[item.run]
            names = ", ".join(key.label for key in item.keys)
            yield f"  {run.ended_at:%Y-%m-%d %H:%M} {run.run_id}: {names}"
    yield ""
    yield (
        f"findings: {len(findings)}, slow drifts: {len(found.drifts)}, single runs out of line: "
        f"{len(found.outliers)}"
    )
    if found.left_out:
        shown = ", ".join(f"{reason} {count:,}" for reason, count in sorted(found.left_out.items()))
        yield f"values not used: {shown}"


def finding_lines(
    lineage: Lineage, finding: HistoryFinding, *, limit: int | None = SHOWN
) -> Iterator[str]:
    """A finding as text: its head, its window, its series."""
    yield from finding_head(lineage, finding)
    shown = finding.changes[:limit]
    width = max(len(change.key.label) for change in shown)
    for change in shown:
        yield f"    {change.key.label:<{width}}  {change_text(change)}"
    if len(shown) < len(finding.changes):
        yield f"    … and {len(finding.changes) - len(shown)} more series: --all-series"


def finding_head(lineage: Lineage, finding: HistoryFinding) -> Iterator[str]:
    """What a finding is, its window, and what else changed there."""
    before, after = lineage.runs[finding.last_before], lineage.runs[finding.first_after]
    status = "confirmed" if finding.is_confirmed else "suspected"
    yield (
        f"{finding.id}  {finding.kind.value.upper()}, {status}, confidence "
        f"{confidence_text(finding.confidence)}, {len(finding.changes)} series"
    )
    yield (
        f"  between {before.ended_at:%Y-%m-%d %H:%M} ({before.run_id}) and "
        f"{after.ended_at:%Y-%m-%d %H:%M} ({after.run_id})"
    )
    for item in finding.breaks:
        yield f"  with a change of {item.detail}{f' of {item.kind}' if item.kind else ''}"


def change_text(change: Change) -> str:
    """A change in words: levels, size, and what it rests on."""
    if change.kind is not ChangeKind.LEVEL:
        return f"{change.kind.value} ({change.runs_before} runs before, {change.runs_after} after)"
    assert change.before is not None
    assert change.after is not None
    size = "" if change.ratio is None else f" {change.ratio:+.1%}"
    doubt = "" if change.is_confirmed else ", suspected"
    return (
        f"{change.before:.5g} → {change.after:.5g}{size} "
        f"(n = {change.runs_before} / {change.runs_after}{doubt})"
    )


def confidence_text(value: float) -> str:
    """A confidence as per cent, never rounded up to certainty."""
    return "> 99.99 %" if value > 0.9999 else f"{value * 100:.2f} %"


def _drift(lineage: Lineage, drift: Drift) -> str:
    first, last = lineage.runs[drift.first], lineage.runs[drift.last]
    return (
        f"{drift.key.label}: {drift.before:.4g} → {drift.after:.4g} {drift.ratio:+.1%} from "
        f"{first.ended_at:%Y-%m-%d} to {last.ended_at:%Y-%m-%d} ({drift.weeks} weekly medians, "
        f"p = {drift.p:.1g})"
    )


def document_of(
    lineage: Lineage,
    found: History,
    findings: Sequence[HistoryFinding],
    reasons: Mapping[str, str],
) -> dict[str, Any]:
    """Everything as plain values."""
    return {
        "schema": "virtslo.changes/v1",
        "lineage": lineage.name,
        "runs": len(lineage.runs),
        "series": len(lineage.series),
        "findings": [
            {**_finding(lineage, finding), "acknowledged": reasons.get(finding.id)}
            for finding in findings
        ],
        "drifts": [
            {
                "series": _series(drift.key),
                "first": _run(lineage, drift.first),
                "last": _run(lineage, drift.last),
                "before": drift.before,
                "after": drift.after,
                "ratio": drift.ratio,
                "p": drift.p,
                "weeks": drift.weeks,
            }
            for drift in found.drifts
        ],
        "outliers": [
            {"run": _run(lineage, item.run), "series": [_series(key) for key in item.keys]}
            for item in found.outliers
        ],
        "values_not_used": dict(found.left_out),
    }


def _finding(lineage: Lineage, finding: HistoryFinding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "kind": finding.kind.value,
        "is_confirmed": finding.is_confirmed,
        "confidence": finding.confidence,
        "last_before": _run(lineage, finding.last_before),
        "first_after": _run(lineage, finding.first_after),
        "breaks": [item.detail for item in finding.breaks],
        "changes": [
            {
                "series": _series(change.key),
                "kind": change.kind.value,
                "last_before": _run(lineage, change.last_before),
                "first_after": _run(lineage, change.first_after),
                "earliest": _run(lineage, change.earliest),
                "latest": _run(lineage, change.latest),
                "before": change.before,
                "after": change.after,
                "ratio": change.ratio,
                "superiority": change.superiority,
                "statistic": change.z,
                "confidence": change.confidence,
                "runs_before": change.runs_before,
                "runs_after": change.runs_after,
                "is_confirmed": change.is_confirmed,
            }
            for change in finding.changes
        ],
    }


def _series(key: Any) -> dict[str, str]:
    return {"kind": key.kind, "indicator": key.indicator, "statistic": key.statistic}


def _run(lineage: Lineage, index: int) -> dict[str, str]:
    run = lineage.runs[index]
    return {"job": run.job, "run_id": run.run_id, "ended_at": run.ended_at.isoformat()}
