"""Nearest ranks of every latency of a stage's objects, for documents with fixed statistics.

Invariant: an object that was to get there and did not counts as infinite; a phase that was jumped
over is no sample at all, since it was never entered.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from virtslo.model.identifiers import FAILED, RUNNING, SUCCEEDED, Phase
from virtslo.model.report.run_detail import LatencySummary, ObjectTrack
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.slo.statistics.quantiles import nearest_rank

TrackMoment = Callable[[ObjectTrack], float | None]


def summaries_of(
    objects: Sequence[ObjectTrack], *, missing: int = 0, until: float | None = None
) -> tuple[LatencySummary, ...]:
    """One summary for every latency that at least one object has.

    `missing` objects were created and never seen: unfinished in every latency since the create.
    What happened after `until` is no part of those.
    """
    made = [
        item if until is None else item.within(until)
        for item in objects
        if item.released is not None
    ]
    entered = {
        phase: [item for item in made if phase in item.phases or not _is_jumped(item, phase)]
        for phase in TABLE_PHASES
    }
    found = [
        *_since_release(made, entered, missing),
        *_since_creation(made, entered, missing),
        *_deletions([item for item in objects if item.deleting is not None]),
    ]
    return tuple(summary for summary in found if summary.finished)


def phase_counts(objects: Sequence[ObjectTrack], at: float | None) -> Mapping[str, int]:
    """How many VMIs are in each phase at a moment (None: at the end of what is known)."""
    counts: Counter[str] = Counter()
    moment = math.inf if at is None else at
    for item in objects:
        if item.deleted is not None and item.deleted <= moment:
            continue
        entered = [(when, phase) for phase, when in item.phases.items() if when <= moment]
        if entered:
            counts[max(entered, key=_when)[1]] += 1
    return dict(sorted(counts.items()))


def _when(entry: tuple[float, str]) -> float:
    return entry[0]


def _since_release(
    made: Sequence[ObjectTrack], entered: Mapping[Phase, Sequence[ObjectTrack]], missing: int
) -> Iterator[LatencySummary]:
    yield _summary("added", made, lambda item: item.added, missing)
    for phase in TABLE_PHASES:
        yield _summary(phase.lower(), entered[phase], _phase_reader(phase), missing)
    yield _summary("ready", made, lambda item: item.ready, missing)
    owned = [item for item in made if item.owner is not None]
    yield _summary("owner_ready", owned, lambda item: item.owner_ready, missing)
    yield _summary("pod_added", made, lambda item: item.pod.added if item.pod else None, missing)
    yield _summary("pod_ready", made, lambda item: item.pod.ready if item.pod else None, missing)


def _since_creation(
    made: Sequence[ObjectTrack], entered: Mapping[Phase, Sequence[ObjectTrack]], missing: int
) -> Iterator[LatencySummary]:
    """Of the VMI's own life, whatever made it."""
    for phase in TABLE_PHASES:
        reached = [item.since_creation(item.phases.get(phase)) for item in entered[phase]]
        yield _summary_of(f"vmi_creation_to_{phase.lower()}", reached, missing)
    ready = [item.since_creation(item.ready) for item in made]
    yield _summary_of("vmi_creation_to_ready", ready, missing)


def _deletions(deleted: Sequence[ObjectTrack]) -> Iterator[LatencySummary]:
    for phase, name in ((SUCCEEDED, "deletion_to_succeeded"), (FAILED, "deletion_to_failed")):
        samples = [
            round(item.phases[phase] - item.deleting, 9)
            for item in deleted
            if item.deleting is not None and item.phases.get(phase, -1.0) >= item.deleting
        ]
        yield _ranks(name, samples, 0)
    samples = [
        round(item.deleted - item.deleting, 9)
        for item in deleted
        if item.deleting is not None and item.deleted is not None
    ]
    yield _ranks("deletion_to_gone", samples, len(deleted) - len(samples))


def _is_jumped(item: ObjectTrack, phase: str) -> bool:
    """Whether a later phase was seen and this one was not."""
    if phase in item.phases:
        return False
    later = TABLE_PHASES[TABLE_PHASES.index(phase) + 1 :] if phase in TABLE_PHASES else ()
    return phase != RUNNING and any(name in item.phases for name in later)


def _phase_reader(phase: str) -> TrackMoment:
    return lambda item: item.phases.get(phase)


def _summary(
    name: str, objects: Sequence[ObjectTrack], moment: TrackMoment, missing: int
) -> LatencySummary:
    return _summary_of(name, [item.since_release(moment(item)) for item in objects], missing)


def _summary_of(name: str, latencies: Sequence[float | None], missing: int) -> LatencySummary:
    samples = [latency for latency in latencies if latency is not None]
    return _ranks(name, samples, missing + len(latencies) - len(samples))


def _ranks(name: str, samples: Sequence[float], unfinished: int) -> LatencySummary:
    ordered = [*sorted(samples), *([math.inf] * unfinished)]

    def rank(share: float) -> float | None:
        value = nearest_rank(ordered, share) if ordered else math.inf
        return None if math.isinf(value) else value

    whole = bool(samples) and not unfinished
    return LatencySummary(
        name=name,
        finished=len(samples),
        unfinished=unfinished,
        least=min(samples, default=None),
        p50=rank(0.50),
        p90=rank(0.90),
        p95=rank(0.95),
        p99=rank(0.99),
        most=rank(1.0),
        average=math.fsum(samples) / len(samples) if whole else None,
    )
