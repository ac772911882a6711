"""Observations that a watch delivered late, found without a second clock.

Invariant: a lag is a lower bound. An answer to a call of the run is on the run's own clock. A stamp
of whole seconds is on another clock: it is compared only with the least difference that its writer
shows in the same run, and only where the watch was silent since the stamp, so that neither a clock
that is wrong nor a client that waits for its limiter is taken for a watch. What a stamp leaves open
is widened by how long answers took, in the run and about then, without the slowest twentieth: one
very slow call cannot hide a watch that stands still.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Final

from virtslo.base.clock import to_nanoseconds, to_seconds
from virtslo.model.identifiers import RUNNING
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.components import VIRT_CONTROLLER, VIRT_HANDLER
from virtslo.model.plan.actions import Action
from virtslo.model.run.observations import (
    ADDED,
    DELETED,
    DELETING,
    MIGRATED,
    PAUSED,
    PHASE,
    READY,
    UNPAUSED,
    Fact,
    Observation,
)
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.run.record import RunRecord

BOUND_SECONDS: Final = 1.0
"""A lag up to this is not told from the ordinary delay of a watch."""
STAMP_SECONDS: Final = 1.0
"""What a stamp of whole seconds leaves open."""
ONE_DELIVERY_NS: Final = to_nanoseconds(0.05)
"""Events nearer to each other than this came together."""
ENOUGH_STAMPS: Final = 3
"""From this number of stamps on, a writer's own least difference is its baseline."""
ENOUGH_CALLS: Final = 3
"""From this number of calls on, one that was slow is set aside."""
SLOWEST_PART: Final = 20
"""One in this number of calls is set aside as slow."""
_STAMP_NS: Final = to_nanoseconds(STAMP_SECONDS)
GONE: Final = 404
"""A delete that is answered so found its object gone: it says nothing of when."""
_API_SERVER: Final = "API server"
_UNSTAMPED: Final = frozenset(
    {
        (resources.VMIS.kind, DELETED),
        (resources.VMS.kind, DELETED),
        (resources.VMS.kind, READY),
        (resources.VMIS.kind, PAUSED),
        (resources.VMIS.kind, UNPAUSED),
        (resources.VMIS.kind, MIGRATED),
    }
)
"""Facts of which figures are made and that no stamp says the time of."""
_ASKED_BY: Final[Mapping[str, frozenset[str]]] = {
    DELETED: frozenset({DELETE, Action.STOP, Action.RESTART}),
    READY: frozenset({CREATE}),
    PAUSED: frozenset({Action.PAUSE}),
    UNPAUSED: frozenset({Action.UNPAUSE}),
    MIGRATED: frozenset({Action.MIGRATE}),
}
"""The requests before which such a fact is not true, once they were accepted."""
_OF_HANDLER: Final = frozenset({RUNNING, "Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class WatchLag:
    """How many observations of a window came late, and by how much at least."""

    late: int
    events: int
    """Observations of the window whose lag could be judged."""
    worst_seconds: float


Receipt = tuple[int, str, Fact, str | None]
"""When a fact was received; of which object (uid), which fact it is, and its phase."""
_Stamped = tuple[Observation, str, int]
"""An observation, its stamp's writer, and its receipt on the run's clock minus its stamp on the
writer's."""


def is_anything_late(record: RunRecord) -> bool:
    """Whether any receipt was late: of nearly all runs none was, and `lags_of` is not needed."""
    answered = _after_answers(record.observations, record.operations)
    return any(lag > BOUND_SECONDS for _, lag in answered) or _Stamps(record).is_any_late()


def lags_of(record: RunRecord) -> Mapping[Receipt, float]:
    """By how many seconds at least each receipt was late, where that can be judged."""
    lags: dict[Receipt, float] = {}
    for seen, lag in _lags(record):
        key = (seen.received_ns, seen.uid, seen.fact, seen.phase)
        if lag >= lags.get(key, 0.0):
            lags[key] = lag
    return lags


def _lags(record: RunRecord) -> Iterator[tuple[Observation, float]]:
    """The lags of what can be judged; of a fact by two ways where there are two."""
    return chain(_after_answers(record.observations, record.operations), _Stamps(record).lags())


def watch_lag(lags: Mapping[Receipt, float], start_ns: int, end_ns: int | None) -> WatchLag:
    """Judge what was received in a window."""
    inside = [
        lag
        for (received_ns, _, _, _), lag in lags.items()
        if received_ns >= start_ns and (end_ns is None or received_ns <= end_ns)
    ]
    late = [lag for lag in inside if lag > BOUND_SECONDS]
    return WatchLag(len(late), len(inside), max(late, default=0.0))


def unsure_of_lists(
    record: RunRecord, relisted: Iterable[Observation], start_ns: int, end_ns: int | None
) -> float:
    """By how many seconds at most a window's facts without a stamp may be late that a list showed.

    What is gone, which VM is ready, and what was paused or migrated has no stamp: it was true at
    some time since the last delivery of its kind, and since the run asked for it. 0 where no such
    fact was learnt from a list.
    """
    unstamped = [
        seen
        for seen in relisted
        if seen.stage is None
        and seen.received_ns >= start_ns
        and (end_ns is None or seen.received_ns <= end_ns)
        and (seen.kind, seen.fact) in _UNSTAMPED
    ]
    if not unstamped:
        return 0.0
    receipts = _receipts(record.observations)
    asked = _requests(record.operations)
    return max(
        to_seconds(
            seen.received_ns
            - max(
                _silent_since(receipts[seen.kind], seen.received_ns),
                _asked_before(asked.get((seen.fact, seen.namespace, seen.name), ()), seen),
            )
        )
        for seen in unstamped
    )


def _requests(
    operations: Iterable[OperationRecord],
) -> Mapping[tuple[str, str, str], Sequence[int]]:
    """When each fact of an object was asked for, in order; of what was accepted."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for operation in operations:
        if operation.error is None and operation.sent_ns is not None and operation.code != GONE:
            for fact, verbs in _ASKED_BY.items():
                if operation.verb in verbs:
                    key = (fact, operation.namespace, operation.name)
                    found.setdefault(key, []).append(operation.sent_ns)
    return {key: sorted(moments) for key, moments in found.items()}


def _asked_before(moments: Sequence[int], seen: Observation) -> int:
    """The last of these moments before a receipt; 0 where there is none."""
    before = bisect_left(moments, seen.received_ns)
    return moments[before - 1] if before else 0


def _after_answers(
    watched: Iterable[Observation], operations: Iterable[OperationRecord]
) -> Iterator[tuple[Observation, float]]:
    """Creates and deletes that were answered well before the watch showed them."""
    answered: dict[Fact, dict[str, int | None]] = {ADDED: {}, DELETING: {}}
    for operation in operations:
        if operation.verb in (CREATE, DELETE) and operation.error is None and operation.uid:
            fact = ADDED if operation.verb == CREATE else DELETING
            answered[fact][operation.uid] = operation.finished_ns
    for seen in watched:
        finished = answered.get(seen.fact)
        if finished is None:
            continue
        finished_ns = finished.get(seen.uid)
        if finished_ns is not None:
            yield seen, to_seconds(max(0, seen.received_ns - finished_ns))


class _Stamps:
    """Facts whose stamps say that they were true while the watch delivered nothing."""

    def __init__(self, record: RunRecord) -> None:
        self._watched = record.observations
        self._stamped = list(_stamped(record.observations))
        self._baselines = _baselines(self._stamped)
        self._answers = _Answers(record.operations)
        self._receipts: Mapping[str, list[tuple[int, int]]] = {}

    def lags(self) -> Iterator[tuple[Observation, float]]:
        """The lag of everything that has a stamp."""
        for seen, writer, since_stamp_ns in self._stamped:
            yield seen, self._lag(seen, since_stamp_ns - self._baselines[writer])

    def is_any_late(self) -> bool:
        """Whether a lag is above the bound."""
        baselines, least_ns = self._baselines, self._least_open_ns
        return any(
            since_stamp_ns - baselines[writer] > least_ns
            and self._lag(seen, since_stamp_ns - baselines[writer]) > BOUND_SECONDS
            for seen, writer, since_stamp_ns in self._stamped
        )

    @property
    def _least_open_ns(self) -> int:
        """Up to here nothing is late by its stamp, whatever answers took about then."""
        return _STAMP_NS + self._answers.in_run_ns

    def _lag(self, seen: Observation, apart_ns: int) -> float:
        if apart_ns <= self._least_open_ns:
            return 0.0
        self._receipts = self._receipts or _receipts(self._watched)
        lag_ns = apart_ns - _STAMP_NS - self._answers.slow_ns(seen.received_ns - apart_ns, apart_ns)
        was_silent = seen.received_ns - lag_ns >= _silent_since(
            self._receipts[seen.kind], seen.received_ns
        )
        return to_seconds(lag_ns) if lag_ns > 0 and was_silent else 0.0


def _stamped(watched: Iterable[Observation]) -> Iterator[_Stamped]:
    for seen in watched:
        stamp = seen.server_timestamp
        if stamp is None or (writer := _writer_of(seen)) is None:
            continue
        stamp_ns = _nanoseconds_of(stamp)
        if stamp_ns is not None:
            yield seen, writer, seen.received_ns - stamp_ns


def _writer_of(seen: Observation) -> str | None:
    """Whose clock made a stamp; None where it says something else than when the fact began.

    A pod's deletion is stamped with the end of its grace period.
    """
    if seen.fact == ADDED or (seen.fact == DELETING and seen.kind != resources.PODS.kind):
        return _API_SERVER
    if seen.fact != PHASE:
        return None
    return f"{VIRT_HANDLER} {seen.node}" if seen.phase in _OF_HANDLER else VIRT_CONTROLLER


@lru_cache(maxsize=1024)
def _nanoseconds_of(stamp: str) -> int | None:
    """A stamp as nanoseconds since the epoch; None where it is no time."""
    try:
        return to_nanoseconds(datetime.fromisoformat(stamp).timestamp())
    except (ValueError, OverflowError, OSError):
        return None


def _baselines(stamped: Iterable[_Stamped]) -> Mapping[str, int]:
    """The least difference of each writer; that of all where a writer made too few stamps."""
    by_writer: dict[str, list[int]] = {}
    for _, writer, apart_ns in stamped:
        by_writer.setdefault(writer, []).append(apart_ns)
    of_all = min((min(apart) for apart in by_writer.values()), default=0)
    return {
        writer: min(apart) if len(apart) >= ENOUGH_STAMPS else of_all
        for writer, apart in by_writer.items()
    }


def _receipts(watched: Iterable[Observation]) -> Mapping[str, list[tuple[int, int]]]:
    """Per watched kind: the start of every delivery, with the receipt before it (0: none)."""
    moments: dict[str, list[int]] = {}
    for seen in watched:
        moments.setdefault(seen.kind, []).append(seen.received_ns)
    deliveries: dict[str, list[tuple[int, int]]] = {}
    for kind, received in moments.items():
        before = 0
        starts: list[tuple[int, int]] = []
        for moment in sorted(received):
            if not starts or moment - before > ONE_DELIVERY_NS:
                starts.append((moment, before))
            before = moment
        deliveries[kind] = starts
    return deliveries


def _silent_since(deliveries: Sequence[tuple[int, int]], received_ns: int) -> int:
    """The receipt before the delivery that an event came with."""
    after = bisect_left(deliveries, (received_ns + 1, -1))
    return deliveries[after - 1][1]


class _Answers:
    """How long the run's own calls took: writers of stamps may have waited as long."""

    def __init__(self, operations: Iterable[OperationRecord]) -> None:
        self._calls = sorted(
            (operation.finished_ns, operation.finished_ns - operation.sent_ns)
            for operation in operations
            if operation.finished_ns is not None and operation.sent_ns is not None
        )
        self.in_run_ns = _slow_ns([took for _, took in self._calls])
        """How long slow answers took in the whole run."""
        self._about: dict[tuple[int, int], int] = {}

    def slow_ns(self, start_ns: int, length_ns: int) -> int:
        """How long slow answers took: in the whole run, or in the time that begins then, to whole
        seconds, whichever is longer."""
        first, last = start_ns // _STAMP_NS, -(-(start_ns + length_ns) // _STAMP_NS)
        if (first, last) not in self._about:
            begin = bisect_left(self._calls, (first * _STAMP_NS, -1))
            end = bisect_left(self._calls, (last * _STAMP_NS, -1))
            about = [took for _, took in self._calls[begin:end]]
            self._about[first, last] = _slow_ns(about) if len(about) >= ENOUGH_CALLS else 0
        return max(self.in_run_ns, self._about[first, last])


def _slow_ns(took: Sequence[int]) -> int:
    """The longest, without the slowest twentieth, of three and more at least one; 0 of none."""
    if not took:
        return 0
    aside = max(len(took) // SLOWEST_PART, int(len(took) >= ENOUGH_CALLS))
    return sorted(took)[-1 - aside]
