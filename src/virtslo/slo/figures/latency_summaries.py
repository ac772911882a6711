"""Nearest ranks of every latency of a stage's objects, for documents with fixed statistics.

Invariant: an object that was to get there and did not counts as infinite; a phase that was jumped
over is no sample at all, since it was never entered.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from virtslo.base.clock import seconds_between
from virtslo.model.identifiers import FAILED, RUNNING, SUCCEEDED, Phase
from virtslo.model.report.run_detail import LatencySummary, ObjectTrack, PodTrack
from virtslo.model.vocabulary import TABLE_PHASES
from virtslo.slo.statistics.quantiles import nearest_rank

_NO_POD: Final = PodTrack("", None, None)


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
    since = _releases(made)
    yield _summary("added", since, [item.added for item in made], missing)
    for phase in TABLE_PHASES:
        there = entered[phase]
        moments = [item.phases.get(phase) for item in there]
        yield _summary(phase.lower(), _releases(there), moments, missing)
    yield _summary("ready", since, [item.ready for item in made], missing)
    owned = [item for item in made if item.owner is not None]
    moments = [item.owner_ready for item in owned]
    yield _summary("owner_ready", _releases(owned), moments, missing)
    pods = [item.pod or _NO_POD for item in made]
    yield _summary("pod_added", since, [pod.added for pod in pods], missing)
    yield _summary("pod_ready", since, [pod.ready for pod in pods], missing)


def _since_creation(
    made: Sequence[ObjectTrack], entered: Mapping[Phase, Sequence[ObjectTrack]], missing: int
) -> Iterator[LatencySummary]:
    """Of the VMI's own life, whatever made it."""
    for phase in TABLE_PHASES:
        there = entered[phase]
        moments = [item.phases.get(phase) for item in there]
        name = f"vmi_creation_to_{phase.lower()}"
        yield _summary(name, [item.created for item in there], moments, missing)
    since = [item.created for item in made]
    yield _summary("vmi_creation_to_ready", since, [item.ready for item in made], missing)


def _deletions(deleted: Sequence[ObjectTrack]) -> Iterator[LatencySummary]:
    for phase, name in ((SUCCEEDED, "deletion_to_succeeded"), (FAILED, "deletion_to_failed")):
        ended = [
            item
            for item in deleted
            if item.deleting is not None and item.phases.get(phase, -1.0) >= item.deleting
        ]
        since, moments = _markings(ended), [item.phases[phase] for item in ended]
        yield _summary(name, since, moments, 0)
    yield _summary("deletion_to_gone", _markings(deleted), [item.deleted for item in deleted], 0)


def _is_jumped(item: ObjectTrack, phase: str) -> bool:
    """Whether a later phase was seen and this one was not."""
    if phase in item.phases:
        return False
    later = TABLE_PHASES[TABLE_PHASES.index(phase) + 1 :] if phase in TABLE_PHASES else ()
    return phase != RUNNING and any(name in item.phases for name in later)


def _releases(objects: Sequence[ObjectTrack]) -> list[float | None]:
    return [item.released for item in objects]


def _markings(objects: Sequence[ObjectTrack]) -> list[float | None]:
    return [item.deleting for item in objects]


def _summary(
    name: str, since: Sequence[float | None], moments: Sequence[float | None], missing: int
) -> LatencySummary:
    samples = seconds_between(since, moments)
    return _ranks(name, samples, missing + len(moments) - len(samples))


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
