"""Print how often intervals over runs hold the truth, on runs of the simulated cluster.

Many seeds of one burst are run; figures of some of them, drawn with replacement, give an interval,
and the geometric mean of all is the truth. Made distributions are tried besides, of which the truth
is known. docs/adr/0015 quotes the output. It measures and fails on nothing.
"""

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from statistics import geometric_mean

from virtslo.slo.statistics.repetition import estimate_of

FIGURES = (
    ("phase_rate_running", "mean"),
    ("vmi_creation_to_running_seconds", "p50"),
    ("vmi_creation_to_running_seconds", "p95"),
    ("time_to_all_running_seconds", "value"),
)
SIZES = (3, 5, 9, 10, 20)
Draw = Callable[[random.Random], float]
MADE: dict[str, tuple[Draw, float]] = {
    "lognormal, spread 12 %": (lambda chance: chance.lognormvariate(3, 0.12), math.exp(3)),
    "lognormal, spread 50 %": (lambda chance: chance.lognormvariate(3, 0.5), math.exp(3)),
    "gamma of shape 4": (lambda chance: chance.gammavariate(4, 1), math.exp(1.2561176684318)),
}
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


def coverage(draw: Callable[[], float], truth: float, size: int, repetitions: int) -> float:
    """The share of intervals of `size` runs that hold the truth."""
    held = 0
    for _ in range(repetitions):
        interval = estimate_of([draw() for _ in range(size)]).interval
        if interval is not None and interval.low is not None and interval.high is not None:
            held += interval.low <= truth <= interval.high
    return held / repetitions


def row(name: str, draw: Callable[[], float], truth: float, repetitions: int) -> None:
    """Print the coverage for every size."""
    shares: Sequence[float] = [coverage(draw, truth, size, repetitions) for size in SIZES]
    print(f"{name:42}" + "".join(f"{100 * share:9.1f} %" for share in shares), flush=True)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repetitions", type=int, default=2000)
    options.add_argument("--runs", type=int, default=60, help="Seeds of the burst that are run.")
    options.add_argument("--count", type=int, default=100, help="VMIs of the burst.")
    given = options.parse_args()
    chance = random.Random(15)
    print(f"{'runs of which an interval is':42}" + "".join(f"{size:11}" for size in SIZES))
    for name, (draw, truth) in MADE.items():
        row(name, lambda draw=draw: draw(chance), truth, given.repetitions)
    for name, values in runs_of(given.runs, given.count).items():
        truth = geometric_mean(values)
        row(name, lambda values=values: chance.choice(values), truth, given.repetitions)


if __name__ == "__main__":
    main()
