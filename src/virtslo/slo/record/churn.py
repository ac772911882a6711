"""What became of each cycle of the churn stage, as values.

Invariant: a cycle is recovered when its own victims are gone, with what they own, and its own
replacements have come to Running; where a controller replaces (pools), when the population is
whole.
"""

from dataclasses import dataclass

from virtslo.base.clock import to_nanoseconds, to_seconds
from virtslo.model.plan.scenario import Churn
from virtslo.model.plan.workload import Kind
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.stages import Stage
from virtslo.slo.record.running_population import RunningPopulation
from virtslo.slo.record.timelines import Timeline


@dataclass(frozen=True, slots=True)
class Victim:
    """A delete, what it was about, and when that was gone."""

    operation: OperationRecord
    timeline: Timeline | None
    """None: the object was never observed."""
    vmis: tuple[Timeline, ...]
    gone_ns: int | None
    is_repeat: bool = False
    """Whether an earlier delete of the stage had been accepted for the same object: a cycle chose
    what was still ending, and neither its end nor what follows it is this delete's."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A create of the run, or a restart that a controller is to make, and when it ran."""

    operation: OperationRecord
    vmis: tuple[Timeline, ...]
    running_ns: int | None
    withdrawn_ns: int | None = None
    """When it was made a victim itself before it ran: churn came faster than the system."""

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was a victim itself before it ran."""
        return self.withdrawn_ns is not None


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle; times are nanoseconds since the run's start."""

    number: int
    start_ns: int
    next_start_ns: int | None
    operations: tuple[OperationRecord, ...]
    victims: tuple[Victim, ...]
    replacements: tuple[Replacement, ...]
    created: tuple[Timeline, ...]
    """The VMIs that came in its place."""
    objects: tuple[Timeline, ...]
    """The objects, of the kind the table counts, that came in its place."""
    expected: int
    """How many VMIs were to come."""
    recovered_ns: int | None
    reason: str | None
    """Why there is no recovery time."""
    since_ns: int
    """What the recovery counts from: the intended start; scaling: the intended scale-out."""
    scaled_in_ns: int | None = None
    is_by_identity: bool = True
    """Whether it is over by its own objects; else by the population as a whole."""

    @property
    def intended(self) -> int:
        """How many VMIs the cycle was to bring, of operations that were accepted or not."""
        if not self.is_by_identity:
            return self.expected
        return len(self.replacements)

    @property
    def withdrawn(self) -> tuple[Replacement, ...]:
        """Replacements that were victims themselves before they ran."""
        return tuple(item for item in self.replacements if item.is_withdrawn)

    @property
    def is_overlapped(self) -> bool:
        """Whether the next cycle began before this one was over."""
        following = self.next_start_ns
        return following is not None and (
            self.recovered_ns is None or self.recovered_ns > following
        )


@dataclass(frozen=True, slots=True)
class ChurnFacts:
    """The churn stage of a run."""

    churn: Churn
    kind: Kind
    stage: Stage
    cycles: tuple[Cycle, ...]
    capacity: RunningPopulation
    count: int
    is_constant: bool

    @property
    def schedule_end_ns(self) -> int:
        """When the last cycle, or the duration of constant churn, was over by the schedule."""
        if self.is_constant:
            return self.stage.t0_ns + to_nanoseconds(self.churn.duration or 0.0)
        last = self.cycles[-1].start_ns if self.cycles else self.stage.t0_ns
        return last + to_nanoseconds(self.churn.every)

    @property
    def end_ns(self) -> int | None:
        """The stage's end: the last start + max(every, its recovery); None if it never ended.

        Where the last cycle did not recover it is the end of waiting.
        """
        stage = self.stage
        if stage.ended_ns is None or not self.cycles:
            return None
        recovered = self.cycles[-1].recovered_ns
        if recovered is not None:
            return max(self.schedule_end_ns, recovered)
        return max(self.schedule_end_ns, min(stage.deadline_ns or stage.ended_ns, stage.ended_ns))

    @property
    def expected(self) -> int:
        """How many VMIs were to come in all cycles."""
        return sum(cycle.expected for cycle in self.cycles)

    @property
    def waited_seconds(self) -> float | None:
        """How long every replacement that did not run was waited for at least."""
        end_ns = self.stage.ended_ns
        waits = [
            item.withdrawn_ns - _released(item.operation)
            if item.withdrawn_ns is not None
            else None
            if end_ns is None
            else end_ns - _released(item.operation)
            for cycle in self.cycles
            for item in cycle.replacements
            if item.running_ns is None
        ]
        known = [wait for wait in waits if wait is not None]
        return to_seconds(max(0, min(known))) if known and len(known) == len(waits) else None

    @property
    def replaced(self) -> int:
        """How many objects were replaced: deleted, or taken out by scaling."""
        return sum(cycle.expected for cycle in self.cycles)


def _released(operation: OperationRecord) -> int:
    return operation.released_ns if operation.released_ns is not None else operation.intended_ns
