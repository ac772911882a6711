"""What is known of each object of a run: its operations and its observations, put together.

Invariant: an object is a uid; objects of the warm-up are apart. The first observation of a fact
counts, and one from a relist is known to be late.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from virtslo.model.run.observations import (
    ADDED,
    DELETED,
    DELETING,
    PHASE,
    READY,
    RELIST,
    Fact,
    Observation,
)
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.run.record import RunRecord


@dataclass(slots=True)
class Timeline:
    """The observations of one object; times are nanoseconds since the run's start."""

    kind: str
    namespace: str
    name: str
    uid: str
    index: int | None = None
    owner_uid: str | None = None
    node: str | None = None
    added_ns: int | None = None
    phases: dict[str, int] = field(default_factory=dict)
    last_phase: str | None = None
    ready_ns: int | None = None
    deleting_ns: int | None = None
    deleted_ns: int | None = None
    is_relisted: bool = False
    """Whether a fact about it was learnt from a relist, so later than it was true."""
    seen_phases: Mapping[str, int] | None = None
    """Every phase that was seen, where `phases` leaves some out."""

    @property
    def every_phase(self) -> Mapping[str, int]:
        """Every phase that was seen, in a window or after it."""
        return self.phases if self.seen_phases is None else self.seen_phases

    def forget_phases_from(self, end_ns: int, *, but_until: int | None) -> None:
        """Leave out phases from a window's end on (not those up to `but_until`).

        Where nothing takes time the next stage acts at the very moment at which a window ends.
        """
        kept_ns = -1 if but_until is None else but_until
        self.seen_phases = self.every_phase
        self.phases = {
            phase: moment
            for phase, moment in self.phases.items()
            if moment < end_ns or moment <= kept_ns
        }
        self.last_phase = next(reversed(self.phases), None)


@dataclass(frozen=True, slots=True)
class Timelines:
    """A run's objects, by what created them."""

    objects: Mapping[str, Timeline]
    """By uid; measured objects only."""
    creations: Mapping[tuple[str, str, str], OperationRecord]
    """Measured creates by (kind, namespace, name)."""
    deletions: Mapping[tuple[str, str, str], OperationRecord]
    """Measured deletes by (kind, namespace, name): of an object's, the first that was accepted."""

    def of_kind(self, kind: str) -> list[Timeline]:
        """Every measured object of a kind, in order of appearance."""
        return of_kind(self.objects, kind)


def timelines_of(record: RunRecord, *, stages: Iterable[str]) -> Timelines:
    """Put a record's facts together; `stages` are those whose operations are measured."""
    measured = frozenset(stages)
    creations: dict[tuple[str, str, str], OperationRecord] = {}
    deletions: dict[tuple[str, str, str], OperationRecord] = {}
    for operation in record.operations:
        if operation.stage not in measured:
            continue
        key = (operation.kind, operation.namespace, operation.name)
        if operation.verb == CREATE:
            creations[key] = operation
        elif operation.verb == DELETE and not _is_repeat(operation, deletions.get(key)):
            deletions[key] = operation
    return Timelines(objects_of(record.observations), creations, deletions)


def of_kind(objects: Mapping[str, Timeline], kind: str) -> list[Timeline]:
    """The objects of a kind, in order of appearance."""
    return [timeline for timeline in objects.values() if timeline.kind == kind]


def objects_of(observations: Iterable[Observation]) -> dict[str, Timeline]:
    """Measured objects by uid."""
    objects: dict[str, Timeline] = {}
    for seen in observations:
        if seen.stage is not None:
            continue
        uid, fact = seen.uid, seen.fact
        timeline = objects.get(uid)
        if timeline is None:
            timeline = objects[uid] = Timeline(
                seen.kind, seen.namespace, seen.name, uid, seen.index, seen.owner_uid
            )
        if (node := seen.node) is not None:
            timeline.node = node
        if seen.source == RELIST:
            timeline.is_relisted = True
        if fact == PHASE:
            if (phase := seen.phase) is not None:
                timeline.phases.setdefault(phase, seen.received_ns)
                timeline.last_phase = phase
        else:
            _note(timeline, fact, seen.received_ns)
    return objects


def _note(timeline: Timeline, fact: Fact, when_ns: int) -> None:
    """A fact that is no phase."""
    if fact == ADDED:
        timeline.added_ns = when_ns
    elif fact == READY and timeline.ready_ns is None:
        timeline.ready_ns = when_ns
    elif fact == DELETING:
        timeline.deleting_ns = when_ns
    elif fact == DELETED:
        timeline.deleted_ns = when_ns


def _is_repeat(operation: OperationRecord, earlier: OperationRecord | None) -> bool:
    """Whether a delete is of an object that an earlier one had marked for deletion already."""
    if earlier is None or earlier.error is not None:
        return False
    is_same = operation.uid is not None and operation.uid == earlier.uid
    return is_same or operation.error is not None
