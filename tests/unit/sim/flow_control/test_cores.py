"""Shared cores: everything at work at once works equally fast, and no faster than a core each."""

import asyncio
from collections.abc import Awaitable
from functools import partial

import pytest

from support.awaiting import served
from virtslo.base.clock import Clock
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import CONFIG_MAPS
from virtslo.model.simulated.profile import ServerProfile
from virtslo.ports.kube_api import KubeApi
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport
from virtslo.sim.flow_control.cores import SharedCores
from virtslo.sim.flow_control.request_queue import RequestQueue

MILLISECOND = 1_000_000


def _done(cores: int, pieces: list[tuple[int, int]]) -> list[float]:
    """When pieces of work, (begin, size) in milliseconds, were done: milliseconds."""

    async def main(clock: Clock) -> list[float]:
        shared = SharedCores(clock, cores)

        async def work(begin: int, size: int) -> float:
            await clock.sleep_until(begin * MILLISECOND)
            await shared.work(size * MILLISECOND)
            return clock.now_ns() / MILLISECOND

        return list(await asyncio.gather(*(work(*piece) for piece in pieces)))

    return run_in_virtual_time(main)


def test_as_many_pieces_as_cores_do_not_slow_each_other() -> None:
    assert _done(2, [(0, 10), (0, 30)]) == pytest.approx([10, 30], abs=0.001)


def test_more_pieces_than_cores_share_them() -> None:
    assert _done(2, [(0, 10)] * 4) == pytest.approx([20] * 4, abs=0.001)


def test_a_small_piece_is_done_long_before_a_large_one_that_came_first() -> None:
    large, small = _done(1, [(0, 100), (10, 5)])

    assert small == pytest.approx(20, abs=0.001)
    assert large == pytest.approx(105, abs=0.001)


def _served(at_once: int, served_sizes: list[int], others: list[int]) -> tuple[list[float], ...]:
    """When what is served and what else works, all from 0 on two cores, was done: milliseconds."""

    async def main(clock: Clock) -> tuple[list[float], ...]:
        shared = SharedCores(clock, 2, served_at_once=at_once)

        async def until(work: Awaitable[None]) -> float:
            await work
            return clock.now_ns() / MILLISECOND

        of_served = [until(shared.serve(size * MILLISECOND)) for size in served_sizes]
        of_others = [until(shared.work(size * MILLISECOND)) for size in others]
        done = await asyncio.gather(*of_served, *of_others)
        return done[: len(of_served)], done[len(of_served) :]

    return run_in_virtual_time(main)


def test_what_is_served_together_gets_what_so_many_pieces_get() -> None:
    served_done, others = _served(2, [10] * 4, [10])

    assert others == pytest.approx([15], abs=0.001)  # a third of two cores
    assert served_done == pytest.approx([25] * 4, abs=0.001)


def test_of_what_is_served_the_small_is_done_first() -> None:
    served_done, _ = _served(2, [100, 100, 100, 5], [])

    assert served_done[3] == pytest.approx(10, abs=0.001)
    assert max(served_done) == pytest.approx(152.5, abs=0.001)


def test_without_a_bound_each_that_is_served_is_a_piece() -> None:
    served_done, others = _served(0, [10] * 3, [10])

    assert [*served_done, *others] == pytest.approx([20] * 4, abs=0.001)


def test_no_more_is_done_than_the_cores_can_do() -> None:
    sizes = [3, 14, 15, 9, 26, 5, 35, 8, 97, 93]

    done = _done(2, [(index, size) for index, size in enumerate(sizes)])

    assert max(done) >= sum(sizes) / 2


async def test_one_who_gives_up_takes_nothing_with_him(clock: Clock) -> None:
    shared = SharedCores(clock, 1)
    leaving = asyncio.ensure_future(shared.work(10 * MILLISECOND))
    await asyncio.sleep(0.001)
    leaving.cancel()
    await shared.work(10 * MILLISECOND)

    assert clock.now_ns() <= 20.1 * MILLISECOND


async def test_a_servers_requests_share_its_cores_with_other_work_on_the_machine(
    clock: Clock,
) -> None:
    profile = ServerProfile(cores=1, write=0.010, after_write=0.005)

    capacity = RequestQueue(clock, profile)

    async def request() -> int:
        await served(capacity.serve("update", "virtualmachines"))
        return clock.now_ns()

    async def other() -> int:
        await capacity.work(0.020)
        return clock.now_ns()

    answered, worked = await asyncio.gather(request(), other())

    assert answered / MILLISECOND == pytest.approx(20, abs=0.001)
    assert worked / MILLISECOND == pytest.approx(35, abs=0.001)


def _delayed(busy: int, *, delay: int = 10) -> float:
    """When a delay of milliseconds is over on one core on which so many pieces of 100 ms work."""

    async def main(clock: Clock) -> float:
        shared = SharedCores(clock, 1)
        pieces = [asyncio.ensure_future(shared.work(100 * MILLISECOND)) for _ in range(busy)]
        await asyncio.sleep(0)
        await shared.sleep_until(shared.now_ns() + delay * MILLISECOND)
        over = clock.now_ns() / MILLISECOND
        await asyncio.gather(*pieces)
        assert clock.now_ns() / MILLISECOND == pytest.approx(100 * max(busy, 0.1), abs=0.001)
        return over

    return run_in_virtual_time(main)


def test_a_delay_takes_as_long_as_it_says_on_idle_cores() -> None:
    assert _delayed(0) == pytest.approx(10, abs=0.001)


def test_a_delay_is_the_longer_the_busier_the_cores_and_takes_nothing_from_them() -> None:
    assert _delayed(1) == pytest.approx(10, abs=0.001)
    assert _delayed(4) == pytest.approx(40, abs=0.001)


def test_events_reach_watchers_later_when_the_cores_are_busy() -> None:
    profile = ServerProfile(cores=1, write=0.001, watch_delay=0.010)

    async def main(clock: Clock, busy: int) -> float:
        server = ApiServer(clock=clock, seed=1, profile=profile)
        server.set_up()
        someone = Identity("someone", "someone", "someone/1", ("system:masters",))
        api = KubeApi(DirectTransport(server, someone))
        async with api.watch(CONFIG_MAPS) as watch:
            await api.create(CONFIG_MAPS, {"metadata": {"name": "one"}}, namespace="default")
            created_ns = clock.now_ns()
            work = [asyncio.ensure_future(server.work(1)) for _ in range(busy)]
            event = await anext(watch)
            for piece in work:
                piece.cancel()
            return (event.received_ns - created_ns) / MILLISECOND

    idle, busy = (run_in_virtual_time(partial(main, busy=count)) for count in (0, 3))

    assert idle == pytest.approx(10, abs=0.001)
    assert busy == pytest.approx(30, abs=0.001)
