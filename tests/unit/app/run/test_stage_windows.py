"""Stages are opened and closed in one place, and looked at while nothing is in flight."""

import asyncio

import pytest

from support.clusters import Cluster
from virtslo.app.run.run_watch import RunObjects, RunWatch
from virtslo.app.run.stage_windows import StageWindows
from virtslo.base.clock import NANOSECONDS_PER_SECOND
from virtslo.model.plan.scenario import Load, Pattern
from virtslo.model.plan.workload import Kind
from virtslo.model.run.rest_calls import Moment

LOAD = Load(Pattern.BURST, settle=2.0)


def windows_of(cluster: Cluster, looks: list[tuple[str, str]]) -> StageWindows:
    clock = cluster.clock

    async def look(stage: str, moment: Moment) -> None:
        await clock.sleep_until(clock.now_ns() + NANOSECONDS_PER_SECOND)
        looks.append((stage, moment))

    watch = RunWatch(
        cluster.api,
        clock,
        RunObjects((Kind.VMI,), "s1"),
        origin_ns=clock.now_ns(),
        on_observation=lambda _: None,
    )
    return StageWindows(
        LOAD,
        watch=watch,
        clock=clock,
        origin_ns=clock.now_ns(),
        on_stage=lambda: None,
        at_rest=look,
    )


async def test_a_stage_is_looked_at_before_its_work_and_after_its_quiet(cluster: Cluster) -> None:
    looks: list[tuple[str, str]] = []

    windows = windows_of(cluster, looks)
    async with windows.stage("ramp_up", deadline=10.0):
        looks.append(("ramp_up", "work"))
    (stage,) = windows.stages

    assert looks == [("ramp_up", "before"), ("ramp_up", "work"), ("ramp_up", "after")]
    assert (stage.started_ns, stage.t0_ns) == (0, NANOSECONDS_PER_SECOND)
    assert stage.deadline_ns == 11 * NANOSECONDS_PER_SECOND
    assert stage.quiet_ns == stage.ended_ns == 3 * NANOSECONDS_PER_SECOND


async def test_a_stage_that_is_broken_off_has_no_end_and_no_look_after(cluster: Cluster) -> None:
    looks: list[tuple[str, str]] = []

    windows = windows_of(cluster, looks)
    with pytest.raises(asyncio.CancelledError):
        async with windows.stage("churn", deadline=10.0):
            raise asyncio.CancelledError
    (stage,) = windows.stages

    assert looks == [("churn", "before")]
    assert stage.ended_ns is None
