"""Every indicator of a run, as figures.

Invariant: names and definitions are those of the catalog; each figure has its sample size and its
source.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model import resources
from virtslo.model.figures import Figure, Indicator, no_data
from virtslo.model.identifiers import RUNNING, TABLE_PHASES
from virtslo.model.workload import TRAITS
from virtslo.slo.lateness import lateness_of
from virtslo.slo.measured import Measured, Samples, intended, released
from virtslo.slo.quantiles import STATISTICS, quantile
from virtslo.slo.rates import rate
from virtslo.slo.timelines import Timeline

OPERATIONS: Final = "operations"
WATCH: Final = "watch"
OBJECTS_PER_SECOND: Final = "objects/s"
VMIS_PER_SECOND: Final = "VMIs/s"

Row = tuple[str, str, Figure]
"""(name, statistic, figure)."""


def indicators_of(measured: Measured) -> tuple[Indicator, ...]:
    """Every indicator that a burst has."""
    run = measured.record.host.run_id
    return tuple(
        Indicator(run, name, statistic, figure)
        for part in (_rates, _totals, _latencies, _steps, _own)
        for name, statistic, figure in part(measured)
    )


def creation_rate(measured: Measured) -> Figure:
    """Objects accepted per second; a pool's: the VMs created through it."""
    workload = measured.record.header.scenario.workload
    if TRAITS[workload.kind].is_group:
        member = resources.VMS.kind if workload.kind == "vmpool" else resources.VMIS.kind
        moments = [
            timeline.added_ns
            for timeline in measured.timelines.of_kind(member)
            if timeline.added_ns is not None
        ]
        return rate(moments, unit=OBJECTS_PER_SECOND, source=WATCH)
    accepted = [
        operation.finished_ns
        for operation in measured.accepted
        if operation.finished_ns is not None
    ]
    return rate(accepted, unit=OBJECTS_PER_SECOND, source=OPERATIONS)


def phase_rate(measured: Measured, phase: str) -> Figure:
    """VMIs entering a phase per second."""
    return rate(measured.phase_moments(phase), unit=VMIS_PER_SECOND, source=WATCH)


def _rates(measured: Measured) -> Iterator[Row]:
    yield "creation_rate", "mean", creation_rate(measured)
    for phase in TABLE_PHASES:
        yield f"phase_rate_{phase.lower()}", "mean", phase_rate(measured, phase)


def _totals(measured: Measured) -> Iterator[Row]:
    yield "time_to_all_running_seconds", "value", _time_to_all(measured)
    for phase in TABLE_PHASES:
        seen = len(measured.phase_moments(phase))
        missing = len(measured.vmis) - seen
        yield (
            f"not_seen_{phase.lower()}",
            "count",
            Figure(missing, "VMIs", len(measured.vmis), WATCH),
        )
    failed = [operation for operation in measured.creations if operation.error is not None]
    yield (
        "failed_creates",
        "count",
        Figure(len(failed), "operations", len(measured.creations), OPERATIONS),
    )


def _time_to_all(measured: Measured) -> Figure:
    moments = measured.phase_moments(RUNNING)
    expected = measured.expected_vmis()
    if not measured.creations or not expected:
        return no_data("s", "nothing was created", source=WATCH)
    first = min(operation.intended_ns for operation in measured.creations)
    if len(moments) < expected:
        deadline = measured.deadline_seconds()
        return Figure(
            None,
            "s",
            expected,
            WATCH,
            reason=f"{expected - len(moments)} of {expected} did not reach Running",
            lower_bound=deadline,
        )
    return Figure(to_seconds(max(moments) - first), "s", len(moments), WATCH)


def _latencies(measured: Measured) -> Iterator[Row]:
    for phase in TABLE_PHASES:
        reached = _phase_reader(phase)
        name = f"vmi_creation_to_{phase.lower()}_seconds"
        yield from _quantiles(name, measured.from_creation(reached, released))
    running = _phase_reader(RUNNING)
    yield from _quantiles(
        "vmi_intent_to_running_seconds", measured.from_creation(running, intended)
    )
    yield from _quantiles("vmi_deletion_to_gone_seconds", measured.deletions())


def _steps(measured: Measured) -> Iterator[Row]:
    for earlier, later in itertools.pairwise(TABLE_PHASES):
        values = [
            to_seconds(vmi.phases[later] - vmi.phases[earlier])
            for vmi in measured.vmis
            if earlier in vmi.phases and later in vmi.phases
        ]
        stuck = sum(1 for vmi in measured.vmis if earlier in vmi.phases and later not in vmi.phases)
        name = f"vmi_{earlier.lower()}_to_{later.lower()}_seconds"
        yield from _quantiles(name, Samples(tuple(values), stuck, measured.deadline_seconds()))


def _own(measured: Measured) -> Iterator[Row]:
    if measured.record.header.environment.virtual_time:
        reason = "in virtual time the generator is never late"
        yield "lateness_seconds", "p99", no_data("s", reason, source=OPERATIONS)
        return
    load = measured.record.header.scenario.load
    late = lateness_of(measured.creations, load.arrival.process)
    for statistic in STATISTICS:
        yield (
            "lateness_seconds",
            statistic,
            quantile(statistic, late.values, source=OPERATIONS),
        )
    if late.waits:
        yield (
            "in_flight_wait_seconds",
            "max",
            quantile("max", late.waits, source=OPERATIONS),
        )


def _quantiles(name: str, samples: Samples) -> Iterator[Row]:
    for statistic in STATISTICS:
        yield (
            name,
            statistic,
            quantile(
                statistic,
                samples.values,
                unfinished=samples.unfinished,
                deadline=samples.deadline,
            ),
        )


def _phase_reader(phase: str) -> Callable[[Timeline], int | None]:
    return lambda vmi: vmi.phases.get(phase)
