"""Figures of VMs and pools: VM accepted → VMI created → phases → VM ready.

Invariant: as for VMIs: from the release of a create to a first observation, or between two
observations of the watch; what did not get there is unfinished and counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import RUNNING
from virtslo.model.kubernetes import resources
from virtslo.model.plan.workload import Kind
from virtslo.model.report.figures import Figure, no_data
from virtslo.slo.catalog.family import OPERATIONS, WATCH
from virtslo.slo.catalog.vms import (
    ADDED_TO_VMI_CREATED,
    CREATION_TO_ACCEPTED,
    CREATION_TO_READY,
    CREATION_TO_VMI_CREATED,
    POOL_CREATION_RATE,
    POOL_TIME_TO_FIRST_VM,
    RUNNING_TO_READY,
)
from virtslo.slo.figures.rows import Row, quantile_rows
from virtslo.slo.record.measured import Measured, Samples, released
from virtslo.slo.record.timelines import Timeline
from virtslo.slo.statistics.throughput import Load, throughput

VM = resources.VMS.kind
VMI = resources.VMIS.kind

MachineMoment = Callable[[Timeline, Timeline | None], int | None]
"""A moment of a VM and its first VMI."""


def machine_rows(measured: Measured) -> Iterator[Row]:
    """The indicators of a workload whose VMIs belong to VMs; none for others."""
    kind = measured.record.header.scenario.workload.kind
    if kind not in {Kind.VM, Kind.VMPOOL}:
        return
    machines = _machines(measured)
    vmis = _first_vmis(measured)
    if kind is Kind.VM and measured.creations:
        yield from _from_release(measured, machines, vmis)
    yield from _between(measured, machines, vmis)
    if kind is Kind.VMPOOL and measured.churn is None:
        yield from _pools(measured, machines)


def _machines(measured: Measured) -> list[Timeline]:
    """The measured VMs: all of a burst's, those that came of a churn stage."""
    machines = measured.timelines.of_kind(VM)
    stage = measured.stage
    if measured.churn is None or stage is None:
        return machines
    end_ns = stage.ended_ns
    return [
        machine
        for machine in machines
        if machine.added_ns is not None
        and machine.added_ns >= stage.t0_ns
        and (end_ns is None or machine.added_ns < end_ns)
    ]


def _first_vmis(measured: Measured) -> Mapping[str, Timeline]:
    """The first VMI of each VM, by the VM's uid."""
    first: dict[str, Timeline] = {}
    for vmi in measured.timelines.of_kind(VMI):
        if vmi.owner_uid is not None:
            first.setdefault(vmi.owner_uid, vmi)
    return first


def _from_release(
    measured: Measured, machines: Sequence[Timeline], vmis: Mapping[str, Timeline]
) -> Iterator[Row]:
    accepted = [
        to_seconds(operation.finished_ns - released(operation))
        for operation in measured.accepted
        if operation.finished_ns is not None
    ]
    yield from quantile_rows(CREATION_TO_ACCEPTED, Samples(tuple(accepted), 0, None))
    seen = {(machine.namespace, machine.name): machine for machine in machines}
    for definition, moment in (
        (CREATION_TO_VMI_CREATED, _vmi_added),
        (CREATION_TO_READY, _machine_ready),
    ):
        values: list[float] = []
        for operation in measured.accepted:
            machine = seen.get((operation.namespace, operation.name))
            reached = None if machine is None else moment(machine, vmis.get(machine.uid))
            if reached is not None and _is_in_time(measured, reached):
                values.append(to_seconds(reached - released(operation)))
        unfinished = len(measured.accepted) - len(values)
        yield from quantile_rows(
            definition, Samples(tuple(values), unfinished, measured.deadline_seconds())
        )


def _between(
    measured: Measured, machines: Sequence[Timeline], vmis: Mapping[str, Timeline]
) -> Iterator[Row]:
    for definition, since, until in (
        (ADDED_TO_VMI_CREATED, _machine_added, _vmi_added),
        (RUNNING_TO_READY, _vmi_running, _machine_ready),
    ):
        values: list[float] = []
        unfinished = 0
        for machine in machines:
            vmi = vmis.get(machine.uid)
            begin, end = since(machine, vmi), until(machine, vmi)
            if begin is None or not _is_in_time(measured, begin):
                continue
            if end is None or not _is_in_time(measured, end):
                unfinished += 1
            else:
                values.append(to_seconds(end - begin))
        yield from quantile_rows(
            definition, Samples(tuple(values), unfinished, measured.deadline_seconds())
        )


def _pools(measured: Measured, machines: Sequence[Timeline]) -> Iterator[Row]:
    added = [machine.added_ns for machine in machines if machine.added_ns is not None]
    first = min((released(operation) for operation in measured.creations), default=None)
    if first is None or not added:
        figure = no_data("s", "no VM was created through a pool", source=WATCH)
    else:
        figure = Figure(to_seconds(min(added) - first), "s", len(added), WATCH)
    yield Row(POOL_TIME_TO_FIRST_VM, "value", figure)
    accepted = [item.finished_ns for item in measured.accepted if item.finished_ns is not None]
    if len(measured.creations) > 1:
        since_ns = min(operation.intended_ns for operation in measured.creations)
        load = Load(since_ns, len(measured.creations), tuple(accepted))
        waited = measured.deadline_seconds()
        figure = throughput([load], unit=POOL_CREATION_RATE.unit, source=OPERATIONS, waited=waited)
        yield Row(POOL_CREATION_RATE, "mean", figure)


def _is_in_time(measured: Measured, moment_ns: int) -> bool:
    stage = measured.stage
    return stage is None or stage.ended_ns is None or moment_ns <= stage.ended_ns


def _machine_added(machine: Timeline, _vmi: Timeline | None) -> int | None:
    return machine.added_ns


def _machine_ready(machine: Timeline, _vmi: Timeline | None) -> int | None:
    return machine.ready_ns


def _vmi_added(_machine: Timeline, vmi: Timeline | None) -> int | None:
    return None if vmi is None else vmi.added_ns


def _vmi_running(_machine: Timeline, vmi: Timeline | None) -> int | None:
    return None if vmi is None else vmi.phases.get(RUNNING)
