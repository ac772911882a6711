"""Delays of a run: each drawn for its object, and all of them multiplied by the run's factor."""

import asyncio
import math
from statistics import fmean, stdev

import pytest

from virtslo.base.clock import Clock, SystemClock
from virtslo.hollow.process.delays import BOOT, POD_START, SCHEDULE, Delays, run_factor
from virtslo.model.simulated.profile import Distribution, Profile

PROFILE = Profile(
    "p",
    delays={
        SCHEDULE: Distribution("constant", value=0.5),
        BOOT: Distribution("lognormal", median=3.0, sigma=0.3, least=1.0),
    },
)


def delays(seed: int, between_runs: float) -> Delays:
    profile = Profile("p", delays=PROFILE.delays, between_runs=between_runs)
    return Delays.of(profile, SystemClock(), seed)


def test_one_factor_multiplies_every_delay_of_a_run() -> None:
    even, uneven = delays(7, 0.0), delays(7, 0.2)
    factor = run_factor(0.2, 7)

    assert factor != 1
    for step, key in ((SCHEDULE, "a"), (BOOT, "a"), (BOOT, "b")):
        assert uneven.seconds(step, key) == pytest.approx(factor * even.seconds(step, key))
    assert uneven.seconds(POD_START, "a") == 0


def test_factors_of_seeds_are_spread_as_the_profile_says() -> None:
    logs = [math.log(run_factor(0.12, seed)) for seed in range(2000)]

    assert fmean(logs) == pytest.approx(0, abs=0.01)
    assert stdev(logs) == pytest.approx(0.12, rel=0.06)


def test_without_a_spread_runs_differ_by_their_objects_alone() -> None:
    assert run_factor(0.0, 1) == run_factor(0.0, 2) == 1
    assert delays(1, 0.0).seconds(SCHEDULE, "a") == 0.5


def test_quantiles_are_drawn_between_their_values() -> None:
    values = (1.0, 2.0, 10.0)
    profile = Profile("p", delays={BOOT: Distribution("quantiles", values=values)})
    drawn = sorted(Delays.of(profile, SystemClock(), 1).seconds(BOOT, str(n)) for n in range(2000))

    assert drawn[0] >= 1.0
    assert drawn[-1] <= 10.0
    assert drawn[1000] == pytest.approx(2.0, abs=0.2)
    assert drawn[1500] == pytest.approx(6.0, abs=0.5)


async def test_a_step_that_takes_no_time_lets_nothing_else_go_first(clock: Clock) -> None:
    async def rest() -> None:
        done.append("another task")

    done: list[str] = []
    made = Delays(clock, {BOOT: Distribution("constant", value=0.5)}, 1)
    async with asyncio.TaskGroup() as group:
        group.create_task(rest())
        await made.wait(SCHEDULE, "a")
        done.append("no time")
        await made.wait(BOOT, "a")
        done.append(f"{clock.now_ns() / 1e9}")

    assert done == ["no time", "another task", "0.5"]
