"""Several runs in one cell: the median of what is alike, and of nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as replace_op

from support.reads import burst_record
from support.records import record
from support.scenarios import scenario
from virtslo.model.report.document import Tables
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import figures_by_key
from virtslo.model.run.record import RunRecord
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.slo.figures.indicators import creation_rate, indicators_of
from virtslo.slo.record.measured import measure
from virtslo.slo.tables import tables_of


def tables(*records: RunRecord) -> Tables:
    runs = [measure(record) for record in records]
    return tables_of(runs, [figures_by_key(indicators_of(run)) for run in runs])


def cell_of(*records: RunRecord) -> Figure:
    return tables(*records).creation_rate["burst"]["vmi"]


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


@pytest.mark.parametrize(
    ("kind", "load", "whose"),
    [
        ("vmi", {}, "accepted by the API"),
        ("vm", {}, "accepted by the API"),
        ("vmpool", {}, "made by a controller"),
        ("vmirs", {}, "made by a controller"),
        ("vmi", {"arrival": {"process": "poisson", "rate": "5/s"}}, "offered"),
        ("vm", {"arrival": {"process": "constant", "rate": "5/s"}}, "offered"),
    ],
)
def test_a_creation_rate_says_whose_it_is(kind: str, load: dict[str, Any], whose: str) -> None:
    given = measure(record(scenario(kind, 10, "burst", load=load)))

    assert (creation_rate(given).detail or {})["whose"] == whose


def test_get_delete_and_refused_calls_stand_beside_the_third_table() -> None:
    found = tables(burst_record([]))

    assert set(found.rest_calls["vmi"]["burst"]) == {"create", "list", "patch", "update"}
    assert set(found.rest_calls_beside["vmi"]["burst"]) == {"get", "delete", "refused"}
    assert found.rest_calls_beside["vm"]["burst"]["refused"].reason == "not run: burst of vm"


def test_of_records_of_one_id_the_first_stands_with_its_own_rate() -> None:
    """As copies of a record have one, of which one was changed."""
    fast, slow = (
        replace(
            base,
            operations=tuple(
                replace_op(each, finished_ns=1 + each.index * gap) for each in base.operations
            ),
        )
        for base in [burst_record([])]
        for gap in (10**8, 10**9)
    )

    assert fast.host.run_id == slow.host.run_id
    assert cell_of(fast, slow).value == cell_of(fast).value
    assert cell_of(slow, fast).value == cell_of(slow).value
    assert cell_of(fast).value != cell_of(slow).value
