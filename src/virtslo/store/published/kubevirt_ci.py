"""A result of KubeVirt's performance jobs: `results/<job>/<run id>/results.json`.

Invariant: 0 is no data where the tool writes a missing percentile or memory so; an absent count is
absent, not 0; a threshold's own flag is not believed but computed again.
"""

import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from virtslo.model.history.runs import HistoryFigure, HistoryRun, OddInput
from virtslo.store.published.strict_json import NOTHING, content_hash, short
from virtslo.store.published.values import moment, number

SOURCE: Final = "perfscale-audit"
SNOWFLAKE_EPOCH_MS: Final = 1_288_834_974_657
LATE: Final = timedelta(hours=2)
RESULTS: Final[Mapping[str, str]] = {"VMIResult": "vmi", "VMResult": "vm"}
BUCKETS: Final = (0, 0.5, 1, 2, 5, 10, 20, 30, 40, 50, 60, 90, 120, 180, 300, 600, 1800, 3600)
"""Upper bounds of KubeVirt's phase-transition histogram, in seconds."""
_PERCENTILE: Final = re.compile(r"(?P<name>\w+Seconds)P(?P<rank>50|95|99)")
_VERSION: Final = re.compile(r"-(\d+\.\d+)(?=-|$)")
_ID: Final = re.compile(r"[1-9][0-9]{14,18}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = (
    (re.compile(r"SecondsP\d+$|Latency$"), "s"),
    (re.compile(r"-phase-count$"), "objects"),
    (re.compile(r"-count$"), "calls"),
    (re.compile(r"CPUUsage$"), "cores"),
    (re.compile(r"InMB$"), "MiB"),
    (re.compile(r"AddRate$"), "adds/s"),
)


@dataclass(slots=True)
class _Part:
    """The figures of one kind of object, as they are read."""

    figures: list[HistoryFigure] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)


def lineage_of(job: str) -> tuple[str, str]:
    """The job without a version in its name, and the version as an environment."""
    found = _VERSION.search(job)
    if found is None:
        return job, ""
    return job[: found.start()] + job[found.end() :], f"provider {found[1]}"


def started_at(run_id: str) -> datetime | None:
    """When a run was scheduled: its id is a snowflake. None if it is none."""
    if _ID.fullmatch(run_id) is None or int(run_id) >= 2**63:
        return None
    return _EPOCH + timedelta(milliseconds=(int(run_id) >> 22) + SNOWFLAKE_EPOCH_MS)


def run_folder(path: PurePath) -> PurePath | None:
    """The folder nearest above a file, or the folder itself, that is named by a run's id."""
    return next((item for item in (path, *path.parents) if started_at(item.name)), None)


def is_result(document: Any) -> bool:
    """Whether a document is of this shape."""
    return isinstance(document, dict) and ("VMIResult" in document or "VMResult" in document)


def read_result(
    document: Mapping[str, Any],
    *,
    job: str,
    run_id: str,
    origin: str,
    rewritten: int = 0,
    is_deleted: bool = False,
) -> tuple[HistoryRun | None, list[OddInput]]:
    """The run, and what is odd about it; no run if nothing says when it was."""
    odd: list[str] = []
    started = started_at(run_id)
    ended = _moment(document.get("JobDirCreationTime"), odd)
    if ended is None and started is None:
        reason = "; ".join([*odd, "neither JobDirCreationTime nor the run's id is a time"])
        return None, [OddInput(origin, reason)]
    parts = {kind: _part(document.get(key), key, kind) for key, kind in RESULTS.items()}
    figures = tuple(figure for part in parts.values() for figure in part.figures)
    lineage, environment = lineage_of(job)
    flags = {kind: tuple(part.flags) for kind, part in parts.items() if part.flags}
    if ended is not None and started is not None and ended - started > LATE:
        flags = {kind: (*flags.get(kind, ()), "late_start") for kind in parts}
    facts: dict[str, Any] = {"rewritten": rewritten} if rewritten else {}
    if is_deleted:
        facts["deleted"] = True
    odd += [words for part in parts.values() for words in part.odd]
    run = HistoryRun(
        job=job,
        run_id=run_id,
        lineage=lineage,
        environment=environment,
        started_at=started,
        ended_at=ended or started or _EPOCH,
        form="kubevirt-ci",
        origin=origin,
        content_hash=content_hash(document, sorted(facts.items())),
        is_valid=bool(figures),
        facts=facts,
        findings=tuple(found for part in parts.values() for found in part.findings),
        flags=flags,
        figures=figures,
    )
    return run, [OddInput(origin, words, is_lost=False) for words in odd]


def read_values(values: Mapping[str, Any], kind: str) -> tuple[list[HistoryFigure], list[str]]:
    """The figures of a `Values` mapping, and what is odd in it."""
    part = _part({"Values": values}, "Values", kind)
    return part.figures, part.odd


def _part(result: Any, key: str, kind: str) -> _Part:
    part = _Part()
    if result is None:
        part.flags.append("no_result")
        return part
    values = result.get("Values") if isinstance(result, dict) else None
    if not isinstance(values, dict):
        part.flags.append("no_result")
        part.odd.append(f"{key}: expected an object with Values, found {short(result)}")
        return part
    numbers = dict(_numbers(values, key, part))
    for name in sorted(values):
        if name in numbers:
            part.figures.append(_figure(name, numbers[name], kind))
        elif isinstance(values[name], dict) and values[name].get("value") is NOTHING:
            part.figures.append(_missing(name, kind, "not a number in the source"))
    part.figures = _without_lost_buckets(part.figures)
    part.findings += _exceeded(values, numbers, kind)
    part.flags += _flags(numbers)
    return part


def _numbers(values: Mapping[str, Any], key: str, part: _Part) -> Iterator[tuple[str, float]]:
    for name, item in values.items():
        value = item.get("value") if isinstance(item, dict) else item
        if value is NOTHING:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            part.odd.append(f"{key}.{name[:80]}: expected a number, found {short(value)}")
            continue
        found = number(value)
        if found is None:
            part.odd.append(f"{key}.{name[:80]}: a number beyond what a float holds")
            continue
        if found < 0 and _name(name).unit:
            part.odd.append(f"{key}.{name[:80]}: expected 0 or more, found {short(value)}")
            continue
        yield name, found


class _Name(NamedTuple):
    """What a metric's name says of it."""

    unit: str
    percentile: str
    """The latency whose percentile it is; empty if it is none."""
    rank: float
    is_memory: bool
    is_depth: bool


@functools.lru_cache(maxsize=4096)
def _name(name: str) -> _Name:
    found = _PERCENTILE.fullmatch(name)
    unit = next((unit for pattern, unit in _UNITS if pattern.search(name)), "")
    percentile, rank = (found["name"], int(found["rank"]) / 100) if found else ("", 0.0)
    return _Name(unit, percentile, rank, "Memory" in name, name.endswith("Depth"))


def _figure(name: str, value: float, kind: str) -> HistoryFigure:
    known = _name(name)
    if value == 0 and known.percentile:
        return _missing(name, kind, "the source writes 0 where a percentile has no data")
    if value == 0 and known.is_memory:
        return _missing(name, kind, "the source writes 0 where memory has no data")
    flag = None
    if known.percentile and _is_saturated(value, known.rank):
        flag = "bucket_saturated"
    elif known.is_depth:
        flag = "rate_of_a_gauge"
    return HistoryFigure(kind, name, "", value, known.unit, SOURCE, flag=flag)


def _missing(name: str, kind: str, reason: str) -> HistoryFigure:
    return HistoryFigure(kind, name, "", None, _name(name).unit, SOURCE, reason=reason)


def _is_saturated(value: float, rank: float) -> bool:
    """Whether a percentile is only the interpolation within one bucket that holds everything."""
    for low, high in itertools.pairwise(BUCKETS):
        if low < value <= high:
            return abs(value - (low + rank * (high - low))) <= 0.01 * (high - low)
    return False


def _without_lost_buckets(figures: list[HistoryFigure]) -> list[HistoryFigure]:
    """Percentiles of different ranks that are one number: the histogram's last bucket."""
    ranks: dict[str, list[float | None]] = {}
    for figure in figures:
        if percentile := _name(figure.indicator).percentile:
            ranks.setdefault(percentile, []).append(figure.value)
    lost = {
        name
        for name, values in ranks.items()
        if len(values) > 1 and None not in values and len(set(values)) == 1
    }
    if not lost:
        return figures
    return [
        replace(figure, flag="buckets_lost")
        if _name(figure.indicator).percentile in lost
        else figure
        for figure in figures
    ]


def _flags(numbers: Mapping[str, float]) -> Iterator[str]:
    latencies = [value for name, value in numbers.items() if "ToRunningSecondsP" in name]
    if not any(latencies):
        yield "no_latency"
    if not any(name.endswith("-count") and "-phase-" not in name for name in numbers):
        yield "no_rest_metrics"


def _exceeded(
    values: Mapping[str, Any], numbers: Mapping[str, float], kind: str
) -> Iterator[tuple[str, str]]:
    """Thresholds that a figure is above, computed again from the limit itself."""
    for name, item in values.items():
        threshold = item.get("thresholdResult") if isinstance(item, dict) else None
        limit = number(threshold.get("thresholdValue")) if isinstance(threshold, dict) else None
        if limit is None or name not in numbers:
            continue
        if numbers[name] > limit:
            yield "threshold_exceeded", f"{kind} {name}: {numbers[name]:g} above {limit:g}"


def _moment(value: Any, odd: list[str]) -> datetime | None:
    found = None if value is None else moment(value)
    if found is None and value is not None:
        odd.append(f"JobDirCreationTime: expected an RFC 3339 time, found {short(value)}")
    return found
