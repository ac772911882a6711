"""Lines and bars that plots are made of: populations, rates, distributions, thinned honestly.

Invariant: pure. A population is exact at every moment that is given; a thinned curve keeps its ends
and is made of its own points; what was left out can be seen from the counts.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from virtslo.model.report.run_detail import ObjectTrack, RunDetail

MOMENTS: Final = 500
"""At how many moments a population is shown at most."""
POINTS: Final = 400
"""Of how many points a distribution is shown at most."""
BINS: Final = 240
_STEPS: Final = (1.0, 2.0, 5.0)
_moment: Final = itemgetter(1)


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a line."""

    x: tuple[float, ...]
    y: tuple[float, ...]


def span_of(detail: RunDetail) -> tuple[float, float]:
    """From the first measured stage to the end of the last thing known, seconds."""
    starts = [stage.started for stage in detail.stages if stage.name != "warm_up"]
    ends = [stage.ended for stage in detail.stages if stage.ended is not None]
    seen = [moment for item in detail.objects for moment in item.phases.values()]
    first = min(starts, default=0.0)
    return first, max([*ends, *seen], default=first)


def moments_of(first: float, last: float, wanted: Iterable[float] = ()) -> list[float]:
    """Evenly spaced moments, and those that are wanted besides."""
    if last <= first:
        return [first]
    step = (last - first) / MOMENTS
    even = [first + step * index for index in range(MOMENTS + 1)]
    return sorted({*even, *(moment for moment in wanted if first <= moment <= last)})


@dataclass(frozen=True, slots=True)
class Stays:
    """When VMIs entered each phase, and when they left it, in order of time."""

    entered: Mapping[str, Sequence[float]]
    left: Mapping[str, Sequence[float]]

    def population(self, moments: Sequence[float]) -> Mapping[str, list[int]]:
        """How many VMIs were in each phase at each moment, exactly."""
        return {
            phase: _counts(times, self.left[phase], moments)
            for phase, times in self.entered.items()
        }

    def most_at_once(self) -> Mapping[str, int]:
        """The most VMIs that were in each phase at one time, exactly."""
        return {phase: _highest(times, self.left[phase]) for phase, times in self.entered.items()}


def stays_of(objects: Sequence[ObjectTrack]) -> Stays:
    """The stays of these VMIs in their phases."""
    entered: defaultdict[str, list[float]] = defaultdict(list)
    left: defaultdict[str, list[float]] = defaultdict(list)
    for item in objects:
        leaving: list[float] = []
        for phase, moment in sorted(item.phases.items(), key=_moment):
            leaving.append(moment)  # of the phase before
            entered[phase].append(moment)
            leaving = left[phase]
        if item.deleted is not None:
            leaving.append(item.deleted)
    for times in (*entered.values(), *left.values()):
        times.sort()
    return Stays(entered, left)


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 5 × a power of ten that is not below."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next((step * power for step in _STEPS if step * power >= least * (1 - 1e-9)), 10 * power)


def rates(moments: Sequence[float], first: float, last: float, step: float) -> Curve:
    """Events per second in bins of `step` seconds; a bin's point is its middle."""
    count = max(1, math.ceil((last - first) / step - 1e-9))
    bins = [0] * count
    for moment in moments:
        if first <= moment <= last:
            place = int((moment - first) / step)
            bins[place if place < count else -1] += 1
    middles = tuple(round(first + step * (index + 0.5), 6) for index in range(count))
    return Curve(middles, tuple(round(value / step, 6) for value in bins))


def distribution(samples: Sequence[float], total: int) -> Curve:
    """The share of `total` objects that took at most so long: steps through own samples."""
    ordered = sorted(samples)
    ranks = thinned(len(ordered), POINTS)
    if not ranks:
        return Curve((), ())
    x = [ordered[rank] for rank in ranks]
    y = [(rank + 1) / total for rank in ranks]
    return Curve((x[0], *x), (0.0, *y))


def bins_for(count: int, most: int) -> int:
    """How many bins show the shape of this number of samples (Rice's rule), at most `most`."""
    return max(1, min(most, math.ceil(2 * count ** (1 / 3)) if count else 1))


def histogram(samples: Sequence[float], bars: int | None = None) -> tuple[Curve, float]:
    """How many samples fall in each bin (its middle), and the width of a bin; without a number of
    bins, as many as the samples show the shape of."""
    if not samples:
        return Curve((), ()), 0.0
    bars = bars or bins_for(len(samples), 80)
    low, high = min(samples), max(samples)
    step = nice_step((high - low) / bars) if high > low else 1.0
    start = math.floor(low / step) * step
    count = int((high - start) / step) + 1
    bins = [0] * count
    for value in samples:
        bins[min(count - 1, int((value - start) / step + 1e-9))] += 1
    middles = tuple(round(start + step * (index + 0.5), 9) for index in range(count))
    return Curve(middles, tuple(float(value) for value in bins)), step


def thinned(count: int, most: int) -> list[int]:
    """At most `most` indices of `count`, evenly spaced, with the first and the last."""
    if count <= most:
        return list(range(count))
    return sorted({round(index * (count - 1) / (most - 1)) for index in range(most)})


def highest(points: Sequence[tuple[float, float]], bins: int) -> Curve:
    """The highest value in each of a number of even bins of x: no peak is lost."""
    if len(points) <= bins:
        ordered = sorted(points)
        return Curve(tuple(x for x, _ in ordered), tuple(y for _, y in ordered))
    first, last = min(points)[0], max(points)[0]
    step = (last - first) / bins or 1.0
    best: dict[int, tuple[float, float]] = {}
    for x, y in points:
        place = min(bins - 1, int((x - first) / step))
        if place not in best or y > best[place][1]:
            best[place] = (x, y)
    chosen = [best[place] for place in sorted(best)]
    return Curve(tuple(x for x, _ in chosen), tuple(y for _, y in chosen))


def _highest(entered: Sequence[float], left: Sequence[float]) -> int:
    """The most that were there at one of the times at which one entered."""
    gone = most = 0
    for there, moment in enumerate(entered, start=1):
        while gone < len(left) and left[gone] <= moment:
            gone += 1
        most = max(most, there - gone)
    return most


def _counts(entered: Sequence[float], left: Sequence[float], moments: Sequence[float]) -> list[int]:
    return [bisect_right(entered, moment) - bisect_right(left, moment) for moment in moments]
