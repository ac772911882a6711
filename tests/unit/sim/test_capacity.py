"""The API server's queue: so many workers, first come, first served; service times can spread."""

import asyncio
import statistics

from virtslo.base.clock import Clock
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.model.profile import ServerProfile
from virtslo.sim.capacity import Capacity

MILLISECOND = 1_000_000


def _answered(profile: ServerProfile, requests: int, *, seed: int = 1) -> list[int]:
    """When so many updates, all sent at once, were answered: nanoseconds."""

    async def main(clock: Clock) -> list[int]:
        capacity = Capacity(clock, profile, seed=seed)
        answered: list[int] = []

        async def update() -> None:
            await capacity.serve("update", "virtualmachines")
            answered.append(clock.now_ns())

        async with asyncio.TaskGroup() as group:
            for _ in range(requests):
                group.create_task(update())
        return answered

    return run_in_virtual_time(main)


def test_two_workers_serve_two_at_once_and_the_rest_wait() -> None:
    answered = _answered(ServerProfile(workers=2, write=0.010), 5)

    assert answered == [each * MILLISECOND for each in (10, 10, 20, 20, 30)]


def test_without_a_queue_nothing_waits() -> None:
    answered = _answered(ServerProfile(workers=0, write=0.010), 5)

    assert answered == [10 * MILLISECOND] * 5


def test_a_spread_keeps_the_mean_and_no_two_answers_fall_together() -> None:
    answered = _answered(ServerProfile(workers=0, write=0.010, spread=0.3), 4000)

    assert len(set(answered)) > 3900
    assert abs(statistics.mean(answered) / (10 * MILLISECOND) - 1) < 0.03


def test_a_spread_repeats_with_its_seed_and_differs_with_another() -> None:
    profile = ServerProfile(workers=2, write=0.010, spread=0.3)

    first, again, other = (_answered(profile, 50, seed=seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other
