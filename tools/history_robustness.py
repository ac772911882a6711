"""Whether the detector's scores depend on the sample: parts of it, thresholds, made-up jobs.

    python tools/history_robustness.py [--data FOLDER] [--series N]

Three tables. The labelled sample by family of metric and by half in time. The same sample with
each threshold a quarter less and a quarter more, alone. Made-up jobs that the sample has nothing
of: other rates of runs, heavy tails, daily cycles, saturated buckets, gaps; each with a step of
20 % every 250 runs, and without any. Nothing is fitted to any of them.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from history_scores import DATA, STEP, TOLERANCE, Labels, Score, is_near, labels_of, load

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
) -> Score:
    """The score of these series; only what lies between two runs is counted."""
    total = Score()
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
        total.false += sum(not is_near(order, at, [*item.strong, *item.weak]) for at in inside)
    return total


def parts(lineage: Lineage, known: Sequence[Labels]) -> Iterator[str]:
    """By family, and by half in time."""
    quality = Quality(lineage)
    points = {item.key: quality.points(item.key) for item in known}
    yield "| part of the sample | strong labels found | false | per 1 000 runs and series |"
    yield "| --- | --- | --- | --- |"
    for name in sorted({family(item.key) for item in known}):
        mine = [item for item in known if family(item.key) == name]
        yield f"| {name} | {_cells(scored(mine, points))} |"
    half, end = len(lineage.runs) // 2, len(lineage.runs)
    for name, between in (("first half", (0, half)), ("second half", (half, end))):
        yield f"| {name} | {_cells(scored(known, points, between=between))} |"
    yield ""
    yield "| threshold | value | strong labels found | false | per 1 000 runs and series |"
    yield "| --- | --- | --- | --- | --- |"
    for name in THRESHOLDS:
        for factor in (0.75, 1.25):
            value = getattr(DEFAULT, name) * factor
            value = round(value) if isinstance(getattr(DEFAULT, name), int) else value
            changed = replace(DEFAULT, **{name: value})
            yield f"| {name} | {value:g} | {_cells(scored(known, points, changed))} |"


def _cells(score: Score) -> str:
    return f"{score.found} of {score.labels} | {score.false} | {score.rate:.3f}"


def _daily(chance: Any, count: int) -> Any:
    return 0.08 * np.sin(np.arange(count) * 2 * np.pi / 24) + chance.normal(0, 0.03, count)


def _waves(chance: Any, count: int) -> Any:
    found = np.zeros(count)
    pushed = chance.normal(0, 0.02, count)
    for at in range(1, count):
        found[at] = 0.7 * found[at - 1] + pushed[at]
    return found


NOISES: dict[str, Noise] = {
    "normal, 5 %": lambda chance, count: chance.normal(0, 0.05, count),
    "normal, 15 %": lambda chance, count: chance.normal(0, 0.15, count),
    "heavy tails (t, 2 degrees of freedom)": lambda chance, count: (
        0.03 * chance.standard_t(2, count)
    ),
    "hourly runs, daily cycle of 8 %": _daily,
    "autocorrelated (0.7)": _waves,
    "nearly constant, one in ten 3 % more": lambda chance, count: (
        0.03 * (chance.random(count) < 0.1)
    ),
}


def bucketed(values: Any) -> Any:
    """Percentiles as a histogram with buckets 10 % apart gives them."""
    return np.exp(np.ceil(np.log(values) / 0.0953) * 0.0953)


def job(values: Any, missing: Any) -> Points:
    """The points of a made-up series with gaps."""
    indices = np.flatnonzero(~missing)
    return Points(indices, values[indices], np.ones(len(indices)), indices, {})


def made_up(series: int) -> Iterator[str]:
    """Each noise as it is, in buckets, and with gaps."""
    yield "| made-up job | steps of 20 % found | false | without steps: per 1 000 runs and series |"
    yield "| --- | --- | --- | --- |"
    for name, noise in NOISES.items():
        for form in ("", ", in buckets", ", 30 % missing"):
            chance = np.random.default_rng(len(name) + len(form))
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
        points = job(bucketed(made) if "buckets" in form else made, missing)
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
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lineage = load(arguments.data, Path(folder) / "history.db")
        for line in parts(lineage, labels_of(arguments.data, lineage)):
            print(line, flush=True)
    print()
    for line in made_up(arguments.series):
        print(line, flush=True)


if __name__ == "__main__":
    run()
