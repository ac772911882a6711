"""What one run cost the control plane: its calls, processor time, memory and phases.

Invariant: a function of the record; calls are counted by the audit log where there is one, since it
misses none, else by the components' own counters; both stand side by side.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from virtslo.model.cost.card import CostKey, CostPart, CostRun, CostValue, Telemetry
from virtslo.model.kubernetes.calls import ComponentCall, RestCall
from virtslo.model.kubernetes.components import (
    VIRT_API,
    VIRT_CONTROLLER,
    VIRT_HANDLER,
    VIRT_OPERATOR,
)
from virtslo.model.plan.workload import Kind
from virtslo.model.run.record import RunRecord
from virtslo.model.run.rest_calls import AUDIT_LOG, COMPONENTS, IDLE, CallSource, ReadStage
from virtslo.model.stage_names import HOLD, RAMP_DOWN, RAMP_UP
from virtslo.model.vocabulary import WATCH
from virtslo.slo.record.call_windows import Window, window_of
from virtslo.slo.record.rest_calls import covered

HOUR: Final = 3600.0
TICK: Final = 0.01
"""In which Linux counts a process's time, seconds."""
MIB: Final = 1024.0 * 1024.0
MEMORY_PAGE: Final = 4096 / MIB
"""In which Linux counts a process's memory, MiB."""
NOUNS: Final = {
    Kind.VMI: "VMI",
    Kind.VM: "VM",
    Kind.VMPOOL: "pool member",
    Kind.VMIRS: "member",
}
OURS: Final = (VIRT_API, VIRT_CONTROLLER)
"""Components of KubeVirt that run for real on a plane."""
OF_CLUSTERS: Final = (*OURS, VIRT_HANDLER, VIRT_OPERATOR)
PER_OBJECT: Final[Mapping[ReadStage, CostPart]] = {
    RAMP_UP: CostPart.CREATED,
    RAMP_DOWN: CostPart.DELETED,
}
AT_REST: Final[Mapping[ReadStage, CostPart]] = {IDLE: CostPart.IDLE, HOLD: CostPart.HELD}
BY_TIME: Final = frozenset({"leases"})
"""Resources that are written by the clock, not for objects."""
ENDED: Final = "WATCH ended"
NOT_FOR_OBJECTS: Final = frozenset({WATCH, ENDED})
"""Watches begin anew by the clock."""


def cost_of(
    record: RunRecord, extra: Mapping[CostKey, CostValue], *, is_plane: bool = True
) -> CostRun:
    """The costs of a run; `extra` are those that its record does not hold."""
    components = OURS if is_plane else OF_CLUSTERS
    objects = record.header.scenario.workload.count
    environment = record.header.environment
    source = _source(record)
    values = dict(_calls(record, source, components, objects))
    values.update(_processes(record, components, objects))
    return CostRun(
        run_id=record.host.run_id,
        objects=objects,
        values={**values, **extra},
        source=source,
        telemetry=tuple(_telemetry(record, components)),
        kubernetes=environment.kubernetes_version or "",
        kubevirt=environment.kubevirt_version or "",
        nodes=_nodes(record),
        unknown=frozenset(
            (part, component)
            for stage, part in {**PER_OBJECT, **AT_REST}.items()
            for component in set(components) - set(_known(record, stage, source, components))
        ),
    )


def _nodes(record: RunRecord) -> int:
    return record.header.environment.nodes or 0


def _source(record: RunRecord) -> CallSource:
    has_log = any(read.source == AUDIT_LOG for read in record.rest_calls.reads)
    return AUDIT_LOG if has_log else COMPONENTS


def _window(record: RunRecord, stage: ReadStage, source: CallSource) -> Window | None:
    return window_of(record.rest_calls.reads, stage, source=source)


def _known(
    record: RunRecord, stage: ReadStage, source: CallSource, components: tuple[str, ...]
) -> Sequence[str]:
    """The components whose calls in a stage are all known."""
    window = _window(record, stage, source)
    return [] if window is None else covered(window, components)


def _calls(
    record: RunRecord, source: CallSource, components: tuple[str, ...], objects: int
) -> Iterator[tuple[CostKey, CostValue]]:
    kind = noun_of(record.header.scenario.workload.kind)
    for stage, part in PER_OBJECT.items():
        window = _window(record, stage, source)
        known = _known(record, stage, source, components)
        for made, count in _sorted(window):
            call = made.call
            if made.component not in known or call.verb in NOT_FOR_OBJECTS:
                continue
            if call.resource in BY_TIME or not call.resource:
                continue
            key = CostKey(part, made.component, _words(call), f"calls per {kind}")
            yield key, CostValue(count, objects, is_count=True, is_per_object=True)
    nodes = max(1, _nodes(record))
    for stage, part in AT_REST.items():
        window = _window(record, stage, source)
        if window is None or window.seconds <= 0:
            continue
        known = _known(record, stage, source, components)
        of, noun = (nodes, "node") if part is CostPart.IDLE else (objects, kind)
        totals: Counter[tuple[str, str]] = Counter()
        for made, count in _sorted(window):
            if made.component in known and made.call.resource and made.call.verb != ENDED:
                totals[made.component, f"{made.call.verb} {made.call.target}"] += count
        for (component, what), count in sorted(totals.items()):
            key = CostKey(part, component, what, f"calls per {noun} and hour")
            yield key, CostValue(count, of * window.seconds / HOUR, is_count=True)


def _processes(
    record: RunRecord, components: tuple[str, ...], objects: int
) -> Iterator[tuple[CostKey, CostValue]]:
    kind = noun_of(record.header.scenario.workload.kind)
    for stage, part in PER_OBJECT.items():
        window = _window(record, stage, COMPONENTS)
        for component, usage in sorted((window.usage if window is not None else {}).items()):
            if component in components and usage.cpu_seconds is not None:
                key = CostKey(part, component, "processor time", f"seconds per {kind}")
                yield key, CostValue(usage.cpu_seconds / objects, resolution=TICK / objects)
    window = _window(record, RAMP_UP, COMPONENTS)
    for component, usage in sorted((window.usage if window is not None else {}).items()):
        if component in components and usage.resident_after is not None:
            key = CostKey(CostPart.PROCESSES, component, "resident memory, objects there", "MiB")
            yield key, CostValue(usage.resident_after / MIB, resolution=MEMORY_PAGE)


def _telemetry(record: RunRecord, components: tuple[str, ...]) -> Iterator[Telemetry]:
    """Calls by both sources, without their subresources, which the counters do not tell apart."""
    audited: Counter[ComponentCall] = Counter()
    counted: Counter[ComponentCall] = Counter()
    read: set[str] = set()
    for stage in (*AT_REST, *PER_OBJECT):
        log, own = _window(record, stage, AUDIT_LOG), _window(record, stage, COMPONENTS)
        if log is None or own is None:
            continue
        whole = {name for name in components if not own.lacks(name)}
        read |= whole
        audited.update(_folded(log, components))
        counted.update(_folded(own, tuple(whole)))
    for component in components:
        mine = {made: n for made, n in audited.items() if made.component == component}
        if not mine and component not in read:
            continue
        missed = {
            _words(made.call): n - counted[made]
            for made, n in sorted(mine.items())
            if component in read and n > counted[made]
        }
        known = sum(n for made, n in counted.items() if made.component == component)
        yield Telemetry(
            component=component,
            audited=sum(mine.values()),
            counted=known if component in read else None,
            missed=missed,
        )


def _folded(window: Window, components: tuple[str, ...]) -> Counter[ComponentCall]:
    found: Counter[ComponentCall] = Counter()
    for made, count in window.requests.items():
        call = made.call
        if made.component in components and call.resource and call.verb not in NOT_FOR_OBJECTS:
            found[ComponentCall(made.component, call.folded())] += count
    return found


def _sorted(window: Window | None) -> list[tuple[ComponentCall, int]]:
    return sorted(window.requests.items()) if window is not None else []


def _words(call: RestCall) -> str:
    return f"{call.verb} {call.target} {call.code}"


def noun_of(kind: Kind) -> str:
    """What costs of a kind are counted over, one of them."""
    return NOUNS[kind]
