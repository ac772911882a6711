"""perfscale-audit's results, from raw samples.

Invariant: nothing is extrapolated. A count is the growth of counters over the window, known between
what surely fell inside and what may have; a latency is known to its histogram's bucket; what was
not scraped has a reason and no value.
"""

import difflib
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from virtslo.base.plain_text import shown_text
from virtslo.model.kubernetes.kubevirt_metrics import READING_VERBS, REQUESTS
from virtslo.model.report.perfscale_audit import PerfscaleAuditValue
from virtslo.model.vocabulary import COUNTED_RESOURCES, METRIC_VERBS
from virtslo.ports.metric_source import ScrapedSeries
from virtslo.slo.perfscale_audit.unseen import (
    LABELS,
    READS,
    lacking_labels,
    unseen_requests,
    with_verb,
)
from virtslo.slo.record.scraped import Growth, grown_by, identity_of

PODS: Final = 'pod=~"virt-(api|controller|handler|operator)-.*"'
LATENCIES: Final = (
    ("vmiCreationToRunningSeconds", "creation", "Running"),
    ("vmiDeletionToSucceededSeconds", "deletion", "Succeeded"),
    ("vmiDeletionToFailedSeconds", "deletion", "Failed"),
)
RANKS: Final = (("P50", 0.50), ("P95", 0.95), ("P99", 0.99))
MEBIBYTE: Final = 1024 * 1024
LAPSE: Final = 1.5
"""The scrape intervals after its last sample by which a series has ended."""
PROCESS: Final = frozenset(("pod", "instance", "container"))


def request_counts(
    series: Sequence[ScrapedSeries], *, start: float, end: float, wanted: Iterable[str] = ()
) -> list[PerfscaleAuditValue]:
    """`<VERB>-<resource>-count`: 2xx requests; `wanted` keys are there even if never called.

    A wanted key of a verb or a resource that nothing knows is no data, lest a misspelt threshold
    be met by a 0. Where requests may have been made that no series tells of, a count has no upper
    end, a 0 too.
    """
    if not series:
        return [
            PerfscaleAuditValue(key, None, "requests", reason=f"{REQUESTS} was not scraped")
            for key in sorted(wanted)
        ]
    series = [with_verb(item) for item in series]
    missing = [name for name in LABELS if not any(item.labels.get(name) for item in series)]
    if missing:
        reason = f"the series of {REQUESTS} have no label {' and '.join(missing)}"
        return [PerfscaleAuditValue(key, None, "requests", reason=reason) for key in sorted(wanted)]
    unseen = unseen_requests(series, start=start, end=end)
    series = [item for item in series if not lacking_labels(item)]
    sums: dict[str, list[Growth]] = {}
    others: dict[str, float] = {}
    undivided: set[str] = set()
    for (verb, resource, code), grown in grown_by(series, LABELS, start=start, end=end).items():
        key = f"{verb}-{resource}-count"
        if verb == READS:
            undivided.add(resource)
        elif code.startswith("2"):
            sums.setdefault(key, []).append(grown)
        else:
            others[key] = others.get(key, 0.0) + grown.value
    resources = {item.labels["resource"] for item in series} | set(COUNTED_RESOURCES)
    unknown = []
    for key in wanted:
        verb, _, resource = key.removesuffix("-count").partition("-")
        if verb in READING_VERBS and resource in undivided:
            sums.pop(key, None)
            reason = f"series of {REQUESTS} have the label method, which is GET for {READS}"
            unknown.append(PerfscaleAuditValue(key, None, "requests", reason=reason))
        elif key in sums or (verb in METRIC_VERBS and resource in resources):
            sums.setdefault(key, [])
        else:
            unknown.append(_unknown(key, sums))
    counts = (_count(key, sums[key], others.get(key, 0.0), unseen) for key in sorted(sums))
    return [*counts, *unknown]


def _unknown(key: str, known: Iterable[str]) -> PerfscaleAuditValue:
    reason = f"no request of this verb on this resource was ever scraped{nearest(key, known)}"
    return PerfscaleAuditValue(key, None, "requests", reason=reason)


def nearest(key: str, known: Iterable[str]) -> str:
    """A question after the known key that one may have meant; empty where none is near."""
    near = difflib.get_close_matches(key, sorted(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _count(
    key: str, grown: Sequence[Growth], others: float, unseen: Sequence[str]
) -> PerfscaleAuditValue:
    if not all(item.is_counter for item in grown):
        return PerfscaleAuditValue(key, None, "requests", reason="a counter is below 0")
    value = sum(item.value for item in grown)
    at_least = sum(item.at_least for item in grown)
    more = []
    if any(item.gap_after is None for item in grown):
        more.append("no scrape after the end")
    if any(item.gap_before is None for item in grown):
        more.append("a process that was not scraped before the window")
    if any(item.resets for item in grown):
        more.append("a counter was reset")
    more += unseen
    told = [f"{others:g} more were not answered 2xx"] if others else []
    if more:
        told.append(f"{', '.join(more)}: there may be more")
    high = math.inf if more else value
    return PerfscaleAuditValue(
        key, value, "requests", value, high, min(at_least, value), detail="; ".join(told)
    )


def latencies(
    buckets_of: Mapping[tuple[str, str], Sequence[ScrapedSeries]],
    requests: Sequence[ScrapedSeries],
    *,
    start: float,
    end: float,
) -> Iterator[PerfscaleAuditValue]:
    """`vmi…SecondsP50|P95|P99`, from the growth of each bucket, over every process together.

    A histogram is born with its first observation; that its process was scraped before, and so
    that it stood at 0, is known from the other series of that process (`requests`).
    """
    for key, since, phase in LATENCIES:
        series = buckets_of.get((since, phase), ())
        grown = grown_by((*requests, *series), ("le",), start=start, end=end)
        buckets = {le: item for (le,), item in grown.items() if le}
        odd = _odd_histogram(buckets)
        counts = {} if odd else {_bound(le): item.value for le, item in buckets.items()}
        more = _more_observations(buckets.values())
        for rank, share in RANKS:
            if odd:
                yield PerfscaleAuditValue(f"{key}{rank}", None, "s", reason=odd)
                continue
            found = _rank(f"{key}{rank}", counts, share, is_scraped=bool(series), phase=phase)
            yield found if not more or found.value is None else _unbounded(found, more)


def _odd_histogram(buckets: Mapping[str, Growth]) -> str:
    """Why buckets are those of no histogram; empty where they are."""
    for le in buckets:
        try:
            is_bound = not math.isnan(float(le))
        except ValueError:
            is_bound = False
        if not is_bound:
            return f"a bucket's bound is {shown_text(le)!r}, which is no number"
    grown = [buckets[le] for le in sorted(buckets, key=_bound)]
    if not all(item.is_counter for item in grown):
        return "a bucket is below 0"
    if any(later.value < earlier.value for earlier, later in itertools.pairwise(grown)):
        return "a bucket grew by more than the next one, which holds it"
    return ""


def _more_observations(buckets: Iterable[Growth]) -> str:
    """Why there may be observations that the buckets do not hold; empty where there are none."""
    if any(item.resets for item in buckets):
        return "a counter was reset"
    if any(item.gap_after is None for item in buckets):
        return "no scrape after the end"
    if any(item.gap_before is None for item in buckets):
        return "a process that was not scraped before the window"
    return ""


def _unbounded(found: PerfscaleAuditValue, more: str) -> PerfscaleAuditValue:
    """A latency of which observations are missing: it may be any."""
    told = f"{found.detail}; {more}: there may be more"
    return replace(found, low=0.0, high=math.inf, detail=told)


def _rank(
    key: str, counts: Mapping[float, float], share: float, *, is_scraped: bool, phase: str
) -> PerfscaleAuditValue:
    total = counts.get(math.inf, 0.0)
    if total < 1:
        why = f"no VMI entered {phase} in the window" if is_scraped else "it was not scraped"
        return PerfscaleAuditValue(key, None, "s", reason=why)
    rank = max(1, math.ceil(share * total - 1e-9))
    low, before = 0.0, 0.0
    for high in sorted(counts):
        if counts[high] >= rank:
            break
        low, before = high, counts[high]
    inside = counts[high] - before
    told = f"between {low:g} and {high:g} s: its histogram knows no more (n = {total:g})"
    if math.isinf(high):
        return PerfscaleAuditValue(
            key, low, "s", low, high, detail=f"above {low:g} s (n = {total:g})"
        )
    value = low + (high - low) * (share * total - before) / inside if inside > 0 else high
    return PerfscaleAuditValue(key, min(high, max(low, value)), "s", low, high, detail=told)


def phase_counts(
    series: Sequence[ScrapedSeries], *, end: float, interval: float
) -> list[PerfscaleAuditValue]:
    """`<phase>-phase-count`: the last sample of each series that goes on to the end.

    A series that misses a scrape has ended: a phase whose series have all ended has no VMI, if
    another phase's go on, and no data otherwise. Of several processes that say the same (a leader
    that changed) the latest counts.
    """
    latest: dict[tuple[tuple[str, str], ...], tuple[float, float]] = {}
    phases: dict[str, float] = {}
    for item in series:
        known = [sample for sample in item.samples if sample[0] <= end]
        if not known or "phase" not in item.labels:
            continue
        phase, at = item.labels["phase"].lower(), known[-1][0]
        phases[phase] = max(at, phases.get(phase, at))
        if end - at > LAPSE * _step(known, interval):
            continue
        subject = tuple(pair for pair in identity_of(item) if pair[0] not in PROCESS)
        if subject not in latest or at > latest[subject][0]:
            latest[subject] = known[-1]
    sums: dict[str, float] = {}
    for subject, (_, value) in latest.items():
        phase = dict(subject)["phase"].lower()
        sums[phase] = sums.get(phase, 0.0) + value
    return [
        _phase_count(phase, sums.get(phase), end - phases[phase], is_scraped=bool(sums))
        for phase in sorted(phases)
    ]


def _phase_count(
    phase: str, value: float | None, ended: float, *, is_scraped: bool
) -> PerfscaleAuditValue:
    key = f"{phase}-phase-count"
    if value is not None and value < 0:
        return PerfscaleAuditValue(key, None, "VMIs", reason="a sample is below 0")
    if value is not None:
        return PerfscaleAuditValue(key, value, "VMIs", value, value)
    told = f"its series ended {ended:.0f} s before the end"
    if is_scraped:
        return PerfscaleAuditValue(key, 0.0, "VMIs", 0.0, 0.0, detail=told)
    return PerfscaleAuditValue(key, None, "VMIs", reason=told)


def _step(samples: Sequence[tuple[float, float]], interval: float) -> float:
    """Seconds between scrapes: as declared, or as seen where that is longer."""
    gaps = sorted(later[0] - earlier[0] for earlier, later in itertools.pairwise(samples))
    return max(interval, gaps[len(gaps) // 2]) if gaps else interval


def memory(
    component: str, series: Sequence[ScrapedSeries], *, start: float, end: float
) -> Iterator[PerfscaleAuditValue]:
    """`avg|min|maxVirt…MemoryUsageInMB`: over the samples of each pod, then over pods.

    As there, virt-controller's is that of its largest pod (the leader), virt-api's the average.
    """
    pods = [
        [value / MEBIBYTE for at, value in item.samples if start <= at <= end] for item in series
    ]
    pods = [values for values in pods if values]
    is_odd = any(value < 0 for values in pods for value in values)
    over_pods: Callable[[list[float]], float] = max if component == "VirtController" else _mean
    for word, of in (("avg", _mean), ("min", min), ("max", max)):
        key = f"{word}{component}MemoryUsageInMB"
        if not pods or is_odd:
            why = "a sample is below 0" if is_odd else "no sample in the window"
            yield PerfscaleAuditValue(key, None, "MiB", reason=why)
            continue
        value = over_pods([of(values) for values in pods])
        yield PerfscaleAuditValue(key, value, "MiB", value, value)


def processor(
    component: str, series: Sequence[ScrapedSeries], *, start: float, end: float
) -> PerfscaleAuditValue:
    """`avgVirt…CPUUsage`: CPU seconds per second between samples inside the window."""
    key = f"avg{component}CPUUsage"
    rates = []
    for item in series:
        inside = [sample for sample in item.samples if start <= sample[0] <= end]
        if any(value < 0 for _, value in inside):
            return PerfscaleAuditValue(key, None, "CPUs", reason="a sample is below 0")
        if len(inside) >= 2:
            grown = sum(
                later[1] - (earlier[1] if later[1] >= earlier[1] else 0.0)
                for earlier, later in itertools.pairwise(inside)
            )
            rates.append(grown / (inside[-1][0] - inside[0][0]))
    if not rates:
        return PerfscaleAuditValue(key, None, "CPUs", reason="fewer than two samples in the window")
    value = max(rates) if component == "VirtController" else _mean(rates)
    return PerfscaleAuditValue(key, value, "CPUs", value, value)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _bound(text: str) -> float:
    return float(text)
