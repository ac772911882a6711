"""Several runs in one cell: the median of what is alike, and of nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from support.reads import burst_record
from virtslo.model.report.figures import Figure
from virtslo.model.run.record import RunRecord
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.slo.record.measured import measure
from virtslo.slo.tables import tables_of


def cell_of(*records: RunRecord) -> Figure:
    return tables_of([measure(record) for record in records]).creation_rate["burst"]["vmi"]


def elsewhere(**facts: Any) -> RunRecord:
    base = burst_record([])
    environment = replace(base.header.environment, **facts)
    return replace(base, header=replace(base.header, environment=environment))


def test_runs_that_are_alike_are_taken_together() -> None:
    one, other = (
        elsewhere(simulated=SimulatedTarget("ci", seed, 2), virtual_time=True) for seed in (1, 2)
    )

    assert "not alike" not in (cell_of(one, other).reason or "")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (burst_record([], count=20), "count 10 / 20"),
        (elsewhere(simulated=SimulatedTarget("ci", 1, 2)), "cluster real / simulated (ci)"),
        (elsewhere(kubevirt_version="v2"), "KubeVirt v1 / v2"),
        (burst_record([], qps=20.0), "client limits"),
    ],
)
def test_runs_that_differ_make_no_figure(other: RunRecord, words: str) -> None:
    found = cell_of(burst_record([]), other)

    assert found.value is None
    assert found.reason is not None
    assert found.reason.startswith("the runs are not alike")
    assert words in found.reason
