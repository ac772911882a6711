"""What of a trace a scenario plays: which objects, how often, in which size.

Invariant: an object that a controller made is never played by itself: its owner is, whole. Which
part of a trace is played depends on the trace, the sample and its seed alone. Times count from the
first arrival; those of a run's record from its t0, as the arrival process had them.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.limits import REPLAY_ARRIVALS, REPLAY_MEMBERS
from virtslo.config.trace_file import Trace, read_trace
from virtslo.model.plan.trace import ARRIVAL, DELETION, PRESENT, Replay, ReplayArrival, TraceEvent

THERE_BEFORE: Final = "were there before the recording began"
OWNED: Final = "were made by a controller, which makes them again"
NOT_STARTED: Final = "are VMs that nothing starts"
EMPTY: Final = "are pools or replica sets without members"
NOT_SAMPLED: Final = "are not in the sample"


def choose_replay(
    path: Path, *, speed: float, sample: float, seed: int, place: str
) -> tuple[Replay | None, list[Problem]]:
    """What is played of the trace at a path, or what is wrong with it."""
    try:
        trace = read_trace(path)
    except ScenarioError as error:
        return None, [
            Problem(f"{place}: {problem.place}", problem.found, problem.expected, problem.hint)
            for problem in error.problems
        ]
    left_out: Counter[str] = Counter()
    found = list(_roots(trace, left_out))
    if not found:
        reasons = "; ".join(f"{count} {words}" for words, count in left_out.items())
        expected = "at least one arrival that can be played"
        return None, [Problem(place, f"none in {trace.name!r} ({reasons or 'empty'})", expected)]
    if len(found) * sample > REPLAY_ARRIVALS.most:
        words = f"{len(found)} arrivals, {sample:g} times"
        return None, [Problem(place, words, str(REPLAY_ARRIVALS), "a smaller load.sample")]
    members = sum(arrival.members for arrival in found)
    if members * sample > REPLAY_MEMBERS.most:
        words = f"{members} VMIs, {sample:g} times"
        return None, [Problem(place, words, str(REPLAY_MEMBERS), "a smaller load.sample")]
    chosen = _sampled(found, sample, seed)
    if len(chosen) < len(found):
        left_out[NOT_SAMPLED] = len(found) - len(chosen)
    first_ns = 0 if trace.header.source == "record" else chosen[0].at_ns
    return Replay(
        trace=trace.name,
        digest=trace.digest,
        arrivals=tuple(_from(first_ns, arrival) for arrival in chosen),
        span_ns=max(0, trace.end_ns - first_ns),
        speed=speed,
        sample=sample,
        sample_seed=seed,
        left_out=dict(left_out),
        label=trace.header.label,
        is_cut=trace.is_cut,
    ), []


def _roots(trace: Trace, left_out: Counter[str]) -> Iterator[ReplayArrival]:
    deleted = {event.object: event.at_ns for event in trace.events if event.event == DELETION}
    for event in trace.events:
        reason = _why_not(event)
        if reason:
            left_out[reason] += 1
        elif event.event == ARRIVAL:
            end_ns = deleted.get(event.object)
            yield _arrival(event, None if end_ns is None else end_ns - event.at_ns)


def _why_not(event: TraceEvent) -> str:
    if event.event == PRESENT:
        return THERE_BEFORE
    if event.event != ARRIVAL:
        return ""
    if event.is_owned or event.owner is not None:
        return OWNED
    if event.shape is not None and not event.shape.starts:
        return NOT_STARTED
    return EMPTY if event.members == 0 else ""


def _arrival(event: TraceEvent, lifetime_ns: int | None) -> ReplayArrival:
    assert event.kind is not None
    shape = event.shape
    cpu = None if shape is None else shape.requested_milli
    memory = None if shape is None else shape.memory_bytes
    return ReplayArrival(
        at_ns=event.at_ns,
        kind=event.kind,
        members=1 if event.members is None else event.members,
        cpu=f"{cpu}m" if cpu else None,
        memory=_bytes(memory) if memory else None,
        lifetime_ns=lifetime_ns,
    )


def _bytes(count: int) -> str:
    """A number of bytes as a quantity: in Mi where it is whole."""
    return f"{count >> 20}Mi" if count % (1 << 20) == 0 else str(count)


def _sampled(found: list[ReplayArrival], sample: float, seed: int) -> list[ReplayArrival]:
    """As many whole copies as the sample has, and a random part for its fraction; at least one."""
    whole, part = divmod(sample, 1.0)
    count = round(len(found) * part)
    if whole == 0:
        count = max(1, count)
    rng = Random(f"{seed}:sample")
    once_more = set(rng.sample(range(len(found)), count))
    copies = [int(whole) + (place in once_more) for place in range(len(found))]
    return [arrival for arrival, times in zip(found, copies, strict=True) for _ in range(times)]


def _from(first_ns: int, arrival: ReplayArrival) -> ReplayArrival:
    return ReplayArrival(
        arrival.at_ns - first_ns,
        arrival.kind,
        arrival.members,
        arrival.cpu,
        arrival.memory,
        arrival.lifetime_ns,
    )
