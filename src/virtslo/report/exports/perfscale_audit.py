"""A run as the results file of KubeVirt's perfscale-audit, with exact numbers.

Invariant: keys are that tool's own; a key without data is left out, never 0. Counts are 2xx
requests between two direct reads; latencies are nearest ranks over every object, from the VMI's own
creation, as KubeVirt's metric has them.
"""

import json
from collections import Counter
from typing import Any, Final

from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.run_detail import RunDetail
from virtslo.report.marking import PREFIX, detailed_runs, is_simulated

_LATENCIES: Final = {
    "vmi_creation_to_running": "vmiCreationToRunningSeconds",
    "deletion_to_succeeded": "vmiDeletionToSucceededSeconds",
    "deletion_to_failed": "vmiDeletionToFailedSeconds",
}


class PerfscaleAudit:
    """Renders the results of one run; several runs become one document each, in an array."""

    def render(self, report: Report) -> str:
        """The document."""
        documents = [results(run, detail) for run, detail in detailed_runs(report)]
        return json.dumps(documents[0] if len(documents) == 1 else documents, indent=4) + "\n"


def results(run: RunSummary, detail: RunDetail) -> dict[str, Any]:
    """The results of one run, with perfscale-audit's keys."""
    prefix = PREFIX if is_simulated(run) else ""
    values: dict[str, float] = {}
    calls: Counter[str] = Counter()
    for row in detail.rest_calls:
        if row.stage == detail.measured_stage and row.code.startswith("2"):
            calls[f"{row.verb}-{row.resource}-count"] += row.count
    values.update(calls)
    for phase, count in detail.phase_counts.items():
        values[f"{phase.lower()}-phase-count"] = count
    for summary in detail.latencies:
        key = _LATENCIES.get(summary.name)
        if key is None:
            continue
        for rank, value in (("P50", summary.p50), ("P95", summary.p95), ("P99", summary.p99)):
            if value is not None:
                values[f"{key}{rank}"] = value
    return {"Values": {f"{prefix}{key}": {"value": values[key]} for key in sorted(values)}}
