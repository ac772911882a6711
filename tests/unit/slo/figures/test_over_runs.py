"""Repetitions: one figure of several runs, and nothing averaged away."""

from dataclasses import replace

import pytest

from support.reads import burst_record
from virtslo.model.report.figures import OVER_RUNS, Figure, no_data
from virtslo.model.report.indicators import Indicator
from virtslo.model.run.record import RunRecord
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.slo.figures.over_runs import distinct, groups_of, over_runs
from virtslo.slo.record.measured import measure


def figure(value: float, **detail: float) -> Figure:
    return Figure(value, "s", 10, "watch", detail=detail)


def record_of(seed: int, run_id: str, *, label: str = "") -> RunRecord:
    base = burst_record([])
    environment = replace(
        base.header.environment, simulated=SimulatedTarget("ci", seed, 2), virtual_time=True
    )
    header = replace(base.header, environment=environment, run_label=label or f"s{seed}")
    return replace(base, header=header, host=replace(base.host, run_id=run_id))


def test_three_runs_give_their_geometric_mean_with_range_and_interval() -> None:
    found = over_runs([figure(10), figure(20), figure(40)])

    assert found.value == pytest.approx(20)
    assert found.range == (10.0, 40.0)
    assert found.samples == 30
    assert found.interval is not None
    assert found.interval.scope == OVER_RUNS
    assert found.detail is not None
    assert found.detail["runs"] == 3


def test_two_runs_have_no_interval_and_say_why() -> None:
    found = over_runs([figure(10), figure(20)])

    assert found.interval is None
    assert found.no_interval == "2 runs: an interval over runs needs 3"


def test_a_whole_number_that_every_run_has_stays_one() -> None:
    found = over_runs([Figure(400, "requests", 400, "component counters")] * 5)

    assert found.value == 400
    assert isinstance(found.value, int)


def test_counts_that_differ_have_a_range_of_counts() -> None:
    found = over_runs(
        [Figure(count, "requests", count, "component counters") for count in (45, 51, 47)]
    )

    assert str(found.range) == "(45, 51)"


def test_a_run_without_data_is_not_averaged_away() -> None:
    hung = Figure(None, "s", 10, "watch", reason="1 of 10 did not finish", lower_bound=600.0)

    found = over_runs([figure(10), hung, figure(12)])

    assert found.value is None
    assert found.reason == "1 of 3 runs have no data: 1 of 10 did not finish"
    assert found.lower_bound == 600.0


def test_times_beside_a_throughput_are_taken_together_too() -> None:
    found = over_runs([figure(1, seconds_to_all=10.0), figure(1, seconds_to_all=40.0)])

    assert found.detail is not None
    assert found.detail["seconds_to_all"] == pytest.approx(20)


def test_seeds_of_one_scenario_are_repetitions_and_a_copy_is_none() -> None:
    runs = [
        measure(record)
        for record in (record_of(1, "a"), record_of(2, "b"), record_of(1, "a-again", label="s1"))
    ]
    indicators = [
        [Indicator(run.record.host.run_id, "x_seconds", "p50", figure(10 + number))]
        for number, run in enumerate(runs)
    ]

    (group,) = groups_of(runs, indicators)

    assert [run.record.host.run_id for run in distinct(runs)] == ["a", "b"]
    assert group.id == "burst-vmi"
    assert group.runs == ("a", "b")
    assert group.indicators[0].figure.range == (10.0, 11.0)


def test_a_single_run_makes_no_group() -> None:
    assert groups_of([measure(record_of(1, "a"))], [[]]) == ()


def test_what_one_run_lacks_is_no_figure_over_runs() -> None:
    runs = [measure(record_of(1, "a")), measure(record_of(2, "b"))]
    shared = [Indicator(name, "x_seconds", "p50", no_data("s", "none")) for name in ("a", "b")]
    alone = Indicator("a", "y_seconds", "p50", figure(1))

    (group,) = groups_of(runs, [[shared[0], alone], [shared[1]]])

    assert [item.name for item in group.indicators] == ["x_seconds"]
