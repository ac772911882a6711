"""The measured part of a run, ready for indicators: the ramp-up of a burst, or the churn stage.

Invariant: a sample goes from an operation's own release to the first observation of a fact; what
was accepted and did not get there is unfinished, and counted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import RUNNING
from virtslo.model.kubernetes import resources
from virtslo.model.plan.trace import Replay
from virtslo.model.plan.workload import TRAITS
from virtslo.model.run.observations import RELIST, Observation
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.record import RunRecord
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import ACTIONS, CHURN, RAMP_DOWN, RAMP_UP, StageName
from virtslo.slo.record.call_windows import Windows
from virtslo.slo.record.churn import ChurnFacts
from virtslo.slo.record.churn_reader import churn_facts
from virtslo.slo.record.doubtful import settled
from virtslo.slo.record.ownership import Ownership
from virtslo.slo.record.timelines import Timeline, Timelines, timelines_of
from virtslo.slo.record.withdrawn import key_of, withdrawn_creates

VMI = resources.VMIS.kind


@dataclass(frozen=True, slots=True)
class Samples:
    """Durations of those that finished, seconds, and how many did not."""

    values: tuple[float, ...]
    unfinished: int
    deadline: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """A record's measured objects."""

    record: RunRecord
    timelines: Timelines
    vmis: tuple[Timeline, ...]
    stage: Stage | None
    """The measured stage: the ramp-up of a burst, else the churn stage."""
    ramp_down: Stage | None
    ownership: Ownership
    """The measured creates, and what came of them."""
    churn: ChurnFacts | None = None
    """The cycles; None for a burst."""
    found: tuple[OperationRecord, ...] = ()
    """Operations in doubt that were found done, as they were recorded."""
    withdrawn: tuple[OperationRecord, ...] = ()
    """A replay's creates whose objects were deleted too soon to run: in no figure of Running."""
    others: tuple[Timeline, ...] = ()
    """Objects with the run's label that are not the run's: in no figure."""
    windows: Windows = field(init=False, repr=False, compare=False)
    """What was called in its stages."""
    creates: Sequence[OperationRecord | None] = field(init=False, repr=False, compare=False)
    """The measured create that led to each of `vmis`: its own, or its owner's."""
    births_ns: Sequence[int | None] = field(init=False, repr=False, compare=False)
    """When each of `vmis` was created."""
    warm_up: Sequence[Observation] = field(init=False, repr=False, compare=False)
    """What was seen of the warm-up's objects."""
    relisted: Sequence[Observation] = field(init=False, repr=False, compare=False)
    """What a list told after a watch was lost, of all objects."""

    def __post_init__(self) -> None:
        creates = tuple(map(self.ownership.create_of, self.vmis))
        object.__setattr__(self, "windows", Windows(self.record.rest_calls.reads))
        object.__setattr__(self, "creates", creates)
        object.__setattr__(self, "births_ns", tuple(map(_created_ns, self.vmis, creates)))
        observations = self.record.observations
        warm_up = [seen for seen in observations if seen.stage is not None]
        object.__setattr__(self, "warm_up", warm_up)
        relisted = [seen for seen in observations if seen.source == RELIST]
        object.__setattr__(self, "relisted", relisted)

    @property
    def creations(self) -> list[OperationRecord]:
        """Measured creates, in the order recorded."""
        return list(self.timelines.creations.values())

    @property
    def accepted(self) -> list[OperationRecord]:
        """Creates that the API server accepted."""
        return [operation for operation in self.creations if operation.error is None]

    @property
    def lasting(self) -> list[OperationRecord]:
        """Measured creates whose objects had time to run: all but a replay's withdrawn ones."""
        apart = set(map(key_of, self.withdrawn))
        return [operation for operation in self.creations if key_of(operation) not in apart]

    def phase_moments(self, phase: str) -> list[int]:
        """When VMIs entered a phase in the measured stage."""
        return [moment for vmi in self.vmis if (moment := vmi.phases.get(phase)) is not None]

    def from_creation(
        self, reached: Callable[[Timeline], int | None], since: Callable[[OperationRecord], int]
    ) -> Samples:
        """From a moment of the create to a fact about the VMI, over every VMI expected."""
        values: list[float] = []
        unfinished = 0
        for vmi, operation in zip(self.vmis, self.creates, strict=True):
            if operation is None:
                continue
            moment = reached(vmi)
            if moment is None:
                unfinished += 1
            else:
                values.append(to_seconds(moment - since(operation)))
        unfinished += self.missing_vmis()
        return Samples(tuple(values), unfinished, self.deadline_seconds())

    def from_vmi_creation(self, reached: Callable[[Timeline], int | None]) -> Samples:
        """From a VMI's creation to a fact about it, over every VMI expected."""
        values: list[float] = []
        unfinished = self.missing_vmis()
        for vmi, created in zip(self.vmis, self.births_ns, strict=True):
            moment = reached(vmi)
            if created is None or moment is None:
                unfinished += 1
            else:
                values.append(to_seconds(moment - created))
        return Samples(tuple(values), unfinished, self.deadline_seconds())

    def missing_vmis(self) -> int:
        """VMIs that were to come of accepted creates and were never seen."""
        return max(0, self.expected_vmis() - len(self.vmis))

    def expected_vmis(self) -> int:
        """How many VMIs the accepted creates (or the churn) stand for."""
        if self.churn is not None:
            return self.churn.expected
        workload, replay = self.record.header.scenario.workload, self._replay
        if replay is not None:
            return replay.members_in(item.index for item in self.lasting if item.error is None)
        if not TRAITS[workload.kind].is_group:
            return len(self.accepted)
        if len(self.accepted) == workload.groups:
            return workload.count
        return len(self.accepted) * workload.count // max(1, workload.groups)

    def intended_objects(self) -> int:
        """How many objects a burst was to make, VMs of a pool one by one, accepted or not."""
        workload, replay = self.record.header.scenario.workload, self._replay
        if replay is not None:
            return replay.members_in(item.index for item in self.lasting)
        if TRAITS[workload.kind].is_group:
            return workload.count
        return len(self.creations)

    @property
    def _replay(self) -> Replay | None:
        return self.record.header.scenario.load.replay

    def vmis_to_delete(self) -> int:
        """How many VMIs the ramp-down found: after churn these are not those that churn made."""
        if self.ramp_down is None:
            return 0
        begun_ns = self.ramp_down.started_ns
        vmis = self.timelines.of_kind(VMI)
        return sum(1 for vmi in vmis if vmi.deleted_ns is None or vmi.deleted_ns >= begun_ns)

    def unfinished_vmis(self) -> list[Timeline]:
        """VMIs that did not reach Running, but for those that the run itself withdrew."""
        withdrawn: dict[str, None] = {}
        if self.churn is not None:
            items = (item for cycle in self.churn.cycles for item in cycle.withdrawn)
            withdrawn = {vmi.uid: None for item in items for vmi in item.vmis}
        return [vmi for vmi in self.vmis if RUNNING not in vmi.phases and vmi.uid not in withdrawn]

    def deadline_seconds(self) -> float | None:
        """How long what did not finish was waited for; churn: each of it at least."""
        if self.churn is not None and self.churn.cycles and self.creations:
            return self.churn.waited_seconds
        return self._waited(self.stage)

    def _waited(self, stage: Stage | None) -> float | None:
        """From a stage's t0 to its deadline, or to where it was cut short, seconds."""
        if stage is None or stage.deadline_ns is None:
            return None
        end_ns = stage.ended_ns if stage.ended_ns is not None else self._last_ns()
        return to_seconds(max(0, min(stage.deadline_ns, end_ns) - stage.t0_ns))

    def _last_ns(self) -> int:
        """The last moment that is known of a run that was cut short."""
        seen = (moment for vmi in self.vmis for moment in vmi.phases.values())
        gone = (vmi.deleted_ns for vmi in self.vmis if vmi.deleted_ns is not None)
        sent = (released(operation) for operation in self.record.operations)
        return max((*seen, *gone, *sent), default=0)

    def deletions(self) -> Samples:
        """From the release of a delete to the VMI being gone."""
        if self.churn is not None:
            return self._churn_deletions(self.churn)
        values: list[float] = []
        unfinished = 0
        for vmi in self._deleted_last():
            operation = self._deletion_of(vmi)
            if operation is None or operation.error is not None:
                continue
            if vmi.deleted_ns is None:
                unfinished += 1
            else:
                values.append(to_seconds(vmi.deleted_ns - released(operation)))
        return Samples(tuple(values), unfinished, self._waited(self.ramp_down))

    def _deleted_last(self) -> Iterable[Timeline]:
        """VMIs that the ramp-down may have deleted: actions may have put others in their place."""
        if _stage(self.record.header.stages, ACTIONS) is None:
            return self.vmis
        if self.ramp_down is None:
            return ()
        begun_ns, vmis = self.ramp_down.started_ns, self.timelines.of_kind(VMI)
        return [vmi for vmi in vmis if vmi.deleted_ns is None or vmi.deleted_ns >= begun_ns]

    def _churn_deletions(self, churn: ChurnFacts) -> Samples:
        values: list[float] = []
        unfinished = 0
        for victim in (victim for cycle in churn.cycles for victim in cycle.victims):
            if victim.operation.error is not None or victim.is_repeat:
                continue
            if victim.gone_ns is None:
                unfinished += 1
            else:
                values.append(to_seconds(victim.gone_ns - released(victim.operation)))
        return Samples(tuple(values), unfinished, None)

    def _deletion_of(self, vmi: Timeline) -> OperationRecord | None:
        current: Timeline | None = vmi
        passed: set[str] = set()
        while current is not None and current.uid not in passed:
            key = (current.kind, current.namespace, current.name)
            found = self.timelines.deletions.get(key)
            if found is not None and found.uid in (None, current.uid):
                return found
            passed.add(current.uid)
            current = self.timelines.objects.get(current.owner_uid or "")
        return None


def measure(record: RunRecord) -> Measured:
    """Find the measured part of a record, with what was in doubt settled."""
    record, found = settled(record)
    stages = record.header.stages
    ramp_down = _stage(stages, RAMP_DOWN)
    stage = _stage(stages, measured_stage(record))
    stages_read = (CHURN,) if measured_stage(record) == CHURN else (RAMP_UP, RAMP_DOWN)
    timelines = timelines_of(record, stages=stages_read)
    others = _of_others(record, timelines)
    churn = None
    if measured_stage(record) == CHURN:
        churn = churn_facts(record, timelines.objects)
        cycles = churn.cycles if churn is not None else ()
        vmis = tuple(_once(vmi for cycle in cycles for vmi in cycle.created))
    else:
        vmis = tuple(_of_ramp_up(timelines.of_kind(VMI), stages))
    if others:
        foreign = {timeline.uid for timeline in others}
        vmis = tuple(vmi for vmi in vmis if vmi.uid not in foreign)
    if stage is not None and stage.ended_ns is not None:
        end_ns = _end_of_waiting(stage)
        for vmi in vmis:
            vmi.forget_phases_from(end_ns, but_until=stage.whole_ns)
    measured = (item for item in record.operations if item.stage in stages_read)
    ownership = Ownership(measured, timelines.objects)
    withdrawn: tuple[OperationRecord, ...] = ()
    replay = record.header.scenario.load.replay
    if replay is not None:
        creations = tuple(timelines.creations.values())
        withdrawn = withdrawn_creates(replay, creations, vmis, ownership)
        apart = set(map(key_of, withdrawn))
        owners = ((vmi, ownership.create_of(vmi)) for vmi in vmis)
        vmis = tuple(vmi for vmi, own in owners if own is None or key_of(own) not in apart)
    return Measured(
        record, timelines, vmis, stage, ramp_down, ownership, churn, found, withdrawn, others
    )


def _of_ramp_up(vmis: Iterable[Timeline], stages: Sequence[Stage]) -> Iterator[Timeline]:
    """VMIs of a burst, but for those that an action on their VM brought up later."""
    actions = _stage(stages, ACTIONS)
    for vmi in vmis:
        if actions is None or vmi.added_ns is None or vmi.added_ns < actions.started_ns:
            yield vmi


def _end_of_waiting(stage: Stage) -> int:
    """From when on a phase is too late to count: a ramp-up's deadline, or the end of the stage.

    The stage goes on after its deadline until the cluster is quiet; what comes then is late. A
    churn's deadlines are those of its cycles.
    """
    assert stage.ended_ns is not None
    if stage.name != RAMP_UP or stage.deadline_ns is None:
        return stage.ended_ns
    return min(stage.ended_ns, stage.deadline_ns + 1)


def _of_others(record: RunRecord, timelines: Timelines) -> tuple[Timeline, ...]:
    """Objects that no create of the run led to, whatever their labels say."""
    if record.damage:
        return ()  # what this run made is not all known
    ownership = Ownership(record.operations, timelines.objects)
    objects = timelines.objects.values()
    return tuple(timeline for timeline in objects if ownership.create_of(timeline) is None)


def _once(vmis: Iterable[Timeline]) -> Iterator[Timeline]:
    """Each VMI once, by uid, in order of appearance."""
    seen: dict[str, None] = {}
    for vmi in vmis:
        if vmi.uid not in seen:
            seen[vmi.uid] = None
            yield vmi


def _created_ns(vmi: Timeline, create: OperationRecord | None) -> int | None:
    """A VMI's creation: the release of its own create, which is not that of its VM, pool or replica
    set; of one that a controller made, its first observation.
    """
    if create is not None and create.kind == vmi.kind:
        return released(create)
    return vmi.added_ns


def released(operation: OperationRecord) -> int:
    """When an operation was released."""
    return operation.released_ns if operation.released_ns is not None else operation.intended_ns


def intended(operation: OperationRecord) -> int:
    """When an operation was intended."""
    return operation.intended_ns


def measured_stage(record: RunRecord) -> StageName:
    """The name of the stage whose figures fill the tables: the ramp-up of a burst, else churn."""
    return CHURN if record.header.scenario.load.pattern.has_churn else RAMP_UP


def _stage(stages: Sequence[Stage], name: StageName) -> Stage | None:
    return next((stage for stage in stages if stage.name == name), None)
