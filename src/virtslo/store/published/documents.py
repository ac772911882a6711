"""Single result documents of other tools: perfscale-audit, kube-burner, VEP-411.

Invariant: a document without a time or a name of its own gets the file's; figures keep the names
that their tools give them.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

from virtslo.model.history.runs import HistoryFigure, HistoryRun, OddInput
from virtslo.store.published.kubevirt_ci import (
    RESULTS,
    lineage_of,
    read_values,
    run_folder,
    started_at,
)
from virtslo.store.published.strict_json import content_hash, short
from virtslo.store.published.values import count, moment, number

QUANTILES: Final = ("P99", "P95", "P50", "min", "max", "avg")
VEP_KEYS: Final = ("schema_version", "scenario", "aggregate")
_NAMED: Final = 3


def read_document(
    document: Any, *, origin: str, modified: datetime
) -> Iterator[HistoryRun | OddInput] | None:
    """The runs of a document of a known shape; None if it is of none."""
    if isinstance(document, dict) and isinstance(document.get("Values"), dict):
        return _perfscale_audit(document, origin, modified)
    if isinstance(document, dict) and all(key in document for key in VEP_KEYS):
        return _vep411([document], origin)
    if not isinstance(document, list) or not document:
        return None
    if all(isinstance(item, dict) and "metricName" in item for item in document):
        return _kube_burner(document, origin)
    if all(isinstance(item, dict) and all(key in item for key in VEP_KEYS) for item in document):
        return _vep411(document, origin)
    return None


def no_result(document: Any) -> str:
    """What a document is that is none of the known ones, and what one would be."""
    if isinstance(document, dict) and "Values" in document:
        return f"Values: expected an object, found {short(document['Values'])}"
    if isinstance(document, dict) and (there := [key for key in VEP_KEYS if key in document]):
        missing = [key for key in VEP_KEYS if key not in document]
        return f"{' and '.join(there)} without {' and '.join(missing)}"
    if isinstance(document, dict):
        named = [*map(short, list(document)[:_NAMED]), *(["…"] if len(document) > _NAMED else [])]
        found = f"an object with {', '.join(named) or 'nothing'}"
    else:
        found = short(document)
    return f"expected an object with {' or '.join((*RESULTS, 'Values'))}, found {found}"


def _perfscale_audit(
    document: Mapping[str, Any], origin: str, modified: datetime
) -> Iterator[HistoryRun | OddInput]:
    job, run_id, kind = _audit_place(PurePath(origin))
    figures, odd = read_values(document["Values"], kind)
    yield from (OddInput(origin, words, is_lost=False) for words in odd)
    lineage, environment = lineage_of(job)
    scheduled = started_at(run_id)
    yield HistoryRun(
        job=job,
        run_id=run_id,
        lineage=lineage,
        environment=environment,
        started_at=scheduled,
        ended_at=scheduled or modified,
        form="perfscale-audit",
        origin=origin,
        content_hash=content_hash(document),
        is_valid=bool(figures),
        is_simulated=any(figure.indicator.startswith("simulated-") for figure in figures),
        figures=tuple(figures),
    )


def _audit_place(path: PurePath) -> tuple[str, str, str]:
    """Job, run id and kind of object: of a job's artifacts by the folder that is named by a run.

    A job writes a file a kind, such as `VMI-perf-audit-results.json`: each is a job of its own.
    """
    run = run_folder(path)
    if run is None:
        return path.stem, path.parent.name or path.stem, ""
    kind = next((kind for kind in ("vmi", "vm") if path.stem.lower().startswith(f"{kind}-")), "")
    return f"{run.parent.name} {path.stem}".strip(), run.name, kind


def _kube_burner(
    documents: Iterable[Mapping[str, Any]], origin: str
) -> Iterator[HistoryRun | OddInput]:
    """One run a uuid and job; quantile documents and the job's summary are figures."""
    by_run: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for item in documents:
        job = item.get("jobName") or _nested(item, "jobConfig", "name")
        uuid = item.get("uuid")
        if not isinstance(job, str) or not isinstance(uuid, str):
            yield OddInput(origin, "a document without uuid or job name", is_lost=False)
            continue
        by_run.setdefault((job, uuid), []).append(item)
    for (job, uuid), items in by_run.items():
        moments = [found for item in items if (found := moment(_when(item))) is not None]
        odd: list[str] = []
        figures = list(_burner_figures(items, odd))
        yield from (OddInput(origin, f"{job} {uuid}: {words}", is_lost=False) for words in odd)
        if not moments:
            yield OddInput(origin, f"{job} {uuid}: no timestamp that can be read")
        elif figures:
            yield _burner_run(job, uuid, items, figures, max(moments), origin)
        elif odd:
            yield OddInput(origin, f"{job} {uuid}: no figure that can be read")


def _burner_run(
    job: str,
    uuid: str,
    items: list[Mapping[str, Any]],
    figures: list[HistoryFigure],
    ended: datetime,
    origin: str,
) -> HistoryRun:
    metadata: Mapping[str, Any] = next(
        (item["metadata"] for item in items if _is_dict(item, "metadata")), {}
    )
    said = [item["passed"] for item in items if item.get("passed") is not None]
    refuted = [short(value) for value in said if value is not True]
    versions = {
        key: value
        for key, value in {
            "kubernetes": metadata.get("k8sVersion") or metadata.get("ocpVersion"),
            "kubevirt": metadata.get("kubevirtVersion"),
        }.items()
        if isinstance(value, str)
    }
    return HistoryRun(
        job=job,
        run_id=uuid,
        lineage=job,
        environment=", ".join(f"{name} {value}" for name, value in versions.items()),
        ended_at=ended,
        form="kube-burner",
        origin=origin,
        content_hash=content_hash(items),
        is_valid=not refuted,
        is_simulated=metadata.get("simulated") is True or job.startswith("simulated-"),
        facts=versions,
        findings=(("not_passed", f"kube-burner says passed: {refuted[0]}"),) if refuted else (),
        figures=tuple(figures),
    )


def _burner_figures(items: Iterable[Mapping[str, Any]], odd: list[str]) -> Iterator[HistoryFigure]:
    for item in items:
        name = item.get("quantileName")
        if isinstance(name, str):
            for key in QUANTILES:
                value = _figure(item.get(key), f"{name} {key}", odd)
                if value is not None:
                    yield HistoryFigure(
                        "", name, key.lower(), value / 1000, "s", str(item["metricName"])
                    )
        elif item.get("metricName") == "jobSummary":
            value = _figure(item.get("elapsedTime"), "elapsedTime", odd)
            if value is not None:
                yield HistoryFigure("", "elapsedTime", "", value, "s", "jobSummary")


def _figure(value: Any, name: str, odd: list[str]) -> float | None:
    """A figure's value; what stands there and is none is odd."""
    found = number(value)
    if found is None and value is not None:
        odd.append(f"{short(name)}: expected a number, found {short(value)}")
    return found


def _when(item: Mapping[str, Any]) -> Any:
    return item.get("endTimestamp") or item.get("timestamp")


def _vep411(documents: Iterable[Mapping[str, Any]], origin: str) -> Iterator[HistoryRun | OddInput]:
    for document in documents:
        name = _nested(document, "scenario", "name")
        ended = moment(document.get("timestamp"))
        aggregate = document["aggregate"]
        if not isinstance(name, str) or ended is None or not isinstance(aggregate, dict):
            yield OddInput(
                origin,
                "expected scenario.name as a text, timestamp as an RFC 3339 time and aggregate as "
                f"an object, found {short(name)}, {short(document.get('timestamp'))} and "
                f"{short(aggregate)}",
            )
            continue
        odd: list[str] = []
        figures = list(_vep411_figures(aggregate, odd))
        yield from (OddInput(origin, f"aggregate: {words}", is_lost=False) for words in odd)
        failed = aggregate.get("failed_vms")
        cluster = document.get("cluster")
        cluster = cluster if isinstance(cluster, dict) else {}
        yield HistoryRun(
            job=name,
            run_id=f"{name}-{ended:%Y%m%dT%H%M%S}",
            lineage=name,
            environment=_versions(cluster),
            ended_at=ended,
            form="vep411",
            origin=origin,
            content_hash=content_hash(document),
            is_valid=bool(figures) and (failed is None or number(failed) == 0),
            is_simulated=cluster.get("distribution") == "simulated",
            facts={key: value for key, value in cluster.items() if isinstance(value, str | int)},
            figures=tuple(figures),
        )


def _vep411_figures(aggregate: Mapping[str, Any], odd: list[str]) -> Iterator[HistoryFigure]:
    samples = count(aggregate.get("total_vms"))
    for key, item in aggregate.items():
        if isinstance(item, dict | list):
            continue
        value = _figure(item, key, odd)
        if value is not None:
            unit = "s" if key.endswith("_seconds") else "VMs"
            yield HistoryFigure("vm", key, "", value, unit, "vep411", samples)


def _versions(cluster: Mapping[str, Any]) -> str:
    named = (("kubernetes", "kubernetes_version"), ("kubevirt", "kubevirt_version"))
    return ", ".join(f"{name} {cluster[key]}" for name, key in named if _is_text(cluster.get(key)))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _nested(item: Mapping[str, Any], *path: str) -> Any:
    value: Any = item
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _is_dict(item: Mapping[str, Any], key: str) -> bool:
    return isinstance(item.get(key), dict)
