"""A run as clusterloader2's PerfData, for dashboards that read it.

Invariant: a data item has only the percentiles that exist; one that has none is left out.
"""

import json
from typing import Any, Final

from virtslo.model.plan.workload import Kind
from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.run_detail import LatencySummary, RunDetail
from virtslo.report.marking import detailed_runs, marked

VERSION: Final = "v1"


class PerfData:
    """Renders PerfData; several runs become one document each, in an array."""

    def render(self, report: Report) -> str:
        """The document."""
        documents = [perf_data(run, detail, report) for run, detail in detailed_runs(report)]
        return json.dumps(documents[0] if len(documents) == 1 else documents, indent=2) + "\n"


def perf_data(run: RunSummary, detail: RunDetail, report: Report) -> dict[str, Any]:
    """The PerfData of one run: latencies in milliseconds, rates, counts."""
    items = [
        item
        for summary in detail.latencies
        if (item := _latency(run, summary))["data"] and not _is_twice(run, summary, detail)
    ]  # fmt: skip
    for indicator in report.indicators:
        figure = indicator.figure
        is_rate = figure.unit.endswith("/s") and indicator.statistic == "mean"
        if indicator.run == run.id and is_rate and figure.value is not None:
            labels = {"Metric": marked(run, indicator.name)}
            data = {"Average": float(figure.value)}
            items.append({"data": data, "unit": figure.unit, "labels": labels})
    labels = {"Name": marked(run, run.scenario), "Run": marked(run, run.id), "Test": run.test}
    return {"version": VERSION, "dataItems": items, "labels": labels}


def _is_twice(run: RunSummary, summary: LatencySummary, detail: RunDetail) -> bool:
    """Whether a bare VMI's latency is there under another name: since its create is since its
    creation.
    """
    names = {item.name for item in detail.latencies}
    return run.kind == Kind.VMI.value and f"vmi_creation_to_{summary.name}" in names


def _latency(run: RunSummary, summary: LatencySummary) -> dict[str, Any]:
    """A latency by its name: of the VMI's own life, else since its owner's create.

    A bare VMI has no owner, and its phases one name.
    """
    ranks = {"Perc50": summary.p50, "Perc90": summary.p90, "Perc99": summary.p99}
    name, subject = summary.name.removeprefix("vmi_"), "vmi"
    if not name.startswith(("deletion", "creation")):
        name = f"creation_to_{name}"
        subject = "vmi" if run.kind == Kind.VMI.value else "owner"
    return {
        "data": {key: round(value * 1000, 6) for key, value in ranks.items() if value is not None},
        "unit": "ms",
        "labels": {"Metric": marked(run, f"{subject}_{name}")},
    }
