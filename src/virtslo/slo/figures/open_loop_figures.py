"""The pace of an open-loop load: offered, accepted, Running, and whether the system kept up.

Invariant: only loads that set their own pace have these figures: bursts with an arrival rate, and
constant churn.
"""

from collections.abc import Iterator
from typing import Final

from virtslo.base.clock import to_seconds
from virtslo.model.identifiers import RUNNING
from virtslo.model.plan.scenario import ArrivalProcess
from virtslo.model.plan.workload import TRAITS
from virtslo.model.report.figures import Figure, no_data
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.record import RunStatus
from virtslo.slo.catalog.family import OPERATIONS, WATCH
from virtslo.slo.catalog.generator import (
    ACCEPTED_RATE,
    BACKLOG_SLOPE,
    KEPT_UP,
    OFFERED_RATE,
    RUNNING_RATE,
)
from virtslo.slo.figures.rows import Row
from virtslo.slo.record.measured import Measured
from virtslo.slo.statistics.open_loop import Pace, pace_of

TOO_SHORT: Final = "too short to tell"


def pace_rows(measured: Measured) -> Iterator[Row]:
    """The figures of an open-loop load; none of any other."""
    if not _is_open_loop(measured):
        return
    pace = _pace(measured)
    samples = len(measured.creations)
    if pace is None:
        reason = "all objects were intended at one moment"
        for definition in (OFFERED_RATE, ACCEPTED_RATE, RUNNING_RATE, BACKLOG_SLOPE):
            yield Row(definition, "mean", no_data(definition.unit, reason))
        yield Row(KEPT_UP, "value", no_data(KEPT_UP.unit, reason))
        return
    for definition, value, source in (
        (OFFERED_RATE, pace.offered, OPERATIONS),
        (ACCEPTED_RATE, pace.accepted, OPERATIONS),
        (RUNNING_RATE, pace.running, WATCH),
        (BACKLOG_SLOPE, pace.backlog_slope, WATCH),
    ):
        figure = Figure(value, definition.unit, samples, source)
        if definition in {RUNNING_RATE, BACKLOG_SLOPE} and not pace.has_come_through:
            figure = no_data(definition.unit, TOO_SHORT, samples=samples, source=source)
        yield Row(definition, "mean", figure)
    if measured.record.header.status in {RunStatus.INTERRUPTED, RunStatus.FAILED}:
        reason = "the run was cut short: the rest of its load is not known"
        figure = no_data(KEPT_UP.unit, reason, samples=samples, source=WATCH)
    elif pace.kept_up is None:
        figure = no_data(KEPT_UP.unit, TOO_SHORT, samples=samples, source=WATCH)
    else:
        figure = Figure(int(pace.kept_up), KEPT_UP.unit, samples, WATCH)
    yield Row(KEPT_UP, "value", figure)


def _is_open_loop(measured: Measured) -> bool:
    scenario = measured.record.header.scenario
    if any(TRAITS[kind].is_group for kind in scenario.kinds) or not measured.creations:
        return False
    if measured.churn is not None:
        return measured.churn.is_constant
    return scenario.load.arrival.process is not ArrivalProcess.BURST


def _pace(measured: Measured) -> Pace | None:
    running_of: dict[tuple[str, str, str], int] = {}
    for vmi, operation in zip(measured.vmis, measured.creates, strict=True):
        moment = vmi.phases.get(RUNNING)
        if operation is not None and moment is not None:
            running_of.setdefault(_key(operation), moment)
    lasting = measured.lasting
    moments = [running_of.get(_key(operation)) for operation in lasting]
    return pace_of(
        [to_seconds(operation.intended_ns) for operation in lasting],
        [
            to_seconds(operation.finished_ns)
            for operation in lasting
            if operation.error is None and operation.finished_ns is not None
        ],
        [None if moment is None else to_seconds(moment) for moment in moments],
    )


def _key(operation: OperationRecord) -> tuple[str, str, str]:
    return operation.kind, operation.namespace, operation.name
