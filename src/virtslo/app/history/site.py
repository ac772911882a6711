"""What the site of a lineage shows, computed from its history.

Invariant: a table of a release rests on the valid runs between it and the next release only.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Final

import numpy as np

from virtslo.model.history.changes import FindingKind, History
from virtslo.model.history.runs import Lineage, SeriesKey
from virtslo.model.history.site import Annotation, HistorySite, JobSummary, Level, Release
from virtslo.regress.checkpoints import Checkpoints
from virtslo.regress.findings import examine
from virtslo.regress.levels import level_of, levels_of

TABLES: Final = ("Creation rate", "Phase transitions", "Kubernetes REST calls")
"""SIG-scale's three tables."""
_PHASES: Final = ("phase_rate", "vmi_", "vm_creation_to", "vmiCreationTo", "vmCreationTo",
                  "vmiDeletionTo", "vmDeletionTo")  # fmt: skip


def site_of(
    lineage: Lineage,
    annotations: Sequence[Annotation],
    reasons: Mapping[str, str],
    checkpoints: Checkpoints | None = None,
) -> HistorySite:
    """Everything that the pages of a lineage show."""
    history = examine(lineage, checkpoints=checkpoints)
    values = {
        key: (np.frombuffer(lineage.series[key], dtype=float)[list(used)], used)
        for key, used in history.used.items()
        if key in lineage.series
    }
    levels = {
        key: levels_of(found, indices, history.changes.get(key, ()))
        for key, (found, indices) in values.items()
    }
    ordered = sorted(annotations, key=lambda item: item.day)
    releases = tuple(_releases(lineage, history, ordered))
    return HistorySite(lineage, history, levels, ordered, releases, reasons)


def summary_of(site: HistorySite) -> JobSummary:
    """What the front page says of a lineage."""
    runs, findings = site.lineage.runs, site.history.findings
    worse = [item for item in findings if item.kind is FindingKind.WORSE and item.is_confirmed]
    newest = max(findings, key=lambda item: item.first_after, default=None)
    return JobSummary(
        name=site.lineage.name,
        runs=len(runs),
        valid=sum(run.is_valid for run in runs),
        first=runs[0].ended_at,
        last=runs[-1].ended_at,
        series=len(site.lineage.series),
        findings=len(findings),
        worse=len(worse),
        newest=None
        if newest is None
        else (newest.id, newest.kind.value, runs[newest.first_after].ended_at),
    )


def table_of(key: SeriesKey) -> str | None:
    """The one of the three tables that a series belongs to."""
    name = key.indicator
    if "creation_rate" in name:
        return TABLES[0]
    if name.startswith("rest_calls") or (
        name.endswith("-count") and not name.endswith("-phase-count")
    ):
        return TABLES[2]
    return TABLES[1] if name.startswith(_PHASES) else None


def _releases(
    lineage: Lineage, history: History, annotations: Sequence[Annotation]
) -> Iterator[Release]:
    releases = [item for item in annotations if item.kind == "release"]
    ended = [run.ended_at for run in lineage.runs]
    starts = [datetime.combine(item.day, time(), UTC) for item in releases]
    for number, item in enumerate(releases):
        end = starts[number + 1] if number + 1 < len(starts) else None
        inside = [
            index
            for index, moment in enumerate(ended)
            if moment >= starts[number] and (end is None or moment < end)
        ]
        if inside:
            valid = sum(lineage.runs[index].is_valid for index in inside)
            yield Release(item, valid, _tables(lineage, history, inside[0], inside[-1]))


def _tables(
    lineage: Lineage, history: History, first: int, last: int
) -> Mapping[str, Sequence[tuple[SeriesKey, Level]]]:
    tables: dict[str, list[tuple[SeriesKey, Level]]] = {title: [] for title in TABLES}
    for key in sorted(lineage.series):
        title = table_of(key)
        used = np.array(history.used.get(key, ()), dtype=int)
        used = used[(used >= first) & (used <= last)]
        if title is not None and len(used):
            values = np.frombuffer(lineage.series[key], dtype=float)[used]
            tables[title].append((key, level_of(values, used.tolist())))
    return tables
