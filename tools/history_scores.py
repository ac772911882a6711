"""Score the change detector on labelled series, beside others' detectors.

    python tools/history_scores.py [--data FOLDER] [--peers FOLDER] [--trials N] [--block N]

Two questions. On the labelled history: how many of the strong labels are found within 10 runs, and
how many level changes are reported where no label is; of these, how many are where no labelled
series has a label. On stable stretches, shuffled so that nothing is in them: how often a step of
20 % is found within 12 runs, and how often a step is reported where there is none.
`--peers` names a folder with `ruptures` and `apache-otava`
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
from virtslo.regress.changes import changes_of
from virtslo.regress.quality import Points, Quality
from virtslo.regress.rank_scan import best_split, ranks
from virtslo.store.history.database import open_history
from virtslo.store.published.read import read_published

DATA = Path(__file__).parents[1] / "tests" / "data" / "kubevirt-ci"
TOLERANCE = 10
BASELINE = 90
WITHIN = 12
STEP = 0.2
KEY = SeriesKey("vmi", "trial", "")
Detector = Callable[[Any], Sequence[int]]


@dataclass(slots=True)
class Score:
    """Hits of the strong labels, and level changes where no label is."""

    found: int = 0
    labels: int = 0
    false: int = 0
    alone: int = 0
    """Of the false ones: where no labelled series has a label."""
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
    store.close()
    return lineage_in(database)


def lineage_in(database: Path) -> Lineage:
    """The one lineage of a history."""
    store = open_history(str(database))
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
    everywhere = anywhere(known)
    for item in known:
        points = quality.points(item.key)
        total.points += len(points.possible)
        places = _reported(detector, item, points)
        order = points.possible
        total.labels += len(item.strong)
        total.found += sum(is_near(order, label, places) for label in item.strong)
        false = [at for at in places if not is_near(order, at, [*item.strong, *item.weak])]
        total.false += len(false)
        total.alone += sum(not is_near(order, at, everywhere) for at in false)
    return total


def anywhere(known: Sequence[Labels]) -> list[int]:
    """The labels of every series."""
    return sorted({at for item in known for at in (*item.strong, *item.weak)})


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
    detect: Detector, item: Labels, points: Points, trials: int, *, seed: int, block: int = 1
) -> Power:
    """How often a step is found within 12 runs, and reported where there is none.

    Blocks of runs are shuffled as they are: what runs have of the runs before them stays.
    """
    chance = np.random.default_rng(seed)
    total = Power()
    for part in stretches(item, points):
        for _ in range(trials):
            drawn = shuffled(part, chance, block)[: BASELINE + WITHIN]
            stepped = drawn.copy()
            stepped[BASELINE:] *= 1 + STEP * (1 if chance.random() < 0.5 else -1)
            total.trials += 1
            total.found += any(abs(at - BASELINE) <= TOLERANCE for at in detect(stepped))
            total.alarms += bool(detect(drawn))
    return total


def shuffled(values: Any, chance: Any, block: int) -> Any:
    """In random order, block by block."""
    parts = [values[at : at + block] for at in range(0, len(values), block)]
    return np.concatenate([parts[at] for at in chance.permutation(len(parts))])


def ours(values: Any) -> Sequence[int]:
    """What `history changes` says when all runs are there, suspicions included."""
    everything = np.arange(len(values))
    points = Points(everything, values, np.ones(len(values)), everything, {})
    return [change.first_after for change in changes_of(KEY, points)]


def ours_online(values: Any) -> Sequence[int]:
    """What is said when any of the 12 runs after the baseline arrives."""
    counts = range(1, len(values) - BASELINE + 1)
    return [at for count in counts for at in ours(values[: BASELINE + count])]


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


def report(
    data: Path, database: Path, peers: Path | None, trials: int, block: int
) -> Iterator[str]:
    """The lines of both tables."""
    lineage = load(data, database)
    known = labels_of(data, lineage)
    others = available(peers)
    yield "| detector | strong labels found | false | of these, no label at all | false per 1 000 |"
    yield "| --- | --- | --- | --- | --- |"
    for name, detector in {"virtslo": None, **others}.items():
        result = score(name, detector, lineage, known)
        yield (
            f"| {name} | {result.found} of {result.labels} | {result.false} | {result.alone} | "
            f"{result.rate:.3f} |"
        )
    if trials:
        yield ""
        yield from _power_table(lineage, known, others, trials, block)


def _power_table(
    lineage: Lineage, known: Sequence[Labels], others: dict[str, Detector], trials: int, block: int
) -> Iterator[str]:
    columns: dict[str, Detector] = {"virtslo, run by run": ours_online, "virtslo, at the end": ours}
    columns |= {name: detector for name, detector in others.items() if "Otava" not in name}
    yield f"| series | spread | {' | '.join(columns)} |"
    yield f"| --- | --- |{' --- |' * len(columns)}"
    quality = Quality(lineage)
    totals = {name: Power() for name in columns}
    for item in known:
        points = quality.points(item.key)
        cells = []
        for number, (name, detect) in enumerate(columns.items()):
            result = power(detect, item, points, trials, seed=number + 1, block=block)
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
    parser.add_argument("--block", type=int, default=1, help="Runs that are shuffled together.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "history.db"
        for line in report(
            arguments.data, database, arguments.peers, arguments.trials, arguments.block
        ):
            print(line, flush=True)


if __name__ == "__main__":
    run()
