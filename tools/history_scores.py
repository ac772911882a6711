"""Score the change detector on labelled series, beside others' detectors.

    python tools/history_scores.py [--data FOLDER] [--peers FOLDER] [--trials N] [--write PAGE]

Two questions. On the labelled history: how many of the strong labels are found within 10 runs, and
how many level changes are reported where no label is. On stable stretches, shuffled so that nothing
is in them: how often a step of 20 % is found within 12 runs, and how often a step is reported where
there is none. `--peers` names a folder with `ruptures` and `apache-otava`
(`pip install --target FOLDER --no-deps ruptures apache-otava signal-processing-algorithms`).
"""

import argparse
import itertools
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from virtslo.model.history.changes import ChangeKind
from virtslo.model.history.runs import HistoryRun, Lineage, SeriesKey
from virtslo.regress.changes import changes_of, tail_change
from virtslo.regress.quality import Points, Quality
from virtslo.regress.rank_scan import best_split, ranks
from virtslo.regress.segments import change_points
from virtslo.store.history.database import open_history
from virtslo.store.published.read import read_published

DATA = Path(__file__).parents[1] / "tests" / "data" / "kubevirt-ci"
TOLERANCE = 10
BASELINE = 90
WITHIN = 12
STEP = 0.2
Detector = Callable[[Any], Sequence[int]]


@dataclass(slots=True)
class Score:
    """Hits of the strong labels, and level changes where no label is."""

    found: int = 0
    labels: int = 0
    false: int = 0
    points: int = 0

    @property
    def rate(self) -> float:
        """False alarms per 1 000 runs and series."""
        return 1000 * self.false / self.points if self.points else 0.0


@dataclass(frozen=True, slots=True)
class Labels:
    """A labelled series, by index of the run."""

    key: SeriesKey
    strong: tuple[int, ...]
    weak: tuple[int, ...]
    absent_as_zero: bool


def load(data: Path, database: Path) -> Lineage:
    """The labelled runs, through the import."""
    store = open_history(str(database))
    store.put(run for run in read_published(data / "runs.jsonl.gz") if isinstance(run, HistoryRun))
    (summary,) = store.lineages()
    lineage = store.load(summary.name)
    store.close()
    return lineage


def labels_of(data: Path, lineage: Lineage) -> list[Labels]:
    """The labels, as indices; series that the sample does not hold are left out."""
    moments = np.array([run.started_at.timestamp() for run in lineage.runs if run.started_at])
    found = []
    for item in json.loads((data / "detector_labels.json").read_text())["series"]:
        key = SeriesKey(item["kind"], item["metric"], "")
        if key not in lineage.series:
            print(f"not in the sample: {key.label} ({len(item['strong'])} strong labels)")
            continue
        places = [
            tuple(int(np.argmin(np.abs(moments - _moment(text)))) for text in item[name])
            for name in ("strong", "weak")
        ]
        found.append(Labels(key, places[0], places[1], item["absent_as_zero"]))
    return found


def _moment(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()


def pelt(values: Any) -> Sequence[int]:
    """Rank-based PELT of ruptures."""
    import ruptures

    spread = float(np.std(ranks(values)))
    if len(values) < 12 or spread == 0:
        return []
    signal = (ranks(values) / spread).reshape(-1, 1)
    algorithm = ruptures.Pelt(model="l2", min_size=6, jump=1).fit(signal)
    places: list[int] = algorithm.predict(pen=3 * math.log(len(values)))
    return places[:-1]


def recursive_mann_whitney(values: Any) -> Sequence[int]:
    """Split where the rank sum is largest while that is significant, and again on either side."""
    split = best_split(values, least=6)
    if split is None or abs(split.z) < 5:
        return []
    left = recursive_mann_whitney(values[: split.at])
    right = recursive_mann_whitney(values[split.at :])
    return [*left, split.at, *(split.at + place for place in right)]


def otava(values: Any) -> Sequence[int]:
    """Apache Otava with its defaults."""
    from otava.analysis import compute_change_points

    found = compute_change_points([float(value) for value in values])
    points = found[0] if isinstance(found, tuple) else found
    return sorted(point.index for point in points)


def score(name: str, detector: Detector | None, lineage: Lineage, known: list[Labels]) -> Score:
    """One detector on every labelled series; None is ours with all that it knows of quality."""
    quality = Quality(lineage)
    total = Score()
    for item in known:
        points = quality.points(item.key)
        total.points += len(points.possible)
        places = _reported(detector, item, points)
        order = points.possible
        total.labels += len(item.strong)
        total.found += sum(is_near(order, label, places) for label in item.strong)
        total.false += sum(
            not is_near(order, place, [*item.strong, *item.weak]) for place in places
        )
    return total


def _reported(detector: Detector | None, item: Labels, points: Points) -> list[int]:
    if detector is None:
        wanted = {ChangeKind.LEVEL, *(ChangeKind if item.absent_as_zero else ())}
        changes = changes_of(item.key, points)
        return [change.first_after for change in changes if change.kind in wanted]
    if not item.absent_as_zero:
        return [int(points.indices[place]) for place in detector(points.values)]
    values = np.zeros(len(points.possible))
    values[points.present > 0] = points.values
    return [int(points.possible[place]) for place in detector(values)]


def is_near(order: Any, place: int, others: Sequence[int]) -> bool:
    """Whether a place is within the tolerance of another, counted in a series' own runs."""
    at = np.searchsorted(order, place)
    return any(abs(int(np.searchsorted(order, other)) - int(at)) <= TOLERANCE for other in others)


@dataclass(slots=True)
class Power:
    """Trials with and without a step."""

    found: int = 0
    alarms: int = 0
    trials: int = 0


def stretches(item: Labels, points: Points) -> Iterator[Any]:
    """Up to three stretches without any label, the longest first, away from the labels."""
    bounds = sorted({0, len(points.values), *np.searchsorted(points.indices, item.strong),
                     *np.searchsorted(points.indices, item.weak)})  # fmt: skip
    found = [points.values[low + 5 : high - 5]
             for low, high in itertools.pairwise(bounds)]  # fmt: skip
    long = sorted((part for part in found if len(part) >= BASELINE + WITHIN), key=len)
    yield from long[-3:]


def power(
    detect: Callable[[Any], bool], item: Labels, points: Points, trials: int, seed: int
) -> Power:
    """How often a step is found within 12 runs, and reported where there is none."""
    chance = np.random.default_rng(seed)
    total = Power()
    for part in stretches(item, points):
        for _ in range(trials):
            drawn = chance.permutation(part)[: BASELINE + WITHIN]
            stepped = drawn.copy()
            stepped[BASELINE:] *= 1 + STEP * (1 if chance.random() < 0.5 else -1)
            total.trials += 1
            total.found += detect(stepped)
            total.alarms += detect(drawn)
    return total


def ours_online(values: Any) -> bool:
    """Whether any of the 12 runs after the baseline raises a suspicion when it arrives."""
    return any(
        tail_change(values[: BASELINE + count]) is not None
        for count in range(1, len(values) - BASELINE + 1)
    )


def at_the_end(detector: Detector) -> Callable[[Any], bool]:
    """Whether a detector reports a change when the 12 runs are there."""
    return lambda values: bool(detector(values))


def spread_of(item: Labels, points: Points) -> float:
    """The median coefficient of variation of the stretches, by quartiles."""
    found = [
        (np.percentile(part, 75) - np.percentile(part, 25)) / 1.349 / abs(np.median(part))
        for part in stretches(item, points)
        if np.median(part)
    ]
    return float(np.median(found)) if found else math.nan


def available(peers: Path | None) -> dict[str, Detector]:
    """The other detectors that can be imported."""
    if peers is not None:
        sys.path.insert(0, str(peers))
    found: dict[str, Detector] = {"recursive Mann-Whitney": recursive_mann_whitney}
    for name, module, detector in (
        ("rank PELT (ruptures)", "ruptures", pelt),
        ("Otava, defaults", "otava.analysis", otava),
    ):
        try:
            __import__(module)
        except ImportError as error:
            print(f"left out: {name}: {error}")
        else:
            found[name] = detector
    return found


def report(data: Path, database: Path, peers: Path | None, trials: int) -> Iterator[str]:
    """The lines of both tables."""
    lineage = load(data, database)
    known = labels_of(data, lineage)
    others = available(peers)
    yield "| detector | strong labels found | false | per 1 000 runs and series |"
    yield "| --- | --- | --- | --- |"
    for name, detector in {"virtslo": None, **others}.items():
        result = score(name, detector, lineage, known)
        yield (
            f"| {name} | {result.found} of {result.labels} | {result.false} | {result.rate:.3f} |"
        )
    if not trials:
        return
    yield ""
    columns: dict[str, Callable[[Any], bool]] = {"virtslo, run by run": ours_online}
    columns |= {"virtslo, at the end": at_the_end(change_points)}
    columns |= {
        name: at_the_end(detector) for name, detector in others.items() if "Otava" not in name
    }
    yield f"| series | spread | {' | '.join(columns)} |"
    yield f"| --- | --- |{' --- |' * len(columns)}"
    quality = Quality(lineage)
    totals = {name: Power() for name in columns}
    for item in known:
        points = quality.points(item.key)
        cells = []
        for number, (name, detect) in enumerate(columns.items()):
            result = power(detect, item, points, trials, seed=number + 1)
            if not result.trials:
                break
            totals[name].found += result.found
            totals[name].alarms += result.alarms
            totals[name].trials += result.trials
            cells.append(_shares(result))
        if cells:
            yield f"| {item.key.label} | {spread_of(item, points):.1%} | {' | '.join(cells)} |"
    shares = " | ".join(_shares(total) for total in totals.values())
    yield f"| **all** | | {shares} |"


def _shares(result: Power) -> str:
    if not result.trials:
        return "–"
    return f"{result.found / result.trials:.0%} / {result.alarms / result.trials:.1%}"


def run() -> None:
    """Print the tables."""
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--trials", type=int, default=40, help="0: labels only")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "history.db"
        for line in report(arguments.data, database, arguments.peers, arguments.trials):
            print(line, flush=True)


if __name__ == "__main__":
    run()
