"""Print how rates of a load behave: on three systems, on one that saturates, and over cycles.

A Monte Carlo study, whose output docs/adr/0014 quotes. A system is a sum of a profile's delays; the
plane that saturates serves at a rate and adds the lead time. It measures and fails on nothing.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from statistics import fmean, median, pstdev

from virtslo.base.clock import to_nanoseconds
from virtslo.config.profiles import load_profile
from virtslo.hollow.process.delays import draw
from virtslo.model.simulated.profile import Distribution
from virtslo.slo.statistics.throughput import Load, spread_rate, throughput

CAPACITY = 9.0
STEPS = ("pod_create", "pod_start", "domain_define", "boot")
Latency = Callable[[random.Random], float]
Rates = dict[str, float | None]


def systems() -> dict[str, Latency]:
    """The three systems: `ci`, slower but even, and with twice the spread of the pod start."""
    ci = dict(load_profile("ci").delays)
    even = {
        **ci,
        "pod_start": Distribution("constant", value=40.0),
        "boot": Distribution("constant", value=10.0),
    }
    wide = {**ci, "pod_start": replace(ci["pod_start"], sigma=2 * ci["pod_start"].sigma)}

    def latency(delays: dict[str, Distribution]) -> Latency:
        return lambda chance: sum(draw(delays[step], chance) for step in STEPS)

    return {
        "ci": latency(ci),
        "2.4 x slower, even": latency(even),
        "twice the spread": latency(wide),
    }


def load(offsets: Sequence[float]) -> Load:
    """Objects by their seconds from the intended time."""
    return Load(0, len(offsets), tuple(map(to_nanoseconds, offsets)))


def rates_of_burst(offsets: Sequence[float]) -> Rates:
    """Every candidate for one load."""
    count, last = len(offsets), max(offsets)
    ordered = sorted(offsets)
    half = -(-count // 2)
    return {
        "first to last": spread_rate([load(offsets)]),
        "N / last": count / last,
        "0.9 N / t90": throughput([load(offsets)], unit="", source="").value,
        "0.5 N / t50": half / ordered[half - 1],
        "N / 2 mean": count / (2 * fmean(offsets)),
    }


def rates_of_cycles(cycles: Sequence[Sequence[float]]) -> Rates:
    """Every candidate for the cycles of a churn."""
    loads = [load(cycle) for cycle in cycles]
    each = [spread_rate([one]) for one in loads]
    return {
        "median first to last": median(rate for rate in each if rate is not None),
        "median N / last": median(len(cycle) / max(cycle) for cycle in cycles),
        "sum N / sum last": sum(map(len, cycles)) / sum(map(max, cycles)),
        "pooled 0.9 N / t90": throughput(loads, unit="", source="").value,
    }


def summary(name: str, found: Sequence[Rates]) -> None:
    """A row: the mean of each rate, and its coefficient of variation."""
    cells = []
    for key in found[0]:
        values = [float(rates[key] or 0.0) for rates in found]
        mean = fmean(values)
        cells.append(f"{mean:8.4g} ({100 * pstdev(values) / mean:4.1f} %)")
    print(f"{name:32}" + "  ".join(cells))


def heading(title: str, names: Sequence[str]) -> None:
    """The columns."""
    print(f"\n{title}; mean (coefficient of variation)")
    print(" " * 32 + "  ".join(f"{name:>17}" for name in names))


def main() -> None:
    """Print every table of the study."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repetitions", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    chance = random.Random(given.seed)
    known = systems()
    names = list(rates_of_burst([1.0, 2.0]))
    heading("a burst of 100, per second", names)
    for name, latency in known.items():
        bursts = [[latency(chance) for _ in range(100)] for _ in range(given.repetitions)]
        summary(name, [rates_of_burst(burst) for burst in bursts])
        late = [[*burst[:-1], 5 * max(burst)] for burst in bursts]
        summary(f"{name}, one straggler", [rates_of_burst(burst) for burst in late])
    heading(f"a plane of {CAPACITY:g}/s that saturates, with the lead time of ci", names)
    for count in (3, 10, 19, 20, 30, 100, 300, 1000, 3000):
        found = []
        for _ in range(max(20, min(given.repetitions, 200_000 // count))):
            served = accumulate(chance.expovariate(CAPACITY) for _ in range(count))
            found.append(rates_of_burst([moment + known["ci"](chance) for moment in served]))
        summary(f"N = {count}", found)
    heading("Steady State, per second", list(rates_of_cycles([[1.0, 2.0]])))
    for count, cycles in ((2, 5), (5, 5), (20, 5), (50, 5), (5, 20)):
        for name, latency in known.items():
            found = [
                rates_of_cycles([[latency(chance) for _ in range(count)] for _ in range(cycles)])
                for _ in range(given.repetitions)
            ]
            summary(f"{cycles} cycles of {count}, {name}", found)


if __name__ == "__main__":
    main()
