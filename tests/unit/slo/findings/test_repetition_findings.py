"""The first of several runs on a real cluster, where it stands apart."""

from dataclasses import replace

import pytest

from support.reads import burst_record
from virtslo.model.report.document import RunGroup
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import Indicator
from virtslo.model.run.findings import Finding
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.slo.findings.repetition_findings import first_run_findings
from virtslo.slo.record.measured import Measured, measure

NAME = "vmi_intent_to_running_seconds"


def run_of(number: int, *, is_simulated: bool = False) -> Measured:
    base = burst_record([])
    header = base.header
    if is_simulated:
        target = SimulatedTarget("ci", number, 2)
        header = replace(header, environment=replace(header.environment, simulated=target))
    started = f"2026-01-01T00:0{number}:00Z"
    host = replace(base.host, run_id=f"r{number}", started_at=started)
    return measure(replace(base, header=header, host=host))


def found_of(
    values: list[float | None], *, is_simulated: bool = False
) -> list[tuple[str, Finding]]:
    ids = [f"r{number}" for number in range(len(values))]
    runs = [run_of(number, is_simulated=is_simulated) for number in range(len(values))]
    indicators = {
        run: [Indicator(run, NAME, "p95", Figure(value, "s", 100, "watch",
                        reason=None if value is not None else "none"))]
        for run, value in zip(ids, values, strict=True)
    }  # fmt: skip
    group = RunGroup("burst-vmi", "burst", "vmi", tuple(reversed(ids)), ())
    return list(first_run_findings([group], runs, indicators))


def test_a_first_run_that_stands_apart_is_named_with_its_figures() -> None:
    ((run, finding),) = found_of([41.0, 28.0, 27.5, 28.4])

    assert (run, finding.code, finding.touches) == ("r0", "first_run_apart", (NAME,))
    assert finding.inconclusive is False
    assert f"{NAME} p95 41 s, the others 27.5 to 28.4 s" in finding.detail


@pytest.mark.parametrize(
    "values", [[28.2, 28.0, 27.5, 28.4], [41.0, 28.0], [41.0, 28.0, None, 28.4], [28, 28, 27, 41]]
)
def test_nothing_is_said_of_runs_that_are_alike_or_too_few(values: list[float | None]) -> None:
    assert found_of(values) == []


def test_clusters_of_their_own_warm_nothing() -> None:
    assert found_of([41.0, 28.0, 27.5, 28.4], is_simulated=True) == []
