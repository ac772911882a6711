"""What happened in a run, put together from the store's writes and the server's exchanges.

Invariant: of the record only what the run itself decided is taken: which requests were planned, for
when they were intended, and when its windows opened and closed. Times are seconds since the run's
start.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from support.swarm.door import NO_ANSWER, Exchange
from support.swarm.play import OURS, Played
from support.swarm.truth.spans import NEVER, Span, exactly
from support.swarm.witness import Life
from virtslo.model.kubernetes.resources import VMIS
from virtslo.model.plan.workload import BY_API_KIND, TRAITS, Kind
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import CHURN, RAMP_UP

STRIKE_WATCHES: Final = ("dropped-watches", "stalled-watches", "compaction", "api-server-restart")
"""Faults after which a watch may tell of a moment late."""
PROMPT: Final = 0.1
"""Seconds that a watch may take to deliver where no fault strikes it."""
UNSEEN: Final = 2.0
"""Seconds by which a fact may be late without a finding that spoils the run
(docs/reference/definitions.md, `watch_lag`)."""
STAMPED: Final = 2.0
"""Seconds that stamps leave open: a lag is known to be at least so much less than it is."""
UNSEEN_SHARE: Final = 0.1
"""The same, as a share of the time until the population was whole or gone."""


@dataclass(frozen=True, slots=True)
class Request:
    """An operation of the run and what truly came of it."""

    operation: OperationRecord
    intended: float
    begun: float
    answered: float | None
    """When a good answer came; None where none did."""
    life: Life | None
    """The object that it made, or marked for deletion; None: it did nothing."""

    @property
    def is_unanswered(self) -> bool:
        """Whether it was carried out and its caller was not told."""
        return self.life is not None and self.answered is None


class Happened:
    """The truth of one run."""

    def __init__(self, played: Played) -> None:
        header = played.record.header
        self.played = played
        self.scenario = header.scenario
        self.kind: Kind = header.scenario.workload.kind
        self.stages: Mapping[str, Stage] = {stage.name: stage for stage in header.stages}
        self.measured = CHURN if header.scenario.load.pattern.has_churn else RAMP_UP
        self._by_key = _by_key(played.exchanges)
        self.origin_ns = self._origin()
        self.lives = {
            uid: life
            for uid, life in played.lives.items()
            if life.run == header.run_label and life.stage is None
        }
        self._late = {name: self._lateness(stage) for name, stage in self.stages.items()}
        self.requests = self._requests()

    @property
    def vmis(self) -> Mapping[str, Life]:
        """The run's VMIs by uid, those of the warm-up apart."""
        return self.of_kind(VMIS.kind)

    def of_kind(self, kind: str) -> Mapping[str, Life]:
        """The run's objects of a kind by uid."""
        return {uid: life for uid, life in self.lives.items() if life.kind == kind}

    def of_stage(self, stage: str, verb: str) -> list[Request]:
        """The requests of a stage, in the order in which they were recorded."""
        return [
            item
            for item in self.requests
            if (item.operation.stage, item.operation.verb) == (stage, verb)
        ]

    @property
    def late_seconds(self) -> float:
        """By how much a fact of the measured stage may be late without spoiling the run."""
        return self._late.get(self.measured, PROMPT)

    def seconds(self, moment_ns: int) -> float:
        """A moment of the clock, since the run's start."""
        return (moment_ns - self.origin_ns) / 1e9

    def seen(self, moment_ns: int | None, stage: str | None = None) -> Span:
        """When a watch may have told of a moment; never, from the end of a stage's window on."""
        if moment_ns is None:
            return Span(NEVER, NEVER)
        at = self.seconds(moment_ns)
        return self.in_time(Span(at, at + self.late_seconds), stage)

    def in_time(self, moment: Span, stage: str | None) -> Span:
        """A moment, as far as it lies in a stage's window."""
        window = self.stages.get(stage or "")
        if window is None or window.ended_ns is None:
            return moment
        end_ns = window.ended_ns
        if window.name == RAMP_UP and window.deadline_ns is not None:
            end_ns = min(end_ns, window.deadline_ns + 1)
        whole = -1.0 if window.whole_ns is None else window.whole_ns / 1e9
        low, high = (value if value < end_ns / 1e9 or value <= whole else NEVER for value in moment)
        return Span(low, high)

    def phase(self, vmi: Life, phase: str) -> Span:
        """When a VMI may have been seen to enter a phase, in the measured stage's window.

        Where the stage says that the population was whole, no phase was seen after its end.
        """
        moment = next((at for name, at in vmi.phases if name == phase), None)
        found, window = self.seen(moment, self.measured), self.stages.get(self.measured)
        if window is None or window.whole_ns is None or window.ended_ns is None:
            return found
        return (
            found if found.low == NEVER else Span(found.low, min(found.high, window.ended_ns / 1e9))
        )

    def gone(self, life: Life, stage: str | None = None) -> Span:
        """When an object may have been seen to be gone."""
        return self.seen(life.deleted_ns, stage)

    def owned(self, uid: str) -> list[tuple[str, Life]]:
        """What an object controls, in order of appearance."""
        return [(each, life) for each, life in self.lives.items() if life.owner == uid]

    def root(self, uid: str) -> str:
        """The uid at the end of an object's chain of owners."""
        while (owner := self.lives[uid].owner) is not None and owner in self.lives:
            uid = owner
        return uid

    @property
    def is_all_done(self) -> bool:
        """Whether every request of the measured stage, and of the ramp-up, was carried out."""
        measured = {RAMP_UP, self.measured}
        return all(
            item.life is not None or item.answered is not None
            for item in self.requests
            if item.operation.stage in measured
        )

    @property
    def is_told_whole(self) -> bool:
        """Whether no watch was listed again, so that no phase can have been jumped over."""
        codes = {item.finding.code for item in self.played.report.findings}
        return not codes & {"watch_relisted", "watch_lost"}

    def _origin(self) -> int:
        """The run's start, of the clock: what its first request says."""
        for operation in self.played.record.operations:
            found = self._by_key.get(_key(operation), ())
            if found and operation.sent_ns is not None:
                return found[0].begun_ns - operation.sent_ns
        return 0

    def _lateness(self, stage: Stage) -> float:
        """By how much a fact of a stage may be late without spoiling the run."""
        if not self.played.world.has_fault(*STRIKE_WATCHES):
            return PROMPT
        end_ns = stage.whole_ns or stage.ended_ns
        if stage.name == CHURN or end_ns is None:
            return PROMPT + STAMPED + UNSEEN
        return PROMPT + STAMPED + max(UNSEEN, UNSEEN_SHARE * (end_ns - stage.t0_ns) / 1e9)

    def _requests(self) -> list[Request]:
        left = {key: list(found) for key, found in self._by_key.items()}
        requests = []
        for operation in self.played.record.operations:
            waiting = left.get(_key(operation))
            exchange = waiting.pop(0) if waiting else None
            if exchange is not None:
                requests.append(self._request(operation, exchange))
        return requests

    def _request(self, operation: OperationRecord, exchange: Exchange) -> Request:
        return Request(
            operation,
            operation.intended_ns / 1e9,
            self.seconds(exchange.begun_ns),
            self.seconds(exchange.ended_ns) if exchange.is_success else None,
            self._changed_by(operation, exchange),
        )

    def _changed_by(self, operation: OperationRecord, exchange: Exchange) -> Life | None:
        """The object that a request truly made, or marked for deletion."""
        for life in self.played.lives.values():
            if (life.kind, life.namespace, life.name) != (
                operation.kind, operation.namespace, operation.name,
            ):  # fmt: skip
                continue
            moment: float = life.added_ns
            if operation.verb == DELETE:
                moment = _ended(life)
            elif operation.verb != CREATE:
                return life if exchange.is_success else None
            if exchange.begun_ns <= moment <= exchange.ended_ns:
                return life
        return None


def _ended(life: Life) -> float:
    """When an object was marked for deletion, or went at once."""
    moments = [at for at in (life.deleting_ns, life.deleted_ns) if at is not None]
    return min(moments, default=math.inf)


def _by_key(exchanges: Iterable[Exchange]) -> Mapping[tuple[str, ...], Sequence[Exchange]]:
    """The run's own exchanges on single objects, in the order in which they were sent."""
    found: dict[tuple[str, ...], list[Exchange]] = defaultdict(list)
    for item in sorted(exchanges, key=lambda exchange: exchange.begun_ns):
        if item.caller == OURS and not item.is_dry and item.name:
            verb = "scale" if item.subresource == "scale" else item.verb
            found[verb, item.resource, item.namespace, item.name].append(item)
    return found


def _key(operation: OperationRecord) -> tuple[str, ...]:
    plural = TRAITS[BY_API_KIND[operation.kind]].resource.plural
    return operation.verb, plural, operation.namespace, operation.name


def answered_moments(requests: Iterable[Request]) -> list[Span]:
    """When good answers came."""
    return [exactly(item.answered) for item in requests if item.answered is not None]


def is_lost(exchange: Exchange) -> bool:
    """Whether an exchange may have been carried out though its caller was not told."""
    return exchange.outcome == NO_ANSWER
