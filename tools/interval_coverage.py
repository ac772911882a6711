"""Print how often intervals over runs hold the truth, on runs of the simulated cluster.

Many seeds of one burst are run; figures of some of them, each drawn once, give an interval, and the
geometric mean of all is the truth. Made distributions are tried besides, of which the truth is
known. With --until it prints the same of intervals that ended repetitions by being narrow, and how
many runs that took. docs/adr/0015 and 0036 quote the output. It measures and fails on nothing.
"""

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean, geometric_mean

from virtslo.app.repetitions import LEAST
from virtslo.model.report.figures import Interval
from virtslo.slo.statistics.repetition import estimate_of

FIGURES = (
    ("phase_rate_running", "mean"),
    ("vmi_creation_to_running_seconds", "p50"),
    ("vmi_creation_to_running_seconds", "p95"),
    ("time_to_all_running_seconds", "value"),
)
SIZES = (3, 5, 9, 10, 20)
SHARES = (0.02, 0.05, 0.1)
MOST = 30
Draw = Callable[[random.Random, int], list[float]]
"""A number of runs, of figures that do not depend on each other."""


def made(draw: Callable[[random.Random], float]) -> Draw:
    """Runs of a distribution."""
    return lambda chance, size: [draw(chance) for _ in range(size)]


MADE: dict[str, tuple[Draw, float]] = {
    "lognormal, spread 5 %": (made(lambda chance: chance.lognormvariate(3, 0.05)), math.exp(3)),
    "lognormal, spread 12 %": (made(lambda chance: chance.lognormvariate(3, 0.12)), math.exp(3)),
    "lognormal, spread 50 %": (made(lambda chance: chance.lognormvariate(3, 0.5)), math.exp(3)),
    "gamma of shape 4": (made(lambda chance: chance.gammavariate(4, 1)), math.exp(1.2561176684318)),
    "even logarithms (no tails)": (
        made(lambda chance: math.exp(chance.uniform(2.8, 3.2))), math.exp(3),
    ),
    "two clusters of logarithms": (
        made(lambda chance: math.exp(3 + chance.choice((-0.1, 0.1)) + chance.gauss(0, 0.02))),
        math.exp(3),
    ),
}  # fmt: skip
"""Distributions with their geometric means; gamma: exp(digamma(4))."""


def runs_of(count: int, objects: int) -> dict[str, list[float]]:
    """Each figure of as many seeds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "virtslo", "run", "burst", "--count", str(objects)]
        command += ["--repeat", str(count), "--runs", folder, "--format", "json", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = json.loads(done.stdout)["indicators"]
    return {
        f"{name} {statistic}": [
            row["value"] for row in rows if (row["name"], row["statistic"]) == (name, statistic)
        ]
        for name, statistic in FIGURES
    }


def holds(interval: Interval | None, truth: float) -> bool:
    """Whether an interval holds the truth."""
    if interval is None or interval.low is None or interval.high is None:
        return False
    return interval.low <= truth <= interval.high


def coverage(draw: Draw, truth: float, size: int, repetitions: int, chance: random.Random) -> float:
    """The share of intervals of `size` runs that hold the truth."""
    found = (estimate_of(draw(chance, size)).interval for _ in range(repetitions))
    return sum(holds(interval, truth) for interval in found) / repetitions


def ended(runs: Sequence[float]) -> list[tuple[Interval | None, int]]:
    """For each share: the interval at which repetitions end, looked at after each, and how many."""
    open_shares = dict.fromkeys(SHARES)
    found: dict[float, tuple[Interval | None, int]] = {}
    for count in range(LEAST, len(runs) + 1):
        estimate = estimate_of(runs[:count])
        interval = estimate.interval
        if interval is None or interval.low is None or interval.high is None:
            continue
        ends = max(estimate.centre - interval.low, interval.high - estimate.centre)
        for share in list(open_shares):
            if ends <= share * estimate.centre or count == len(runs):
                found[share] = interval, count
                del open_shares[share]
        if not open_shares:
            break
    return [found.get(share, (None, len(runs))) for share in SHARES]


def rows_of_sizes(
    subjects: dict[str, tuple[Draw, float]], repetitions: int, chance: random.Random
) -> Iterator[str]:
    """The coverage for every size."""
    yield f"{'runs of which an interval is':42}" + "".join(f"{size:11}" for size in SIZES)
    for name, (draw, truth) in subjects.items():
        shares = [coverage(draw, truth, size, repetitions, chance) for size in SIZES]
        yield f"{name:42}" + "".join(f"{100 * share:9.1f} %" for share in shares)


def rows_of_until(
    subjects: dict[str, tuple[Draw, float]], repetitions: int, chance: random.Random
) -> Iterator[str]:
    """The coverage of intervals that ended repetitions, and the mean number of runs."""
    yield f"{'until ±, at most ' + str(MOST) + ' runs':42}" + "".join(
        f"{100 * share:15.0f} %" for share in SHARES
    )
    for name, (draw, truth) in subjects.items():
        cells = []
        for found in zip(*(ended(draw(chance, MOST)) for _ in range(repetitions)), strict=True):
            held = sum(holds(interval, truth) for interval, _ in found) / repetitions
            cells.append(f"{100 * held:5.1f} % ({fmean(n for _, n in found):4.1f})")
        yield f"{name:42}" + "".join(f"{cell:>17}" for cell in cells)


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repetitions", type=int, default=2000)
    options.add_argument("--runs", type=int, default=200, help="Seeds of the burst that are run.")
    options.add_argument("--count", type=int, default=100, help="VMIs of the burst.")
    options.add_argument("--figures", help="JSON with figures of seeds that were run before.")
    options.add_argument(
        "--until", action="store_true", help="Of intervals that ended repetitions."
    )
    given = options.parse_args()
    chance = random.Random(15)
    if given.figures:
        text = Path(given.figures).read_text(encoding="utf-8")
        seeds: dict[str, list[float]] = json.loads(text)["figures"]
    else:
        seeds = runs_of(given.runs, given.count) if given.runs else {}
    subjects = dict(MADE)
    for name, values in seeds.items():
        subjects[name] = (
            lambda chance, size, values=values: chance.sample(values, size),
            geometric_mean(values),
        )
    table = rows_of_until if given.until else rows_of_sizes
    for line in table(subjects, given.repetitions, chance):
        print(line, flush=True)


if __name__ == "__main__":
    main()
