"""What bounded a burst's throughput: the capacity of the system, or the time one object takes.

Invariant: told from the run itself, of a burst that is requested at once; an open-loop load sets
its own pace, and nothing is said of it.
"""

from dataclasses import replace

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import Phase
from virtslo.model.kubernetes import resources
from virtslo.model.plan.scenario import ArrivalProcess
from virtslo.model.report.figures import Figure
from virtslo.model.run.observations import PHASE
from virtslo.model.run.operations import CREATE
from virtslo.model.stage_names import WARM_UP
from virtslo.slo.record.measured import Measured
from virtslo.slo.statistics.saturation import bound_by

MOST_ALONE = 3
"""A warm-up of more VMIs is a load of its own."""


def with_bound(measured: Measured, phase: Phase, figure: Figure) -> Figure:
    """The throughput of a phase with what bounded it, where that can be told (`bound_by`)."""
    load = measured.record.header.scenario.load
    if figure.value is None or load.arrival.process is not ArrivalProcess.BURST:
        return figure
    found = bound_by(_latencies(measured, phase), lone_latencies(measured, phase))
    if found is None:
        return figure
    return replace(figure, detail={**(figure.detail or {}), "bound_by": found.value})


def _latencies(measured: Measured, phase: Phase) -> list[float]:
    """Seconds from the intended create to the phase, in the order of release."""
    found: list[tuple[int, int, int]] = []
    for vmi, operation in zip(measured.vmis, measured.creates, strict=True):
        moment = vmi.phases.get(phase)
        if operation is None or moment is None:
            continue
        released_ns = operation.released_ns or operation.intended_ns
        order = operation.index if vmi.owner_uid is None else vmi.added_ns or 0
        found.append((released_ns, order, moment - operation.intended_ns))
    found.sort()
    return [to_seconds(latency_ns) for _, _, latency_ns in found]


def lone_latencies(measured: Measured, phase: Phase) -> list[float]:
    """The same of the warm-up's VMIs, which were nearly alone; empty where there were none."""
    creates = [
        operation.intended_ns
        for operation in measured.record.operations
        if operation.stage == WARM_UP and operation.verb == CREATE
    ]
    moments: dict[str, int] = {}
    for seen in measured.warm_up:
        is_vmi = seen.kind == resources.VMIS.kind
        if is_vmi and seen.fact == PHASE and seen.phase == phase:
            moments.setdefault(seen.uid, seen.received_ns)
    if not creates or len(moments) > MOST_ALONE:
        return []
    return [to_seconds(moment - min(creates)) for moment in moments.values()]
