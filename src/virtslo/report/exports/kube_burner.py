"""A run as the documents that kube-burner indexes: a job's summary, VMI latencies, their quantiles.

Invariant: latencies are whole milliseconds from the release of the create to the first observation;
what was not observed has no field, never 0 and never a negative number; objects that did not finish
count in every quantile, so that one which falls on them is left out.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.plain_text import file_name, json_text
from virtslo.model.identifiers import RUNNING
from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.run_detail import LatencySummary, ObjectTrack, RunDetail
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.report.marking import date_at, detailed_runs, is_simulated, marked, stable_uuid

LATENCY: Final = "vmiLatencyMeasurement"
QUANTILES: Final = "vmiLatencyQuantilesMeasurement"
SUMMARY: Final = "jobSummary"
_QUANTILE_NAMES: Final = {
    "owner_ready": "VMReady",
    "added": "VMICreated",
    "pending": "VMIPending",
    "scheduling": "VMIScheduling",
    "scheduled": "VMIScheduled",
    "running": "VMIRunning",
    "pod_added": "PodCreated",
}

Document = dict[str, Any]


class KubeBurner:
    """Renders every document in one array, or one file a measurement and job."""

    def render(self, report: Report) -> str:
        """Every document, in one array."""
        return _array([document for run in _by_run(report) for document in run[2]])

    def files(self, report: Report) -> Mapping[str, str]:
        """The files of kube-burner's local indexer, by name."""
        summaries: list[Document] = []
        found: dict[str, str] = {}
        for run, _, documents in _by_run(report):
            job = marked(run, run.scenario)
            name = file_name(job if len(report.runs) == 1 else f"{job}-{run.id}")
            summaries += [item for item in documents if item["metricName"] == SUMMARY]
            for metric in (LATENCY, QUANTILES):
                chosen = [document for document in documents if document["metricName"] == metric]
                found[f"{metric}-{name}.json"] = _array(chosen)
        found[f"{SUMMARY}.json"] = _array(summaries)
        return found


def documents_of(report: Report) -> list[Document]:
    """Every document of every run."""
    return [document for _, _, documents in _by_run(report) for document in documents]


def _by_run(report: Report) -> list[tuple[RunSummary, RunDetail, list[Document]]]:
    return [
        (
            run,
            detail,
            [
                _summary(run, detail),
                *(_quantiles(run, detail, item) for item in detail.latencies
                  if item.name in _QUANTILE_NAMES),
                *(_latency(run, detail, item) for item in detail.measured_objects()),
            ],
        )
        for run, detail in detailed_runs(report)
    ]  # fmt: skip


def _shared(run: RunSummary, metric: str) -> Document:
    return {
        "metricName": metric,
        "uuid": stable_uuid(run),
        "jobName": marked(run, run.scenario),
        "metadata": {
            "k8sVersion": run.environment.kubernetes_version,
            "kubevirtVersion": run.environment.kubevirt_version,
            "tool": "virtslo",
            "simulated": is_simulated(run),
        },
    }


def _latency(run: RunSummary, detail: RunDetail, item: ObjectTrack) -> Document:
    start = item.released if item.released is not None else 0.0
    document: Document = {
        "timestamp": date_at(detail, start),
        **_shared(run, LATENCY),
        "namespace": item.namespace,
        "vmiName": marked(run, item.name),
        "replica": 1,
    }
    if item.index is not None:
        document["jobIteration"] = item.index
    moments: dict[str, float | None] = {
        "vmiCreatedLatency": item.added,
        **{f"vmi{phase}Latency": item.phases.get(phase) for phase in TABLE_PHASES},
        "vmReadyLatency": item.owner_ready,
    }
    if item.pod is not None:
        document["podName"] = item.pod.name
        moments |= {"podCreatedLatency": item.pod.added, "podReadyLatency": item.pod.ready}
    if item.owner is not None:
        document["vmName"] = marked(run, item.owner)
    if item.node is not None:
        document["nodeName"] = item.node
    if item.cycle is not None:
        document["churnMetric"] = True
    for name, moment in moments.items():
        latency = item.since_release(moment)
        if latency is not None:
            document[name] = _milliseconds(latency)
    return document


def _quantiles(run: RunSummary, detail: RunDetail, summary: LatencySummary) -> Document:
    ranks = {
        "P99": summary.p99,
        "P95": summary.p95,
        "P50": summary.p50,
        "min": summary.least,
        "max": summary.most,
        "avg": summary.average,
    }
    return {
        "timestamp": date_at(detail, _end(detail)),
        **_shared(run, QUANTILES),
        "quantileName": _QUANTILE_NAMES[summary.name],
        **{key: _milliseconds(value) for key, value in ranks.items() if value is not None},
    }


def _summary(run: RunSummary, detail: RunDetail) -> Document:
    start = next((stage.t0 for stage in detail.stages if stage.name == "ramp_up"), 0.0)
    churn = next((stage for stage in detail.stages if stage.name == "churn"), None)
    document: Document = {
        "timestamp": date_at(detail, start),
        "endTimestamp": date_at(detail, _end(detail)),
        "elapsedTime": round(_end(detail) - start),
        **_shared(run, SUMMARY),
        "jobConfig": {
            "name": marked(run, run.scenario),
            "jobType": "create",
            "jobIterations": run.count,
            **{key: value for key, value in detail.settings.items() if value is not None},
        },
        "version": f"virtslo {detail.tool_version}",
        "passed": _is_passed(run, detail),
        "k8sVersion": run.environment.kubernetes_version,
        "totalNodes": run.environment.nodes,
    }
    if churn is not None:
        document["churnStartTimestamp"] = date_at(detail, churn.t0)
        document["churnEndTimestamp"] = date_at(detail, churn.ended or churn.t0)
    failed = sorted({item.error for item in detail.operations if item.error})
    if failed:
        document["executionErrors"] = "; ".join(failed)
    return document


def _is_passed(run: RunSummary, detail: RunDetail) -> bool:
    made = detail.measured_objects()
    lost = detail.missing + detail.refused
    running = all(RUNNING in item.phases for item in made)
    return bool(made) and running and not lost and run.status == "complete"


def _end(detail: RunDetail) -> float:
    return max((stage.ended for stage in detail.stages if stage.ended is not None), default=0.0)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _array(documents: list[Document]) -> str:
    return json_text(json.dumps(documents, indent=1, ensure_ascii=False)) + "\n"
