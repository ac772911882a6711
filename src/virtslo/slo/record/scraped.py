"""How much a counter grew, from scraped samples.

Invariant: sums of increments between samples, resets handled; nothing is extrapolated. What the
scrapes cannot tell, because they did not happen at the window's edges, is stated as an interval.
A sample below 0 is none of a counter, and its series no data.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from virtslo.ports.metric_source import Sample, ScrapedSeries

PROCESS_LABELS = ("namespace", "pod", "instance")
"""The labels that tell one scraped process from another."""


SCRAPE_LABELS = frozenset(
    (
        "endpoint", "instance", "job", "metrics_path", "monitor", "prometheus",
        "prometheus_replica", "receive", "receive_replica", "replica", "scrape_pool", "service",
    )
)  # fmt: skip
"""The labels that a scrape adds, which tell two scrapes of one process apart."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How much a counter grew in a window."""

    value: float
    """From the last sample at or before the window to the first at or after it, where there are
    such: everything that the window can hold."""
    at_least: float
    """Between the first and the last sample inside the window: what it holds for certain."""
    gap_before: float | None
    """Seconds from the last sample before the window to its start; None: there is none."""
    gap_after: float | None
    """Seconds from the window's end to the first sample after it; None: there is none."""
    resets: int = 0
    """How often the counter fell: what it had counted since the scrape before is lost."""
    is_counter: bool = True
    """False: a sample is below 0, so that the growth says nothing."""

    @property
    def error(self) -> float:
        """How much of `value` may have come before or after the window."""
        return self.value - self.at_least


def growth(
    samples: Sequence[Sample], start: float, end: float, *, zero_at: float | None = None
) -> Growth:
    """How much a counter grew between two moments (Unix seconds).

    `samples` reach beyond the window on both sides. `zero_at`: when the series is known not to have
    been there yet, so to have stood at 0; used where no sample lies before the window.
    """
    known = list(samples)
    if zero_at is not None and not (known and known[0][0] <= start):
        known.insert(0, (zero_at, 0.0))
    before = [sample for sample in known if sample[0] <= start]
    after = [sample for sample in known if sample[0] >= end]
    value, resets = _summed(
        [*before[-1:], *(sample for sample in known if start < sample[0] < end), *after[:1]]
    )
    at_least, _ = _summed([sample for sample in known if start <= sample[0] <= end])
    return Growth(
        value=value,
        at_least=at_least,
        gap_before=start - before[-1][0] if before else None,
        gap_after=after[0][0] - end if after else None,
        resets=resets,
        is_counter=all(value >= 0 for _, value in known),
    )


def grown_by(
    series: Sequence[ScrapedSeries],
    labels: Sequence[str],
    *,
    start: float,
    end: float,
    process_starts: Mapping[tuple[str, ...], float] | None = None,
) -> Mapping[tuple[str, ...], Growth]:
    """Growth of every series, summed by `labels`.

    A series that appears inside the window stood at 0 when its process was last scraped without
    it, or when its process began (`process_starts`, Unix seconds by PROCESS_LABELS). Where neither
    is known it counts from its first sample, and `gap_before` is None.
    """
    scraped: dict[tuple[str, ...], float] = {}
    for item in series:
        process = process_of(item)
        for at, _ in item.samples:
            if at <= start:
                scraped[process] = max(at, scraped.get(process, at))
    sums: dict[tuple[str, ...], Growth] = {}
    for item in series:
        process = process_of(item)
        began = (process_starts or {}).get(process)
        zero_at = scraped.get(process, began if began is not None and began >= start else None)
        found = growth(item.samples, start, end, zero_at=zero_at)
        key = tuple(item.labels.get(name, "") for name in labels)
        sums[key] = _added(sums[key], found) if key in sums else found
    return {key: sums[key] for key in sorted(sums)}


def process_of(item: ScrapedSeries) -> tuple[str, ...]:
    """Which process a series was scraped from."""
    return tuple(item.labels.get(name, "") for name in PROCESS_LABELS)


def identity_of(item: ScrapedSeries) -> tuple[tuple[str, str], ...]:
    """What a series is about: its labels without those of the scrape.

    Without a pod the instance is what tells processes apart.
    """
    kept = SCRAPE_LABELS if "pod" in item.labels else SCRAPE_LABELS - {"instance"}
    return tuple(sorted((key, value) for key, value in item.labels.items() if key not in kept))


def scraped_once(
    series: Sequence[ScrapedSeries],
) -> tuple[tuple[ScrapedSeries, ...], tuple[ScrapedSeries, ...]]:
    """Each series once, and those left out: further scrapes of a process at the same time.

    Of two series of one process and one subject whose samples overlap in time, the one with more
    samples is kept. Series that follow each other (a restart under another address) are both kept.
    """
    left: list[ScrapedSeries] = []
    known: dict[tuple[object, ...], list[ScrapedSeries]] = {}
    for item in sorted(series, key=lambda item: -len(item.samples)):
        others = known.setdefault((item.name, identity_of(item)), [])
        if any(_overlap(item, other) for other in others):
            left.append(item)
        else:
            others.append(item)
    chosen = {id(item) for group in known.values() for item in group}
    kept = [item for item in series if id(item) in chosen]
    return tuple(kept), tuple(left)


def _overlap(one: ScrapedSeries, other: ScrapedSeries) -> bool:
    """Whether two series have samples at the same time."""
    if not one.samples or not other.samples:
        return False
    start = max(one.samples[0][0], other.samples[0][0])
    end = min(one.samples[-1][0], other.samples[-1][0])
    return start <= end


def _summed(samples: Sequence[Sample]) -> tuple[float, int]:
    """The increments between samples; after a reset a counter counts from 0."""
    total, resets = 0.0, 0
    for (_, earlier), (_, later) in itertools.pairwise(samples):
        if later < earlier:
            resets += 1
            total += later
        else:
            total += later - earlier
    return total, resets


def _added(one: Growth, other: Growth) -> Growth:
    return Growth(
        value=one.value + other.value,
        at_least=one.at_least + other.at_least,
        gap_before=_wider(one.gap_before, other.gap_before),
        gap_after=_wider(one.gap_after, other.gap_after),
        resets=one.resets + other.resets,
        is_counter=one.is_counter and other.is_counter,
    )


def _wider(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)
