"""Whether the detector's scores depend on the sample: parts of it, thresholds, made-up jobs.

    python tools/history_robustness.py [--data FOLDER] [--series N] [--skip-choice]

The labelled sample by family of metric and by half in time. The same sample with each threshold a
quarter and a half less and more, alone. Each series scored with the thresholds that are best on the
others, and each half in time with those best on the other half (`--skip-choice` leaves this out).
Made-up jobs that the sample has nothing of: other rates of runs, heavy tails, daily cycles, runs
that depend on those before, saturated buckets, gaps; each with a step of 20 % every 250 runs, and
without any. Nothing is fitted to any of them.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from history_scores import DATA, STEP, TOLERANCE, Labels, Score, anywhere, is_near, labels_of, load

from virtslo.model.history.changes import ChangeKind
from virtslo.model.history.runs import Lineage, SeriesKey
from virtslo.regress.changes import changes_of
from virtslo.regress.quality import Points, Quality
from virtslo.regress.segments import DEFAULT, Sensitivity

THRESHOLDS: Final = (
    "threshold", "least_difference", "least_superiority", "least_runs", "neighbourhood",
)  # fmt: skip
RUNS: Final = 2000
EVERY: Final = 250
KEY: Final = SeriesKey("vmi", "made-up", "")
Noise = Callable[[Any, int], Any]


def family(key: SeriesKey) -> str:
    """What kind of metric a series is."""
    if "Seconds" in key.indicator:
        return "latencies"
    if key.indicator.endswith("-phase-count"):
        return "objects"
    return "calls" if key.indicator.endswith("-count") else "CPU and memory"


def scored(
    known: Sequence[Labels],
    points: dict[SeriesKey, Points],
    sensitivity: Sensitivity = DEFAULT,
    between: tuple[int, int] = (0, 1 << 30),
    everywhere: Sequence[int] | None = None,
) -> Score:
    """The score of these series; only what lies between two runs is counted."""
    total = Score()
    everywhere = anywhere(known) if everywhere is None else everywhere
    for item in known:
        mine = points[item.key]
        wanted = {ChangeKind.LEVEL, *(ChangeKind if item.absent_as_zero else ())}
        places = [change.first_after for change in changes_of(item.key, mine, sensitivity)
                  if change.kind in wanted]  # fmt: skip
        strong = [label for label in item.strong if between[0] <= label < between[1]]
        inside = [place for place in places if between[0] <= place < between[1]]
        order = mine.possible
        total.points += int(np.sum((order >= between[0]) & (order < between[1])))
        total.labels += len(strong)
        total.found += sum(is_near(order, label, places) for label in strong)
        false = [at for at in inside if not is_near(order, at, [*item.strong, *item.weak])]
        total.false += len(false)
        total.alone += sum(not is_near(order, at, everywhere) for at in false)
    return total


def parts(
    lineage: Lineage, known: Sequence[Labels], points: dict[SeriesKey, Points]
) -> Iterator[str]:
    """By family, and by half in time."""
    everywhere = anywhere(known)
    yield f"| part of the sample | {_HEAD} |"
    yield "| --- | --- | --- | --- | --- |"
    for name in sorted({family(item.key) for item in known}):
        mine = [item for item in known if family(item.key) == name]
        yield f"| {name} | {_cells(scored(mine, points, everywhere=everywhere))} |"
    for name, between in _halves(lineage):
        yield f"| {name} | {_cells(scored(known, points, between=between))} |"


def thresholds(known: Sequence[Labels], points: dict[SeriesKey, Points]) -> Iterator[str]:
    """Each threshold alone, farther and farther from what it is."""
    yield f"| threshold | value | {_HEAD} |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name in THRESHOLDS:
        for factor in (0.5, 0.75, 1.0, 1.25, 1.5):
            value = getattr(DEFAULT, name) * factor
            value = round(value) if isinstance(getattr(DEFAULT, name), int) else value
            changed = replace(DEFAULT, **{name: value})
            yield f"| {name} | {value:g} | {_cells(scored(known, points, changed))} |"


def chosen(
    lineage: Lineage, known: Sequence[Labels], points: dict[SeriesKey, Points]
) -> Iterator[str]:
    """Scores of series, and halves, with the thresholds that are best on the rest."""
    grid = [
        Sensitivity(threshold=z, least_difference=size, least_superiority=apart)
        for z in (3.75, 4.5, 5.25)
        for size in (0.0375, 0.05, 0.0625)
        for apart in (0.3, 0.4, 0.5)
    ]
    everywhere = anywhere(known)
    halves = [between for _, between in _halves(lineage)]
    table = [
        [
            [scored([item], points, setting, between, everywhere) for between in halves]
            for item in known
        ]
        for setting in grid
    ]
    yield f"| what is left out | {_HEAD} |"
    yield "| --- | --- | --- | --- | --- |"
    places = range(len(known))
    yield f"| one series | {_cells(_left_out(table, [[(n, 0), (n, 1)] for n in places]))} |"
    both = [[(n, half) for n in places] for half in (0, 1)]
    yield f"| half of the time | {_cells(_left_out(table, both))} |"


def _left_out(table: list[list[list[Score]]], groups: list[list[tuple[int, int]]]) -> Score:
    """The sum over groups of cells, each with the setting that is best on all others."""
    total = Score()
    for group in groups:
        costs = []
        for scores in table:
            rest = _sum(cell for n, row in enumerate(scores)
                        for half, cell in enumerate(row) if (n, half) not in group)  # fmt: skip
            costs.append(rest.labels - rest.found + rest.false)
        best = table[costs.index(min(costs))]
        total = _sum([total, *(best[n][half] for n, half in group)])
    return total


def _sum(scores: Iterable[Score]) -> Score:
    total = Score()
    for score in scores:
        for field in fields(Score):
            setattr(total, field.name, getattr(total, field.name) + getattr(score, field.name))
    return total


def _halves(lineage: Lineage) -> list[tuple[str, tuple[int, int]]]:
    half, end = len(lineage.runs) // 2, len(lineage.runs)
    return [("first half", (0, half)), ("second half", (half, end))]


def _cells(score: Score) -> str:
    return (f"{score.found} of {score.labels} | {score.false} | {score.alone} | "
            f"{score.rate:.3f}")  # fmt: skip


_HEAD: Final = "strong labels found | false | of these, no label at all | false per 1 000"


def _daily(chance: Any, count: int) -> Any:
    return 0.08 * np.sin(np.arange(count) * 2 * np.pi / 24) + chance.normal(0, 0.03, count)


def _waves(correlation: float, spread: float) -> Noise:
    """A first-order autoregression with this spread."""

    def noise(chance: Any, count: int) -> Any:
        found = np.zeros(count)
        pushed = chance.normal(0, spread * (1 - correlation**2) ** 0.5, count)
        for at in range(1, count):
            found[at] = correlation * found[at - 1] + pushed[at]
        return found

    return noise


NOISES: dict[str, Noise] = {
    "normal, 5 %": lambda chance, count: chance.normal(0, 0.05, count),
    "normal, 15 %": lambda chance, count: chance.normal(0, 0.15, count),
    "heavy tails (t, 2 degrees of freedom)": lambda chance, count: (
        0.03 * chance.standard_t(2, count)
    ),
    "hourly runs, daily cycle of 8 %": _daily,
    "autocorrelated (0.3), 5 %": _waves(0.3, 0.05),
    "autocorrelated (0.5), 5 %": _waves(0.5, 0.05),
    "autocorrelated (0.7), 3 %": _waves(0.7, 0.03),
    "autocorrelated (0.7), 8 %": _waves(0.7, 0.08),
    "autocorrelated (0.85), 5 %": _waves(0.85, 0.05),
    "nearly constant, one in ten 3 % more": lambda chance, count: (
        0.03 * (chance.random(count) < 0.1)
    ),
}


def bucketed(values: Any, width: float) -> Any:
    """Percentiles as a histogram with buckets so far apart gives them."""
    step = np.log1p(width)
    return np.exp(np.ceil(np.log(values) / step) * step)


FORMS: Final[dict[str, Callable[[Any], Any]]] = {
    "": lambda values: values,
    ", in buckets of 5 %": lambda values: bucketed(values, 0.05),
    ", in buckets of 10 %": lambda values: bucketed(values, 0.10),
    ", 30 % missing": lambda values: values,
}


def job(values: Any, missing: Any) -> Points:
    """The points of a made-up series with gaps."""
    indices = np.flatnonzero(~missing)
    return Points(indices, values[indices], np.ones(len(indices)), indices, {})


def made_up(series: int) -> Iterator[str]:
    """Each noise as it is, in buckets, and with gaps."""
    yield "| made-up job | steps of 20 % found | false | without steps: per 1 000 runs and series |"
    yield "| --- | --- | --- | --- |"
    for name, noise in NOISES.items():
        for form in FORMS:
            chance = np.random.default_rng(list(f"{name}{form}".encode()))
            stepped, still = Score(), Score()
            for _ in range(series):
                _trial(noise, form, chance, stepped, still)
            yield (f"| {name}{form} | {stepped.found} of {stepped.labels} | {stepped.false} | "
                   f"{still.rate:.3f} |")  # fmt: skip


def _trial(noise: Noise, form: str, chance: Any, stepped: Score, still: Score) -> None:
    values = 20 * np.exp(noise(chance, RUNS))
    places = list(range(EVERY, RUNS, EVERY))
    moved = values.copy()
    for at in places:
        moved[at:] *= 1 + STEP if chance.random() < 0.5 else 1 / (1 + STEP)
    missing = chance.random(RUNS) < (0.3 if "missing" in form else 0)
    for score, made, labels in ((stepped, moved, places), (still, values, [])):
        points = job(FORMS[form](made), missing)
        found = [change.first_after for change in changes_of(KEY, points)]
        score.points += len(points.indices)
        score.labels += len(labels)
        score.found += sum(any(abs(at - label) <= TOLERANCE for at in found) for label in labels)
        score.false += sum(all(abs(at - label) > TOLERANCE for label in labels) for at in found)


def run() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--series", type=int, default=5, help="Series of each made-up job.")
    parser.add_argument("--skip-choice", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lineage = load(arguments.data, Path(folder) / "history.db")
    known, quality = labels_of(arguments.data, lineage), Quality(lineage)
    points = {item.key: quality.points(item.key) for item in known}
    tables = [parts(lineage, known, points), thresholds(known, points)]
    if not arguments.skip_choice:
        tables.append(chosen(lineage, known, points))
    for table in (*tables, made_up(arguments.series)):
        for line in table:
            print(line, flush=True)
        print(flush=True)


if __name__ == "__main__":
    run()
