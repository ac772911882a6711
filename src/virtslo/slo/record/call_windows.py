"""What happened between two moments, from cumulative reads at both.

Invariant: a count is the difference of two integers; a series absent before counts from 0. A
process that restarted, came or went in between is named. A failed read is no data, never 0.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model.kubernetes.calls import ComponentCall, Counted, RestCall
from virtslo.model.kubernetes.components import COUNTED_COMPONENTS
from virtslo.model.run.rest_calls import (
    AUDIT_LOG,
    COMPONENTS,
    NO_PODS,
    CallSource,
    CounterRead,
    Moment,
    ReadStage,
)
from virtslo.model.vocabulary import EVERYONE

_BY_COMPONENT: Final = frozenset({COMPONENTS, AUDIT_LOG})
"""Sources with a read of each component; the others list callers as they come."""

_NO_COMPONENT: Final = "kubevirt"
"""In place of a component: the read that looked for their pods and failed, or found none."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A component's processor time and memory over its processes."""

    cpu_seconds: float | None
    """Spent between the moments; None where a process restarted or does not say."""
    resident_before: float | None
    resident_peak: float | None
    """The most that a read at either moment says."""
    resident_after: float | None
    processes: int


@dataclass(frozen=True, slots=True)
class Window:
    """The requests between two moments, and what is to be said of the reads."""

    source: CallSource
    stage: ReadStage
    requests: Mapping[ComponentCall, int]
    seconds: float
    """From the end of the reads before to the start of the reads after."""
    edge_seconds: tuple[float, float] = (0.0, 0.0)
    """How long the reads before and after took: the window's edges are as soft as that."""
    failed: tuple[str, ...] = ()
    """Reads that failed: without them there is no figure. `component pod: why`."""
    restarted: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    """Processes that ended inside the window: what they had sent since is lost."""
    fell: tuple[str, ...] = ()
    """Counters that fell or vanished, in the window or before it, though the process is the same:
    `component pod: which`."""
    leaders: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Who led, before and after."""
    sums: Mapping[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    """Seconds and observations of histograms, by (component, `family{label}`)."""
    usage: Mapping[str, Usage] = field(default_factory=dict)
    """By component."""
    missing: tuple[str, ...] = ()
    """Counted components of which nothing was read: no figure covers them."""
    processes: int = 0
    """How many processes were read at the end."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing sent in the window can be missing."""
        return not (self.failed or self.restarted or self.went or self.fell or self.missing)

    def lacks(self, component: str) -> tuple[str, ...]:
        """Why what a component sent in the window is not all known; empty where it is."""
        if component in self.missing:
            return (f"{component}: no pods were found",)
        return tuple(
            words
            for words in (*self.failed, *self.restarted, *self.went, *self.fell)
            if words.split(" ", 1)[0] == component
        )


class Windows:
    """The windows of a record's reads; those of a source are made once, when one is asked for."""

    def __init__(self, reads: Sequence[CounterRead]) -> None:
        self._reads = reads
        self._made: dict[CallSource, Mapping[ReadStage, Window]] = {}

    def of(self, stage: ReadStage, source: CallSource = COMPONENTS) -> Window | None:
        """The window of a stage: from the moment before it to the one after it; None if not read.

        Counters that fell earlier in the run are listed too: such a process gives no count.
        """
        made = self._made.get(source)
        if made is None:
            made = self._made[source] = dict(_by_stage(self._reads, source))
        return made.get(stage)


def window_of(
    reads: Sequence[CounterRead], stage: ReadStage, *, source: CallSource = COMPONENTS
) -> Window | None:
    """One window of reads that no other is wanted of."""
    return Windows(reads).of(stage, source)


def _by_stage(
    reads: Sequence[CounterRead], source: CallSource
) -> Iterator[tuple[ReadStage, Window]]:
    fell: list[str] = []
    for (_, before), ((stage, moment), after) in itertools.pairwise(moments_of(reads, source)):
        window = difference(before, after, source=source, stage=stage)
        fell += window.fell
        if moment == Moment.AFTER:
            yield stage, replace(window, fell=tuple(fell))


def moments_of(
    reads: Sequence[CounterRead], source: CallSource
) -> list[tuple[tuple[ReadStage, Moment], list[CounterRead]]]:
    """The reads of a source, moment by moment, in order."""
    found: dict[tuple[ReadStage, Moment], list[CounterRead]] = {}
    for read in reads:
        if read.source == source:
            found.setdefault((read.stage, read.moment), []).append(read)
    return list(found.items())


def difference(
    before: Sequence[CounterRead],
    after: Sequence[CounterRead],
    *,
    source: CallSource,
    stage: ReadStage,
) -> Window:
    """What happened between two moments of one source."""
    first = {(read.component, read.pod): read for read in before if not read.error}
    last = {(read.component, read.pod): read for read in after if not read.error}
    failed = {(read.component, read.pod) for read in (*before, *after) if read.error}
    is_listed = all(map(_knows_processes, (*before, *after)))
    requests: defaultdict[str, Counter[RestCall]] = defaultdict(Counter)
    sums: dict[tuple[str, str], tuple[float, int]] = {}
    restarted: list[str] = []
    fell: list[str] = []
    for key, read in last.items():
        earlier = first.get(key)
        if earlier is None and (key in failed or not is_listed):
            continue
        if earlier is not None and is_another_process(earlier, read):
            restarted.append(_name(read))
            earlier = None
        known, now = earlier.counted if earlier else {}, read.counted
        fell += _fallen(read, earlier, known, now)
        made = requests[read.component]
        for call, count in now.items():
            if grown := count - known.get(call, 0):
                made[call] += grown
        _sum(sums, read, earlier)
    return Window(
        source=source,
        stage=stage,
        requests={
            ComponentCall(component, call): count
            for component, made in sorted(requests.items())
            for call, count in sorted(made.items())
            if count
        },
        seconds=max(0.0, _starts(after) - _ends(before)),
        edge_seconds=(_ends(before) - _starts(before), _ends(after) - _starts(after)),
        failed=tuple(f"{_name(read)}: {read.error}" for read in (*before, *after) if read.error),
        restarted=tuple(restarted),
        came=_only_in(last, first, failed) if is_listed else (),
        went=_only_in(first, last, failed) if is_listed else (),
        fell=tuple(fell),
        leaders=(_leaders(before), _leaders(after)),
        sums=sums,
        usage=dict(_usages(first, last, frozenset(restarted))),
        missing=_missing(before, after) if source in _BY_COMPONENT else (),
        processes=len(last),
    )


def _knows_processes(read: CounterRead) -> bool:
    """Whether a read tells which processes there are: not if the list of their pods failed."""
    return read.component != _NO_COMPONENT or read.error in {None, NO_PODS}


def _only_in(
    reads: Mapping[tuple[str, str], CounterRead],
    others: Mapping[tuple[str, str], CounterRead],
    failed: Container[tuple[str, str]],
) -> tuple[str, ...]:
    """Processes that were read at one moment, and at the other neither read nor tried."""
    return tuple(
        _name(read) for key, read in reads.items() if key not in others and key not in failed
    )


def _missing(before: Sequence[CounterRead], after: Sequence[CounterRead]) -> tuple[str, ...]:
    """Counted components without a read at either moment."""
    read = {item.component for item in (*before, *after)}
    if not read or {_NO_COMPONENT, EVERYONE} & read:
        return ()
    return tuple(component for component in COUNTED_COMPONENTS if component not in read)


def is_another_process(earlier: CounterRead, later: CounterRead) -> bool:
    """Whether a pod's process was replaced between two reads.

    Known by when it began; and where it does not say, by a counter that fell.
    """
    if earlier.process_start is not None and later.process_start is not None:
        return earlier.process_start != later.process_start
    now = later.counted
    return any(now.get(call, 0) < count for call, count in earlier.counted.items())


def folded(requests: Mapping[ComponentCall, int]) -> Mapping[ComponentCall, int]:
    """The same with subresources counted as their resource, as KubeVirt's metric has them."""
    sums: Counter[ComponentCall] = Counter()
    for made, count in requests.items():
        sums[ComponentCall(made.component, made.call.folded())] += count
    return dict(sorted(sums.items()))


def _fallen(
    read: CounterRead, earlier: CounterRead | None, known: Counted, now: Counted
) -> list[str]:
    """Counters of one process that are smaller than they were: no count can be made of them."""
    if earlier is None:
        return []
    found = [
        f"{call.verb} {call.target} {call.code} from {count} to {now.get(call, 0)}"
        for call, count in known.items()
        if now.get(call, 0) < count
    ]
    found += [
        f"{family} from {count} to {read.sums.get(family, (0.0, 0))[1]} observations"
        for family, (_, count) in earlier.sums.items()
        if read.sums.get(family, (0.0, 0))[1] < count
    ]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return [f"{_name(read)}: {found[0]}{more}"] if found else []


def _sum(
    sums: dict[tuple[str, str], tuple[float, int]], read: CounterRead, earlier: CounterRead | None
) -> None:
    known = earlier.sums if earlier else {}
    for key, (seconds, count) in read.sums.items():
        seconds_before, count_before = known.get(key, (0.0, 0))
        total, number = sums.get((read.component, key), (0.0, 0))
        sums[read.component, key] = (
            total + seconds - seconds_before,
            number + count - count_before,
        )


def _usages(
    first: Mapping[tuple[str, str], CounterRead],
    last: Mapping[tuple[str, str], CounterRead],
    restarted: frozenset[str],
) -> Iterator[tuple[str, Usage]]:
    for component in sorted({key[0] for key in last}):
        now = [read for key, read in last.items() if key[0] == component]
        before = [read for key, read in first.items() if key[0] == component]
        if all(read.cpu_seconds is None and read.resident_bytes is None for read in now):
            continue
        started, ended = _total(before, "resident_bytes"), _total(now, "resident_bytes")
        peak = None if started is None or ended is None else max(started, ended)
        yield (
            component,
            Usage(_cpu(now, first, restarted), started, peak, ended, len(now)),
        )


def _cpu(
    now: Sequence[CounterRead],
    first: Mapping[tuple[str, str], CounterRead],
    restarted: frozenset[str],
) -> float | None:
    spent = 0.0
    for read in now:
        earlier = first.get((read.component, read.pod))
        if read.cpu_seconds is None or _name(read) in restarted:
            return None
        spent += read.cpu_seconds
        if earlier is not None:
            if earlier.cpu_seconds is None:
                return None
            spent -= earlier.cpu_seconds
    return spent


def _total(reads: Sequence[CounterRead], what: str) -> float | None:
    values = [getattr(read, what) for read in reads]
    return None if not values or None in values else float(sum(values))


def _leaders(reads: Sequence[CounterRead]) -> tuple[str, ...]:
    return tuple(read.pod for read in reads if read.is_leading)


def _name(read: CounterRead) -> str:
    return f"{read.component} {read.pod}"


def _starts(reads: Sequence[CounterRead]) -> float:
    return to_seconds(min((read.started_ns for read in reads), default=0))


def _ends(reads: Sequence[CounterRead]) -> float:
    return to_seconds(max((read.ended_ns for read in reads), default=0))
