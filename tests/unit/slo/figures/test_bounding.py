"""A burst's throughput says what bounded it, told from its own record."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from msgspec import structs

from support.records import operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.plan.scenario import Arrival, ArrivalProcess
from virtslo.model.run.operations import CREATE
from virtslo.model.run.record import RunRecord
from virtslo.model.stage_names import RAMP_UP, WARM_UP
from virtslo.slo.figures.bounding import lone_latencies
from virtslo.slo.figures.indicators import phase_rate
from virtslo.slo.record.measured import measure


def burst_of(running: Sequence[float], *, lone: float | None = 20.0) -> RunRecord:
    """A burst at 100 s whose VMIs, in the order of release, take these times to Running."""
    creates = [
        operation(CREATE, f"v{index}", 100.0, index=index, stage=RAMP_UP)
        for index in range(len(running))
    ]
    facts = [
        seen(f"v{index}", index=index, added=100.0, running=100.0 + after)
        for index, after in enumerate(running)
    ]
    if lone is not None:
        creates.append(operation(CREATE, "warm", 10.0, stage=WARM_UP))
        alone = seen("warm", added=10.0, running=10.0 + lone)
        facts.append([structs.replace(fact, stage="warm-up") for fact in alone])
    return record(
        scenario("vmi", len(running), "burst"),
        stages=[stage(RAMP_UP, 100.0, 900.0, deadline=700.0)],
        operations=creates,
        observations=facts,
    )


def bound(given: RunRecord) -> object:
    figure = phase_rate(measure(given), "Running")  # type: ignore[arg-type]
    assert figure.value is not None, figure.reason
    return (figure.detail or {}).get("bound_by")


def test_a_lone_objects_latency_is_the_warm_ups() -> None:
    given = measure(burst_of([20.0] * 30, lone=21.5))

    assert lone_latencies(given, "Running") == pytest.approx([21.5])  # type: ignore[arg-type]


def test_objects_that_take_their_own_time_are_bound_by_it() -> None:
    assert bound(burst_of([20.0 + index % 7 for index in range(60)])) == "the time one object takes"


def test_objects_that_wait_for_those_before_them_are_saturated() -> None:
    assert bound(burst_of([2.0 + index for index in range(60)], lone=2.0)) == "saturated"


def test_between_the_two_nothing_is_said() -> None:
    assert bound(burst_of([20.0 + index / 2 for index in range(60)])) is None
    assert bound(burst_of([20.0] * 60, lone=None)) is None


def test_an_open_loop_sets_its_own_pace() -> None:
    given = burst_of([20.0 + index % 7 for index in range(60)])
    load = replace(given.header.scenario.load, arrival=Arrival(ArrivalProcess.CONSTANT, rate=5.0))
    header = replace(given.header, scenario=replace(given.header.scenario, load=load))

    assert bound(replace(given, header=header)) is None
