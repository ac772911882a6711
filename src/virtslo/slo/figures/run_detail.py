"""Single objects and moments of a run, for plots and for others' per-object documents.

Invariant: a pure function of a record; warm-up objects are left out; an object is a uid and finds
its create by uid along its owners, so that a name used twice is not mistaken.
"""

from collections.abc import Iterator, Mapping, Sequence

from virtslo.base.clock import to_seconds
from virtslo.model.kubernetes import resources
from virtslo.model.plan.scenario import ChurnMode
from virtslo.model.plan.workload import TRAITS
from virtslo.model.report.run_detail import (
    CycleTrack,
    ObjectTrack,
    OperationTrack,
    PodTrack,
    RestRow,
    RunDetail,
    StageSpan,
)
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.run.record import RunRecord
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import ACTIONS, CHURN, RAMP_DOWN, RAMP_UP, StageName
from virtslo.slo.figures.churn_figures import recovery_of
from virtslo.slo.figures.latency_summaries import phase_counts, summaries_of
from virtslo.slo.record.call_windows import Windows
from virtslo.slo.record.churn_reader import churn_facts
from virtslo.slo.record.measured import Measured
from virtslo.slo.record.timelines import Timeline, objects_of, of_kind

MEASURED = (RAMP_UP, CHURN, ACTIONS, RAMP_DOWN)


def run_detail(record: RunRecord, run: Measured | None = None) -> RunDetail:
    """The detail of one run; `run` is what was measured of its record, where it was.

    Cycles of a churn are found among objects with every phase of theirs, so anew.
    """
    header = record.header
    if run is not None and run.churn is None:
        objects_by_uid = run.timelines.objects
    else:
        objects_by_uid = objects_of(record.observations)
    windows = Windows(record.rest_calls.reads) if run is None else run.windows
    creates = _Creates(record.operations, objects_by_uid)
    pods = {pod.owner_uid: pod for pod in of_kind(objects_by_uid, resources.PODS.kind)}
    churn_ns = min((st.started_ns for st in header.stages if st.name == CHURN), default=None)
    actions_ns = min((st.started_ns for st in header.stages if st.name == ACTIONS), default=None)
    objects = tuple(
        _object(vmi, creates, objects_by_uid, pods.get(vmi.uid), churn_ns, actions_ns)
        for vmi in of_kind(objects_by_uid, resources.VMIS.kind)
    )
    main = CHURN if any(stage.name == CHURN for stage in header.stages) else RAMP_UP
    end = _window_end(header.stages, main)
    measured = [item for item in objects if item.stage == main]
    accepted, refused = _creates(record, main)
    missing = max(0, accepted - len(measured))
    return RunDetail(
        run=record.host.run_id,
        started_at=record.host.started_at,
        tool_version=record.host.tool_version,
        stages=tuple(_span(stage) for stage in header.stages),
        objects=objects,
        operations=tuple(
            _operation(operation) for operation in record.operations if operation.stage in MEASURED
        ),
        rest_calls=tuple(_rest_rows(windows)),
        measured_stage=main,
        window_end=end,
        latencies=summaries_of(measured, missing=missing, until=end),
        phase_counts=phase_counts(objects, end),
        missing=missing,
        refused=refused,
        cycles=tuple(_cycles(record, objects_by_uid)),
        cycle_starts=tuple(
            to_seconds(start) for stage in header.stages for start in stage.cycle_starts_ns
        ),
        settings=_settings(record),
    )


class _Creates:
    """The create that led to an object, by its uid or an owner's, or by name."""

    def __init__(
        self, operations: Sequence[OperationRecord], objects: Mapping[str, Timeline]
    ) -> None:
        made = [op for op in operations if op.verb == CREATE and op.stage in MEASURED]
        self._by_uid = {op.uid: op for op in made if op.uid}
        self._by_name = {(op.kind, op.namespace, op.name): op for op in made}
        self._objects = objects
        self._restarts: dict[tuple[str, str, str], list[OperationRecord]] = {}
        for op in operations:
            if (op.stage, op.verb, op.kind) == (CHURN, DELETE, resources.VMIS.kind):
                self._restarts.setdefault((op.kind, op.namespace, op.name), []).append(op)

    def of(self, timeline: Timeline) -> OperationRecord | None:
        """The create, if there is one."""
        current: Timeline | None = timeline
        while current is not None:
            key = (current.kind, current.namespace, current.name)
            found = self._by_uid.get(current.uid) or self._by_name.get(key)
            if found is not None:
                return found
            current = self._objects.get(current.owner_uid or "")
        return None

    def restart_of(self, vmi: Timeline) -> OperationRecord | None:
        """The delete of a VMI of this name that made its VM start this one, if there is one."""
        before = [
            op
            for op in self._restarts.get((vmi.kind, vmi.namespace, vmi.name), ())
            if vmi.added_ns is not None and _released_ns(op) <= vmi.added_ns
        ]
        return max(before, key=_released_ns, default=None)


def _object(
    vmi: Timeline,
    creates: _Creates,
    objects: Mapping[str, Timeline],
    pod: Timeline | None,
    churn_ns: int | None,
    actions_ns: int | None,
) -> ObjectTrack:
    create = creates.of(vmi)
    stage = create.stage if create is not None else None
    if churn_ns is not None and stage == RAMP_UP and (vmi.added_ns or 0) >= churn_ns:
        # A controller made it in place of another: no create of ours led to it then.
        # Where that is a VM that was restarted, the delete of its VMI is what led to this one.
        create, stage = creates.restart_of(vmi), CHURN
    if actions_ns is not None and stage == RAMP_UP and (vmi.added_ns or 0) >= actions_ns:
        create, stage = None, ACTIONS  # an action on its VM brought it up
    owner = objects.get(vmi.owner_uid or "")
    released = None if create is None else _released_ns(create)
    owner_ready = None if owner is None else owner.ready_ns
    if owner_ready is not None and released is not None and owner_ready < released:
        owner_ready = None  # of the VMI before
    return ObjectTrack(
        namespace=vmi.namespace,
        name=vmi.name,
        uid=vmi.uid,
        index=vmi.index,
        node=vmi.node,
        owner=owner.name if owner is not None else None,
        stage=stage,
        cycle=create.cycle if create is not None else None,
        intended=to_seconds(create.intended_ns) if create is not None else None,
        released=_seconds(released),
        added=_seconds(vmi.added_ns),
        phases={phase: to_seconds(moment) for phase, moment in vmi.every_phase.items()},
        ready=_seconds(vmi.ready_ns),
        owner_added=_seconds(owner.added_ns) if owner is not None else None,
        owner_ready=_seconds(owner_ready),
        deleting=_seconds(vmi.deleting_ns),
        deleted=_seconds(vmi.deleted_ns),
        pod=None
        if pod is None
        else PodTrack(pod.name, _seconds(pod.added_ns), _seconds(pod.ready_ns)),
    )


def _operation(operation: OperationRecord) -> OperationTrack:
    return OperationTrack(
        stage=operation.stage,
        verb=operation.verb,
        intended=to_seconds(operation.intended_ns),
        released=_seconds(operation.released_ns),
        sent=_seconds(operation.sent_ns),
        finished=_seconds(operation.finished_ns),
        error=operation.error,
    )


def _span(stage: Stage) -> StageSpan:
    return StageSpan(
        stage.name,
        to_seconds(stage.started_ns),
        to_seconds(stage.t0_ns),
        _seconds(stage.whole_ns),
        _seconds(stage.ended_ns),
    )


def _released_ns(operation: OperationRecord) -> int:
    released = operation.released_ns
    return operation.intended_ns if released is None else released


def _creates(record: RunRecord, stage: StageName) -> tuple[int, int]:
    """How many VMIs a stage's accepted creates stand for, and how many creates were refused.

    In a churn that restarts VMs the deletes of their VMIs stand for the creates.
    """
    churn = record.header.scenario.load.churn
    is_restart = stage == CHURN and churn is not None and churn.mode is ChurnMode.RESTART
    verb = DELETE if is_restart else CREATE
    made = [op for op in record.operations if op.stage == stage and op.verb == verb]
    accepted = sum(op.error is None for op in made)
    workload, replay = record.header.scenario.workload, record.header.scenario.load.replay
    if replay is not None:
        return replay.members_in(op.index for op in made if op.error is None), len(made) - accepted
    if TRAITS[workload.kind].is_group and stage == RAMP_UP:
        return accepted * workload.count // max(1, workload.groups), len(made) - accepted
    return accepted, len(made) - accepted


def _window_end(stages: Sequence[Stage], name: str) -> float | None:
    """Just before the next stage acts, but not before the population was whole."""
    for stage in stages:
        if stage.name == name and stage.ended_ns is not None:
            return to_seconds(max(stage.ended_ns - 1, stage.whole_ns or 0))
    return None


def _rest_rows(windows: Windows) -> Iterator[RestRow]:
    for stage in MEASURED:
        window = windows.of(stage)
        if window is None or window.failed:
            continue
        for (component, call), count in sorted(window.requests.items()):
            if count:
                yield RestRow(stage, component, call.verb, call.target, call.code, count)


def _cycles(record: RunRecord, objects: Mapping[str, Timeline]) -> Iterator[CycleTrack]:
    facts = churn_facts(record, objects)
    if facts is None or facts.is_constant:
        return
    for cycle in facts.cycles:
        figure = recovery_of(cycle)
        yield CycleTrack(
            number=cycle.number,
            start=to_seconds(cycle.start_ns),
            victims=cycle.expected,
            recovery=None if figure.value is None else float(figure.value),
            reason=figure.reason,
            is_overlapped=cycle.is_overlapped,
        )


def _settings(record: RunRecord) -> dict[str, str | int | float | bool | None]:
    scenario = record.header.scenario
    workload, load = scenario.workload, scenario.load
    settings: dict[str, str | int | float | bool | None] = {
        "pattern": load.pattern.value,
        "kind": scenario.kind_name,
        "count": workload.count,
        "namespaces": workload.namespaces,
        "template": workload.template.name,
        "arrival": load.arrival.process.value,
        "rate": load.arrival.rate,
        "max_in_flight": load.max_in_flight,
        "settle_seconds": load.settle,
    }
    if load.churn is not None:
        settings |= {
            "churn_objects": load.churn.objects,
            "churn_cycles": load.churn.cycles,
            "churn_every_seconds": load.churn.every,
        }
    if load.replay is not None:
        settings |= {
            "trace": load.replay.trace,
            "speed": load.replay.speed,
            "sample": load.replay.sample,
        }
    return settings


def _seconds(moment_ns: int | None) -> float | None:
    return None if moment_ns is None else to_seconds(moment_ns)
