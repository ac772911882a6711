"""What the pages of a site read: plain values, in scripts that hand them over by name.

Invariant: a missing value is null, never 0; a run is named by its id as text; text is harmless.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from virtslo.base.plain_text import report_value
from virtslo.model.history.changes import Change, Drift, HistoryFinding
from virtslo.model.history.runs import RunPoint, SeriesKey
from virtslo.model.history.site import HistorySite, Level

RUNS_A_FILE: Final = 100


def script(name: str, value: object) -> str:
    """A script that hands a value to the page."""
    plain_value = report_value(value)
    text = json.dumps(plain_value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return f"virtslo.put({json.dumps(name)},{text});\n"


def overview(site: HistorySite, keys: Sequence[SeriesKey]) -> Mapping[str, Any]:
    """What every view needs: runs, series with their levels, findings, releases."""
    lineage, history = site.lineage, site.history
    environments = sorted({run.environment for run in lineage.runs})
    numbers = {name: number for number, name in enumerate(environments)}
    return {
        "name": lineage.name,
        "environments": environments,
        "runsAFile": RUNS_A_FILE,
        "runs": [_run(run, numbers) for run in lineage.runs],
        "series": [
            {
                "label": key.label,
                "unit": lineage.units.get(key, ""),
                "levels": [_level(level) for level in site.levels.get(key, ())],
            }
            for key in keys
        ],
        "findings": [_finding(item, site.reasons) for item in history.findings],
        "drifts": [_drift(item) for item in history.drifts],
        "outliers": [[item.run, [key.label for key in item.keys]] for item in history.outliers],
        "breaks": [[item.at, item.kind, item.detail] for item in history.breaks],
        "annotations": [[item.day.isoformat(), item.kind, item.label, item.link]
                        for item in site.annotations],
        "releases": [
            {
                "label": item.annotation.label,
                "day": item.annotation.day.isoformat(),
                "link": item.annotation.link,
                "runs": item.runs,
                "tables": [
                    [title, [[key.label, lineage.units.get(key, ""), *_level(level)]
                             for key, level in rows]]
                    for title, rows in item.tables.items()
                ],
            }
            for item in site.releases
        ],
        "notUsed": dict(history.left_out),
    }  # fmt: skip


def series_file(site: HistorySite, key: SeriesKey) -> Mapping[str, Any]:
    """The values of a series, one a run, with the indices of those that were used."""
    values = site.lineage.series[key]
    used = set(site.history.used.get(key, ()))
    return {
        "values": [plain(value) for value in values],
        "notUsed": [index for index, value in enumerate(values)
                    if index not in used and not math.isnan(value)],
        "flags": _grouped(site.lineage.flagged.get(key, {})),
        "intervals": {index: [plain(low), plain(high)] for index, (low, high)
                      in site.lineage.intervals.get(key, {}).items()},
    }  # fmt: skip


def runs_file(site: HistorySite, keys: Sequence[SeriesKey], first: int) -> Sequence[Any]:
    """Every figure of some runs, in the order of the series, with what was found about each run."""
    lineage = site.lineage
    return [
        {
            "values": [plain(lineage.series[key][index]) for key in keys],
            "flags": {kind: list(flags) for kind, flags in lineage.runs[index].flags.items()},
            "findings": [list(item) for item in lineage.runs[index].findings],
            "facts": lineage.runs[index].facts,
            "seed": lineage.runs[index].seed,
        }
        for index in range(first, min(first + RUNS_A_FILE, len(lineage.runs)))
    ]


def plain(value: float | None) -> float | int | None:
    """A value to six digits, as short as it can be written; None where there is none."""
    if value is None or not math.isfinite(value):
        return None
    short = float(f"{value:.6g}")
    return int(short) if short.is_integer() and abs(short) < 2**53 else short


def _run(run: RunPoint, environments: Mapping[str, int]) -> Sequence[Any]:
    return [run.run_id, int(run.ended_at.timestamp()), environments[run.environment],
            int(run.is_valid), run.job]  # fmt: skip


def _level(level: Level) -> Sequence[Any]:
    low, high = level.interval or (None, None)
    return [level.first, level.last, plain(level.median), plain(low), plain(high), level.runs]


def _finding(finding: HistoryFinding, reasons: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "id": finding.id,
        "kind": finding.kind.value,
        "confirmed": finding.is_confirmed,
        "confidence": finding.confidence,
        "before": finding.last_before,
        "after": finding.first_after,
        "breaks": [[item.kind, item.detail] for item in finding.breaks],
        "known": reasons.get(finding.id),
        "changes": [_change(change) for change in finding.changes],
    }


def _change(change: Change) -> Sequence[Any]:
    return [
        change.key.label, change.kind.value, plain(change.before), plain(change.after),
        plain(change.ratio), change.runs_before, change.runs_after, change.last_before,
        change.first_after, change.is_confirmed,
    ]  # fmt: skip


def _drift(drift: Drift) -> Sequence[Any]:
    return [drift.key.label, drift.first, drift.last, plain(drift.before), plain(drift.after),
            plain(drift.ratio), drift.weeks, plain(drift.p)]  # fmt: skip


def _grouped(flags: Mapping[int, str]) -> Mapping[str, Iterable[int]]:
    found: dict[str, list[int]] = {}
    for index, flag in sorted(flags.items()):
        found.setdefault(flag, []).append(index)
    return found
