"""Every indicator of a run, as figures.

Invariant: names and definitions are those of the catalog; each figure has its sample size and its
source.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import RUNNING, Phase
from virtslo.model.kubernetes import resources
from virtslo.model.plan.scenario import ArrivalProcess, ChurnMode
from virtslo.model.plan.workload import TRAITS, Kind
from virtslo.model.report.figures import Figure, no_data
from virtslo.model.report.indicators import Indicator
from virtslo.model.run.operations import DELETE, OperationRecord
from virtslo.model.stage_names import CHURN, RAMP_DOWN, RAMP_UP
from virtslo.model.vocabulary import ACCEPTED, MADE, OFFERED, QUANTILES
from virtslo.slo.catalog.family import OPERATIONS, WATCH
from virtslo.slo.catalog.generator import (
    CREATE_SUCCESS,
    DELETE_SUCCESS,
    FAILED_CREATES,
    IN_FLIGHT_WAIT,
    LATENESS,
)
from virtslo.slo.catalog.vmis import (
    CONTROLLER_MADE_RATE,
    CREATION_RATE,
    DELETION_TO_GONE,
    INTENT_TO_RUNNING,
    OF_PHASE,
    OWNER_CREATION_TO_RUNNING,
    STEPS,
    TIME_TO_ALL_RUNNING,
    TIME_TO_FIRST_RUNNING,
)
from virtslo.slo.figures.action_figures import action_rows
from virtslo.slo.figures.bounding import with_bound
from virtslo.slo.figures.call_figures import call_rows, usage_rows
from virtslo.slo.figures.churn_figures import (
    churn_creation_rate,
    churn_made_rate,
    churn_phase_rate,
    churn_rows,
)
from virtslo.slo.figures.machine_figures import machine_rows
from virtslo.slo.figures.open_loop_figures import pace_rows
from virtslo.slo.figures.responsiveness import responsiveness_rows
from virtslo.slo.figures.rows import Row, missing_rows, quantile_rows
from virtslo.slo.figures.time_spent import time_rows
from virtslo.slo.record.churn_reader import NOT_FOUND
from virtslo.slo.record.lateness import lateness_of
from virtslo.slo.record.measured import Measured, Samples, intended, released
from virtslo.slo.record.timelines import Timeline
from virtslo.slo.statistics.quantiles import quantile
from virtslo.slo.statistics.throughput import Load, throughput

MEASURED = (RAMP_UP, RAMP_DOWN)


def indicators_of(measured: Measured) -> tuple[Indicator, ...]:
    """Every indicator that the run has."""
    run = measured.record.host.run_id
    parts = [
        _rates,
        _totals,
        _success,
        pace_rows,
        _latencies,
        _steps,
        machine_rows,
        _churn,
        action_rows,
        call_rows,
        usage_rows,
        time_rows,
        responsiveness_rows,
        _own,
    ]
    return tuple(
        Indicator(run, row.definition.name, row.statistic, row.figure)
        for part in parts
        for row in part(measured)
    )


def _churn(measured: Measured) -> Iterator[Row]:
    if measured.churn is not None:
        yield from churn_rows(measured.churn)


def creation_rate(measured: Measured) -> Figure:
    """Throughput of accepted creates; a pool's: of the VMs created through it."""
    figure = _creation_rate(measured)
    return replace(figure, detail={**(figure.detail or {}), "whose": whose_rate(measured)})


def whose_rate(measured: Measured) -> str:
    """Whose rate a creation rate is: the load's own, the API's, or a controller's."""
    scenario = measured.record.header.scenario
    if TRAITS[scenario.workload.kind].is_group:
        return MADE
    is_constant = measured.churn is not None and measured.churn.is_constant
    is_open = is_constant or scenario.load.arrival.process is not ArrivalProcess.BURST
    return OFFERED if is_open else ACCEPTED


def _creation_rate(measured: Measured) -> Figure:
    if measured.churn is not None:
        return churn_creation_rate(measured.churn)
    workload = measured.record.header.scenario.workload
    if TRAITS[workload.kind].is_group:
        member = resources.VMS.kind if workload.kind == "vmpool" else resources.VMIS.kind
        moments = _added(measured.timelines.of_kind(member))
        return _of_burst(measured, moments, unit=CREATION_RATE.unit, source=WATCH)
    accepted = [
        operation.finished_ns
        for operation in measured.accepted
        if operation.finished_ns is not None
    ]
    load = Load(
        min((operation.intended_ns for operation in measured.creations), default=0),
        len(measured.creations),
        tuple(accepted),
    )
    if not measured.creations:
        return no_data(CREATION_RATE.unit, "nothing was created", source=OPERATIONS)
    waited = measured.deadline_seconds()
    return throughput([load], unit=CREATION_RATE.unit, source=OPERATIONS, waited=waited)


def controller_made_rate(measured: Measured) -> Figure:
    """Throughput of VMIs that a controller made."""
    if measured.churn is not None:
        return churn_made_rate(measured.churn)
    unit = CONTROLLER_MADE_RATE.unit
    return _of_burst(measured, _added(measured.vmis), unit=unit, source=WATCH)


def _added(timelines: Iterable[Timeline]) -> list[int]:
    return [timeline.added_ns for timeline in timelines if timeline.added_ns is not None]


def _of_burst(measured: Measured, moments: Sequence[int], *, unit: str, source: str) -> Figure:
    """The throughput of a burst's event: of all that was intended, accepted or not."""
    if not measured.creations:
        return no_data(unit, "nothing was created", source=source)
    since_ns = min(operation.intended_ns for operation in measured.creations)
    load = Load(since_ns, measured.intended_objects(), tuple(moments))
    return throughput([load], unit=unit, source=source, waited=measured.deadline_seconds())


def phase_rate(measured: Measured, phase: Phase) -> Figure:
    """Throughput of VMIs entering a phase."""
    if measured.churn is not None:
        return churn_phase_rate(measured.churn, phase)
    moments = measured.phase_moments(phase)
    figure = _of_burst(measured, moments, unit=OF_PHASE[phase].rate.unit, source=WATCH)
    return with_bound(measured, phase, figure)


def _rates(measured: Measured) -> Iterator[Row]:
    yield Row(CREATION_RATE, "mean", creation_rate(measured))
    if measured.record.header.scenario.workload.kind is not Kind.VMI:
        yield Row(CONTROLLER_MADE_RATE, "mean", controller_made_rate(measured))
    for phase, of in OF_PHASE.items():
        yield Row(of.rate, "mean", phase_rate(measured, phase))


def _totals(measured: Measured) -> Iterator[Row]:
    if measured.churn is None:
        yield Row(TIME_TO_FIRST_RUNNING, "value", _time_to_first(measured))
        yield Row(TIME_TO_ALL_RUNNING, "value", _time_to_all(measured))
    for phase, of in OF_PHASE.items():
        seen = len(measured.phase_moments(phase))
        missing = len(measured.vmis) - seen
        figure = Figure(missing, of.not_seen.unit, len(measured.vmis), WATCH)
        yield Row(of.not_seen, "count", figure)
    failed = [operation for operation in measured.creations if operation.error is not None]
    figure = Figure(len(failed), FAILED_CREATES.unit, len(measured.creations), OPERATIONS)
    yield Row(FAILED_CREATES, "count", figure)


def _success(measured: Measured) -> Iterator[Row]:
    """What the API accepted of what was asked of it."""
    deletes = [
        operation
        for operation in measured.record.operations
        if operation.verb == DELETE and operation.stage in _deleting_stages(measured)
    ]
    for definition, operations, what in (
        (CREATE_SUCCESS, measured.creations, "create"),
        (DELETE_SUCCESS, deletes, "delete"),
    ):
        sent = [operation for operation in operations if operation.sent_ns is not None]
        if not sent:
            reason = f"the run sent no {what} in this stage"
            yield Row(definition, "value", no_data("share", reason, source=OPERATIONS))
            continue
        accepted = sum(map(_is_accepted, sent))
        figure = Figure(accepted / len(sent), "share", len(sent), OPERATIONS)
        yield Row(definition, "value", figure)


def _deleting_stages(measured: Measured) -> tuple[str, ...]:
    """In which stages what is deleted is measured: of a replay in both, at recorded times."""
    if measured.churn is not None:
        return (CHURN,)
    return (RAMP_DOWN,) if measured.record.header.scenario.load.replay is None else MEASURED


def _is_accepted(operation: OperationRecord) -> bool:
    is_gone = operation.verb == DELETE and operation.code == NOT_FOUND
    return operation.error is None or is_gone


def _time_to_first(measured: Measured) -> Figure:
    moments = measured.phase_moments(RUNNING)
    if not measured.creations or not moments:
        return no_data("s", "no VMI came to Running", source=WATCH)
    first = min(operation.intended_ns for operation in measured.creations)
    return Figure(to_seconds(min(moments) - first), "s", len(moments), WATCH)


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
    if measured.stage is None:
        return
    for phase, of in OF_PHASE.items():
        samples = measured.from_vmi_creation(_phase_reader(phase))
        yield from quantile_rows(of.from_creation, samples)
    missing = _no_creates(measured)
    is_owned = measured.record.header.scenario.workload.kind is not Kind.VMI
    for definition, since, is_there in (
        (OWNER_CREATION_TO_RUNNING, released, is_owned),
        (INTENT_TO_RUNNING, intended, True),
    ):
        if is_there and missing is not None:
            yield from missing_rows(definition, missing)
        elif is_there:
            samples = measured.from_creation(_phase_reader(RUNNING), since)
            yield from quantile_rows(definition, samples)
    deletions = measured.deletions()
    if measured.churn is not None and measured.churn.churn.mode is ChurnMode.SCALE:
        reason = "the run itself deleted nothing in this stage: a controller scaled in"
        yield from missing_rows(DELETION_TO_GONE, reason)
    else:
        yield from quantile_rows(DELETION_TO_GONE, deletions)


def _no_creates(measured: Measured) -> str | None:
    """Why nothing can be counted from a create, where a controller makes what is measured."""
    if measured.churn is None or measured.creations:
        return None
    return "the run itself created nothing in this stage: a controller replaced what went"


def _steps(measured: Measured) -> Iterator[Row]:
    for (earlier, later), step in STEPS.items():
        edges = [
            (start, vmi.phases.get(later))
            for vmi in measured.vmis
            if (start := vmi.phases.get(earlier)) is not None
        ]
        values = tuple(to_seconds(end - start) for start, end in edges if end is not None)
        stuck = len(edges) - len(values)
        yield from quantile_rows(step, Samples(values, stuck, measured.deadline_seconds()))


def _own(measured: Measured) -> Iterator[Row]:
    if measured.record.header.environment.virtual_time:
        reason = "in virtual time the generator is never late"
        yield Row(LATENESS, "p99", no_data(LATENESS.unit, reason, source=OPERATIONS))
        return
    load = measured.record.header.scenario.load
    late = lateness_of(measured.creations, load.arrival.process)
    for statistic in QUANTILES:
        yield Row(LATENESS, statistic, quantile(statistic, late.values, source=OPERATIONS))
    if late.waits:
        yield Row(IN_FLIGHT_WAIT, "max", quantile("max", late.waits, source=OPERATIONS))


def _phase_reader(phase: str) -> Callable[[Timeline], int | None]:
    return lambda vmi: vmi.phases.get(phase)
