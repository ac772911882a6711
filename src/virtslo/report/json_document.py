"""A report as the JSON document `virtslo.report/v1`.

Invariant: every key of the three tables is there; `value` is null only beside a `reason`. The
schema is in the package (`report_schema.json`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources as package_data
from typing import Any, Final

from virtslo.base.plain_text import json_text
from virtslo.model.report.document import ChurnLadder, Report, RunGroup, RunSummary
from virtslo.model.report.figures import CONFIDENCE, Figure, Interval
from virtslo.model.report.verdicts import Verdict

SCHEMA: Final = "virtslo.report/v1"


class JsonDocument:
    """Renders JSON."""

    def render(self, report: Report) -> str:
        """The document, indented."""
        return json_text(json.dumps(document_of(report), indent=2, ensure_ascii=False)) + "\n"


def report_schema() -> Any:
    """The JSON Schema of the document."""
    text = package_data.files("virtslo.report").joinpath("report_schema.json")
    return json.loads(text.read_text(encoding="utf-8"))


def document_of(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    tables = report.tables
    return {
        "schema": SCHEMA,
        "runs": [_run(run) for run in report.runs],
        "valid": report.valid,
        "data_quality": [
            {
                "run": item.run,
                "code": item.finding.code,
                "touches": list(item.finding.touches),
                "detail": item.finding.detail,
                "inconclusive": item.finding.inconclusive,
            }
            for item in report.findings
        ],
        "tables": {
            "creation_rate": _cells(tables.creation_rate),
            "phase_transition_rate": {
                kind: _cells(by_test) for kind, by_test in tables.phase_transition_rate.items()
            },
            "rest_calls": {kind: _cells(by_test) for kind, by_test in tables.rest_calls.items()},
            "rest_calls_beside": {
                kind: _cells(by_test) for kind, by_test in tables.rest_calls_beside.items()
            },
        },
        "indicators": [
            {
                "run": item.run,
                "name": item.name,
                "statistic": item.statistic,
                **cell_of(item.figure),
            }
            for item in report.indicators
        ],
        "rest_calls_by_source": [asdict(comparison) for comparison in report.sources],
        "time_spent": [asdict(item) for item in report.time_spent],
        "churn_ladders": [_ladder(ladder) for ladder in report.ladders],
        "repetitions": [_group(group) for group in report.groups],
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
    }


def cell_of(figure: Figure) -> dict[str, Any]:
    """A figure as a CELL of the document."""
    cell: dict[str, Any] = {
        "value": figure.value,
        "unit": figure.unit,
        "samples": figure.samples,
        "source": figure.source,
        "reason": figure.reason,
    }
    for key in ("lower_bound", "upper_bound", "no_interval"):
        value = getattr(figure, key)
        if value is not None:
            cell[key] = value
    if figure.interval is not None:
        cell["interval"] = interval_of(figure.interval)
    if figure.range is not None:
        cell["range"] = list(figure.range)
    cell.update(figure.detail or {})
    return cell


def interval_of(interval: Interval) -> dict[str, Any]:
    """An interval of a CELL or a verdict."""
    return {**asdict(interval), "confidence": CONFIDENCE}


def _ladder(ladder: ChurnLadder) -> dict[str, Any]:
    return {
        **asdict(ladder),
        "highest_absorbed": ladder.highest_absorbed,
        "first_not_absorbed": ladder.first_not_absorbed,
    }


def _group(group: RunGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "test": group.test,
        "kind": group.kind,
        "runs": list(group.runs),
        "indicators": [
            {"name": item.name, "statistic": item.statistic, **cell_of(item.figure)}
            for item in group.indicators
        ],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    found = {**asdict(verdict), "runs": list(verdict.runs), "basis": verdict.basis}
    del found["repetitions"]
    if verdict.interval is not None:
        found["interval"] = interval_of(verdict.interval)
    return found


def _cells(by_test: Mapping[str, Mapping[str, Figure]]) -> dict[str, Any]:
    return {
        test: {column: cell_of(figure) for column, figure in columns.items()}
        for test, columns in by_test.items()
    }


def _run(run: RunSummary) -> dict[str, Any]:
    environment = run.environment
    simulated = environment.simulated
    cluster: dict[str, Any] = {
        "simulated": simulated is not None,
        "kubernetes_version": environment.kubernetes_version,
        "kubevirt_version": environment.kubevirt_version,
        "nodes": environment.nodes,
        "node_shape": dict(environment.node_shape),
        "client_limits": {
            component: asdict(limit) for component, limit in environment.client_limits.items()
        },
        "feature_gates": list(environment.feature_gates),
        "virtual_time": environment.virtual_time,
    }
    if simulated is not None:
        cluster.update(
            profile=simulated.profile,
            seed=simulated.seed,
            faults=list(simulated.faults),
            settings=dict(simulated.settings),
        )
    return {
        "id": run.id,
        "test": run.test,
        "kind": run.kind,
        "scenario": run.scenario,
        "count": run.count,
        "arrival": run.arrival,
        "max_in_flight": run.max_in_flight,
        "status": run.status,
        "duration_seconds": run.duration_seconds,
        "least_seconds": run.least_seconds,
        "record": run.directory,
        "objectives": run.objectives or None,
        "cluster": cluster,
    }
