"""A run in the result schema of KubeVirt's VEP-411, as JSON and as CSV.

Invariant: a time that was not observed is null and its record failed, never 0; nothing about the
cluster or the image is guessed: what the record does not know is null.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from virtslo.base.plain_text import csv_text, file_name
from virtslo.model.identifiers import RUNNING
from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.run_detail import ObjectTrack, RunDetail
from virtslo.report.marking import date_at, detailed_runs, marked

SCHEMA_VERSION: Final = "1.0.0"
TIMES: Final = (
    "time_to_vm_created_seconds",
    "time_to_vmi_running_seconds",
    "time_to_vmi_ready_seconds",
)
COLUMNS: Final = ("namespace", "vm_name", "status", *TIMES)


class Vep411:
    """Renders the JSON document; several runs become an array."""

    def render(self, report: Report) -> str:
        """The document."""
        documents = [document_of(run, detail) for run, detail in detailed_runs(report)]
        return json.dumps(documents[0] if len(documents) == 1 else documents, indent=2) + "\n"

    def files(self, report: Report) -> Mapping[str, str]:
        """The three files that the enhancement names, by their names.

        Runs of one scenario, as repetitions are, have the run's id in the name.
        """
        found: dict[str, str] = {}
        times = Counter(run.scenario for run in report.runs)
        for run, detail in detailed_runs(report):
            document = document_of(run, detail)
            name = marked(run, run.scenario)
            if times[run.scenario] > 1:
                name = f"{name}-{run.id}"
            name = file_name(name)
            found[f"{name}_results.json"] = json.dumps(document, indent=2) + "\n"
            found[f"{name}_results.csv"] = _csv(document["records"])
            summary = {key: value for key, value in document.items() if key != "records"}
            found[f"summary_{name}.json"] = json.dumps(summary, indent=2) + "\n"
        return found


class Vep411Csv:
    """Renders the flat records as CSV."""

    def render(self, report: Report) -> str:
        """The table, with a header line."""
        return _csv(
            record
            for run, detail in detailed_runs(report)
            for record in document_of(run, detail)["records"]
        )


def document_of(run: RunSummary, detail: RunDetail) -> dict[str, Any]:
    """The document of one run."""
    records = [_record(run, item) for item in detail.measured_objects()]
    settings = detail.settings
    environment = run.environment
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "virtslo", "version": detail.tool_version, "git_commit": None},
        "scenario": {"name": marked(run, run.scenario), "version": "1"},
        "timestamp": date_at(detail, 0.0),
        "cluster": {
            "kubernetes_version": environment.kubernetes_version,
            "kubevirt_version": environment.kubevirt_version,
            "cdi_version": None,
            "virtctl_version": None,
            "distribution": "simulated" if environment.simulated is not None else None,
            "node_count": environment.nodes,
            "node_shape": dict(environment.node_shape),
        },
        "workload": {
            "vm_template": settings.get("template"),
            "vm_image": None,
            "storage_class": None,
            "access_mode": None,
            "volume_mode": None,
            "disk_count": None,
            "disk_size": None,
        },
        "parameters": dict(settings),
        "aggregate": _aggregate(records, detail.missing + detail.refused),
        "records": records,
        "cleanup": _cleanup(detail),
    }


def _record(run: RunSummary, item: ObjectTrack) -> dict[str, Any]:
    running = item.since_release(item.phases.get(RUNNING))
    return {
        "namespace": item.namespace,
        "vm_name": marked(run, item.owner or item.name),
        "status": "success" if RUNNING in item.phases else "failed",
        "time_to_vm_created_seconds": item.since_release(
            item.added if item.owner is None else item.owner_added
        ),
        "time_to_vmi_running_seconds": running,
        "time_to_vmi_ready_seconds": item.since_release(item.ready),
    }


def _aggregate(records: list[dict[str, Any]], lost: int) -> dict[str, Any]:
    """Averages and maxima stand only where every VM has the time; else they would flatter."""
    good = sum(record["status"] == "success" for record in records)
    found: dict[str, Any] = {
        "total_vms": len(records) + lost,
        "successful_vms": good,
        "failed_vms": len(records) + lost - good,
    }
    for name in TIMES:
        values = [record[name] for record in records]
        whole = bool(values) and not lost and all(value is not None for value in values)
        found[f"avg_{name}"] = sum(values) / len(values) if whole else None
        found[f"max_{name}"] = max(values) if whole else None
    return found


def _cleanup(detail: RunDetail) -> dict[str, Any]:
    requested = any(stage.name == "ramp_down" for stage in detail.stages)
    if not requested:
        return {"requested": False, "status": "not requested"}
    left = sum(item.deleted is None for item in detail.objects)
    return {"requested": True, "status": "complete" if not left else f"{left} VMIs not seen gone"}


def _csv(records: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({key: _cell(record[key]) for key in COLUMNS})
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    return csv_text(value) if isinstance(value, str) else value
