"""Runs as a comparison reads them: from reports and from a history.

Invariant: no run that is not valid and no value that a quality rule leaves out is there.
"""

import fnmatch
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from virtslo.model.history.comparison import RunSample
from virtslo.model.history.runs import HistoryRun, Lineage, SeriesKey
from virtslo.model.report.document import Report
from virtslo.model.vocabulary import KIND_TITLES
from virtslo.regress.quality import Quality

RUNNING: Final = SeriesKey("vmi", "vmi_creation_to_running_seconds", "p50")
PHASE: Final = "Running"


def sample_of(run: HistoryRun, report: Report | None = None) -> RunSample:
    """A run that is valid, with single objects where the report has them."""
    found = {
        SeriesKey(figure.kind, figure.indicator, figure.statistic): figure
        for figure in run.figures
        if figure.value is not None
    }
    return RunSample(
        run_id=run.run_id,
        lineage=run.lineage,
        environment=run.environment,
        values={key: figure.value for key, figure in found.items() if figure.value is not None},
        units={key: figure.unit for key, figure in found.items()},
        seed=run.seed if run.is_simulated else None,
        objects=None if report is None else _objects(run.run_id, report),
    )


def _objects(run_id: str, report: Report) -> dict[SeriesKey, tuple[float, ...]]:
    found: dict[SeriesKey, tuple[float, ...]] = {}
    for detail in report.details:
        if detail.run != run_id:
            continue
        times = [
            time
            for item in detail.measured_objects()
            if (time := item.since_creation(item.phases.get(PHASE))) is not None
        ]
        for kind in KIND_TITLES:
            found[RUNNING._replace(kind=kind)] = tuple(times)
    return found


def chosen_samples(lineage: Lineage, wanted: str) -> Sequence[RunSample]:
    """The valid runs of a lineage that a selection means.

    `FROM..TO` are days, either may be left out; any other text is a run's id or matches the
    environment (`*1.31`); nothing means all.
    """
    quality = Quality(lineage)
    fits = _selector(lineage, wanted)
    points = {key: quality.points(key) for key in lineage.series}
    values: dict[int, dict[SeriesKey, float]] = {}
    for key, mine in points.items():
        for index, value in zip(mine.indices, mine.values, strict=True):
            values.setdefault(int(index), {})[key] = float(value)
    return [
        RunSample(
            run_id=run.run_id,
            lineage=lineage.name,
            environment=run.environment,
            values=values[index],
            units=lineage.units,
            seed=run.seed if run.is_simulated else None,
        )
        for index, run in enumerate(lineage.runs)
        if run.is_valid and index in values and fits(index)
    ]


def _selector(lineage: Lineage, wanted: str) -> Callable[[int], bool]:
    if not wanted:
        return lambda _: True
    if ".." in wanted:
        first, last = (_day(text) for text in wanted.split("..", 1))
        runs = lineage.runs
        return lambda index: (
            (first is None or runs[index].ended_at >= first)
            and (last is None or runs[index].ended_at < last)
        )
    return lambda index: (
        lineage.runs[index].run_id == wanted
        or fnmatch.fnmatch(lineage.runs[index].environment, wanted)
    )


def _day(text: str) -> datetime | None:
    """Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) if text else None
