"""How often `virtslo compare` is wrong: cards of equal runs, and intervals of known differences.

    python tools/comparison_calibration.py [--cards N] [--records FOLDER]

A card is one comparison of two groups of runs over many indicators. Of equal runs, the share of
cards with any indicator *worse* is to be at most 2.5 %, and *worse or better* at most 5 %. Of a
difference of 10 %, the share of 95 % intervals that hold it is to be 95 %, and the share of cards
whose indicators name the wrong direction 0. `--records` names a folder with records of one scenario
and cluster: their runs are drawn into two groups at random.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from virtslo.model.history.comparison import ComparisonVerdict, RunSample
from virtslo.model.history.runs import SeriesKey
from virtslo.regress.comparison import compare

INDICATORS = 40
SIDES = (3, 5, 10, 20)
EFFECT = 1.10
SPREAD = 0.08
Noise = Callable[[Any, tuple[int, int]], Any]
KEYS = tuple(SeriesKey("vmi", f"time-{number}", "p50") for number in range(INDICATORS))


def heavy(chance: Any, shape: tuple[int, int]) -> Any:
    """Student's t with three degrees of freedom, of variance 1."""
    return chance.standard_t(3, shape) / 3**0.5


def skewed(chance: Any, shape: tuple[int, int]) -> Any:
    """An exponential distribution, of mean 0 and variance 1."""
    return chance.exponential(1.0, shape) - 1


def two_levels(chance: Any, shape: tuple[int, int]) -> Any:
    """One run in five is a slow one."""
    slow = 2.2 * (chance.random(shape) < 0.2)
    return slow - 0.44 + 0.3 * chance.normal(size=shape)


def alike(chance: Any, shape: tuple[int, int]) -> Any:
    """Indicators of one run that share most of what they vary by."""
    return 0.8 * chance.normal(size=(shape[0], 1)) + 0.6 * chance.normal(size=shape)


NOISES: dict[str, Noise] = {
    "normal": lambda chance, shape: chance.normal(size=shape),
    "heavy tails": heavy,
    "skewed": skewed,
    "two levels": two_levels,
    "indicators alike": alike,
}


def samples(values: Any, *, is_paired: bool) -> list[RunSample]:
    """Runs of these values, a row each."""
    return [
        RunSample(str(number), "burst", "", dict(zip(KEYS, map(float, row), strict=True)), {},
                  number if is_paired else None)
        for number, row in enumerate(values)
    ]  # fmt: skip


def trial(
    noise: Noise, side: int, chance: Any, *, effect: float, is_paired: bool
) -> tuple[bool, bool, float]:
    """Whether a card has a worse, and a better; and the share of intervals that hold the effect."""
    shared = noise(chance, (side, INDICATORS)) if is_paired else 0.0
    own = 0.3 if is_paired else 1.0
    groups = [
        20 * factor * np.exp(SPREAD * (shared + own * noise(chance, (side, INDICATORS))))
        for factor in (1.0, effect)
    ]
    found = compare(*(samples(group, is_paired=is_paired) for group in groups))
    verdicts = {row.verdict for row in found.rows}
    held = [row.interval[0] <= effect <= row.interval[1] for row in found.rows if row.interval]
    worse, better = ComparisonVerdict.WORSE in verdicts, ComparisonVerdict.BETTER in verdicts
    return worse, better, float(np.mean(held))


def rows(cards: int) -> Iterator[str]:
    """The table of the made-up runs."""
    yield ("| noise | runs a side | equal: any worse | equal: worse or better | "
           "+10 %: any worse | +10 %: any better | intervals that hold it |")  # fmt: skip
    yield "| --- " * 7 + "|"
    for is_paired in (False, True):
        for name, noise in NOISES.items():
            for side in SIDES:
                chance = np.random.default_rng(side)
                equal = [trial(noise, side, chance, effect=1.0, is_paired=is_paired)
                         for _ in range(cards)]  # fmt: skip
                moved = [trial(noise, side, chance, effect=EFFECT, is_paired=is_paired)
                         for _ in range(max(1, cards // 4))]  # fmt: skip
                shares = [
                    np.mean([worse for worse, _, _ in equal]),
                    np.mean([worse or better for worse, better, _ in equal]),
                    np.mean([worse for worse, _, _ in moved]),
                    np.mean([better for _, better, _ in moved]),
                    np.mean([held for _, _, held in moved]),
                ]
                pairs = ", in pairs" if is_paired else ""
                shown = " | ".join(f"{share:.1%}" for share in shares)
                yield f"| {name}{pairs} | {side} | {shown} |"


def recorded(folder: Path) -> Sequence[RunSample]:
    """The valid runs of the records in a folder, without their seeds."""
    from dataclasses import replace

    from virtslo.app.history.samples import sample_of
    from virtslo.app.history.store_runs import runs_of
    from virtslo.store.records import read_record

    found = [run for path in sorted(folder.rglob("run.json"))
             for run in runs_of(read_record(path.parent)) if run.is_valid]  # fmt: skip
    return [replace(sample_of(run), seed=None) for run in found]


def drawn(runs: Sequence[RunSample], cards: int) -> Iterator[str]:
    """The table of recorded runs, drawn into two groups."""
    yield f"{len(runs)} recorded runs, drawn into two groups:"
    chance = np.random.default_rng(1)
    for side in SIDES:
        if 2 * side > len(runs):
            return
        worse = either = exact = 0
        for _ in range(cards):
            order = chance.permutation(len(runs))[: 2 * side]
            found = compare([runs[at] for at in order[:side]], [runs[at] for at in order[side:]])
            bad = [row for row in found.rows if row.verdict is ComparisonVerdict.WORSE]
            good = [row for row in found.rows if row.verdict is ComparisonVerdict.BETTER]
            worse += bool(bad)
            either += bool(bad or good)
            exact += any(row.test == "exact count" for row in (*bad, *good))
        yield (f"{side} runs a side: worse in {worse / cards:.1%} of cards, worse or better in "
               f"{either / cards:.1%}, of exact counts in {exact / cards:.1%}")  # fmt: skip


def run() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cards", type=int, default=200)
    parser.add_argument("--records", type=Path)
    arguments = parser.parse_args()
    lines = rows(arguments.cards) if arguments.records is None else drawn(
        recorded(arguments.records), arguments.cards)  # fmt: skip
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    run()
