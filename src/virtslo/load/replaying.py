"""A replay, planned: when what arrived is deleted again.

Invariant: pure; every time is the trace's, scaled by the speed. What outlived the recording has no
deletion here: the ramp-down removes it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from virtslo.base.clock import NANOSECONDS_PER_SECOND, to_nanoseconds, to_seconds
from virtslo.base.units import format_duration
from virtslo.load.planned import PlannedObject, PlannedOperation
from virtslo.model.plan.trace import Replay
from virtslo.model.run.operations import DELETE
from virtslo.model.stage_names import RAMP_DOWN


def plan_deletions(
    replay: Replay, objects: Sequence[PlannedObject]
) -> tuple[PlannedOperation, ...]:
    """The deletions of a replay, in order of time; those of one time in the order of arrival."""
    found = [
        PlannedOperation(
            DELETE, planned, replay.played_ns(arrival.at_ns + arrival.lifetime_ns), RAMP_DOWN
        )
        for arrival, planned in zip(replay.arrivals, objects, strict=True)
        if arrival.lifetime_ns is not None
    ]
    return tuple(sorted(found, key=lambda operation: operation.offset_ns))


def split_by_rest(
    operations: Sequence[PlannedOperation], *, least: float
) -> Iterator[tuple[PlannedOperation, ...]]:
    """Runs of operations between which nothing is intended for at least `least` seconds."""
    batch: list[PlannedOperation] = []
    for operation in operations:
        if batch and operation.offset_ns - batch[-1].offset_ns >= to_nanoseconds(least):
            yield tuple(batch)
            batch = []
        batch.append(operation)
    if batch:
        yield tuple(batch)


def describe_replay(replay: Replay, deletions: int) -> list[str]:
    """What is played of a trace, in words: how much, how fast, how long, and what is not."""
    offsets = replay.offsets_ns
    kinds = Counter(arrival.kind.value for arrival in replay.arrivals)
    arrivals = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    span = format_duration(to_seconds(offsets[-1]))
    recorded = format_duration(to_seconds(replay.span_ns))
    share = "" if replay.sample == 1.0 else f", {replay.sample:g} of its objects"
    cut = ", cut before its end" if replay.is_cut else ""
    lines = [
        f"trace: {replay.trace}, {recorded} recorded{cut}, played at speed {replay.speed:g}{share}",
        f"arrivals: {arrivals}, over {span}; at most {peak_rate(offsets)} in one second",
        (
            f"population: at most {replay.peak_members} VMIs at once; {deletions} deletions at "
            f"recorded times, {len(offsets) - deletions} objects outlive the trace"
        ),
    ]
    return lines + [f"not played: {count} {words}" for words, count in replay.left_out.items()]


def peak_rate(offsets_ns: Sequence[int]) -> int:
    """The most arrivals within any second; times in order."""
    most, first = 0, 0
    for last, offset_ns in enumerate(offsets_ns):
        while offset_ns - offsets_ns[first] >= NANOSECONDS_PER_SECOND:
            first += 1
        most = max(most, last - first + 1)
    return most
