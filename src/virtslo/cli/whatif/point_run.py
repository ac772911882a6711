"""One point of a sweep, from its scenario to its figures, in whatever process it is given to.

Invariant: a point needs nothing but itself; its outcome can be sent to another machine. A point
that cannot be run is a result that says so, never an exception.
"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from virtslo.app.build_report import build_report
from virtslo.base.errors import VirtsloError
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.running.run_once import Execution, OneRun, simulated_label
from virtslo.cli.wiring import read_record, simulated_cluster
from virtslo.cli.wiring.whatif import pack_record
from virtslo.model.report.document import Report
from virtslo.model.run.record import RunRecord
from virtslo.model.whatif.sweep import Point, PointResult, PointStatus
from virtslo.ports.progress import Silent
from virtslo.slo.record.answer_times import answer_times
from virtslo.slo.record.measured import measured_stage


@dataclass(frozen=True, slots=True)
class PointOutcome:
    """A point's result, and the files of its record as an archive; empty where there is none."""

    result: PointResult
    packed: bytes
    answers: Mapping[str, float] = field(default_factory=dict)
    """Mean seconds that requests took in the measured stage, by kind."""


def run_point(point: Point, command: tuple[str, ...] = ()) -> PointOutcome:
    """Run one point on a simulated cluster of its own."""
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="virtslo-point-") as folder:
        try:
            return _carry_out(point, Path(folder), command, began)
        except VirtsloError as error:
            failed = _result(point, PointStatus.FAILED)
            return PointOutcome(replace(failed, error=error.message), b"")


def record_of(point: Point) -> RunRecord:
    """The record of one point's run. Raises VirtsloError where it cannot be run."""
    with tempfile.TemporaryDirectory(prefix="virtslo-point-") as folder:
        return read_record(_simulate(point, Path(folder), ()).directory)


def _simulate(point: Point, folder: Path, command: tuple[str, ...]) -> OneRun:
    label = simulated_label(point.scenario, point.target)
    run = OneRun(point.scenario, Execution(folder, command, Silent()), label, point.target)

    async def main(clock: VirtualClock) -> None:
        async with simulated_cluster(point.target, clock, run.stages) as api:
            await run.carry_out(api, clock)

    run_in_virtual_time(main)
    return run


def _carry_out(point: Point, folder: Path, command: tuple[str, ...], began: float) -> PointOutcome:
    simulating = time.process_time()
    run = _simulate(point, folder, command)
    simulated = time.process_time() - simulating
    record = read_record(run.directory)
    report = build_report([record])
    packed = pack_record(run.directory)
    status = PointStatus.VALID if report.valid else PointStatus.INCONCLUSIVE
    figures, units = _figures(report)
    findings = tuple(item.finding.code for item in report.findings if item.finding.inconclusive)
    result = replace(
        _result(point, status),
        figures=figures,
        units=units,
        findings=findings,
        record=point.folder,
        simulation_seconds=simulated,
        overhead_seconds=time.process_time() - began - simulated,
    )
    answers = answer_times(record, measured_stage(record))
    return PointOutcome(result, packed, {kind: item.seconds for kind, item in answers.items()})


def _result(point: Point, status: PointStatus) -> PointResult:
    return PointResult(point.index, dict(point.values), point.seed, status)


def _figures(report: Report) -> tuple[dict[str, float], dict[str, str]]:
    """The figures that have a value, and their units, by `indicator.statistic`."""
    figures: dict[str, float] = {}
    units: dict[str, str] = {}
    for item in report.indicators:
        if item.figure.value is not None:
            name = f"{item.name}.{item.statistic}"
            figures[name] = float(item.figure.value)
            units[name] = item.figure.unit
    return figures, units
