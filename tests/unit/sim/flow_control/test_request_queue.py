"""The API server's queue: so many workers, first come, first served; service times can spread."""

import asyncio
import contextlib
import statistics

import pytest

from support.awaiting import served
from virtslo.base.clock import Clock
from virtslo.base.errors import NotFound, TooManyRequests
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import CONFIG_MAPS, LEASES, PODS, SECRETS, Resource
from virtslo.model.simulated.profile import SHARED, ServerProfile
from virtslo.ports.kube_api import KubeApi
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport
from virtslo.sim.flow_control.request_queue import RequestQueue

MILLISECOND = 1_000_000


def _answered(profile: ServerProfile, requests: int, *, seed: int = 1) -> list[int]:
    """When so many updates, all sent at once, were answered: nanoseconds."""

    async def main(clock: Clock) -> list[int]:
        capacity = RequestQueue(clock, profile, seed=seed)
        answered: list[int] = []

        async def update() -> None:
            await served(capacity.serve("update", "virtualmachines"))
            answered.append(clock.now_ns())

        async with asyncio.TaskGroup() as group:
            for _ in range(requests):
                group.create_task(update())
        return answered

    return run_in_virtual_time(main)


def test_two_workers_serve_two_at_once_and_the_rest_wait() -> None:
    answered = _answered(ServerProfile(workers=2, write=0.010), 5)

    assert answered == [each * MILLISECOND for each in (10, 10, 20, 20, 30)]


def test_workers_take_turns_on_shared_cores_too() -> None:
    answered = _answered(ServerProfile(cores=2, workers=1, write=0.010), 3)

    assert [round(each / MILLISECOND) for each in answered] == [10, 20, 30]


def test_shared_serving_lets_a_small_request_pass_large_ones() -> None:
    profile = ServerProfile(
        cores=2, workers=1, serving=SHARED, read=0.001, write=0.002,
        webhook={"update virtualmachines": 0.018},
    )  # fmt: skip

    async def main(clock: Clock) -> list[float]:
        capacity = RequestQueue(clock, profile, seed=1)

        async def answered(verb: str) -> float:
            await served(capacity.serve(verb, "virtualmachines"))
            return clock.now_ns() / MILLISECOND

        return list(await asyncio.gather(*(answered(verb) for verb in ["update"] * 3 + ["get"])))

    *updates, read = run_in_virtual_time(main)

    assert read == pytest.approx(4, abs=0.001)
    assert updates == pytest.approx([61] * 3, abs=0.001)


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


BUSY = ServerProfile(write=0.010, read=0.010, writes_in_flight=3, reads_in_flight=2)
REFUSED = "429, 1 s, at once"


def _outcomes(verbs: list[str], *, is_exempt: bool = False) -> list[str]:
    """What became of requests that were all sent at once."""

    async def main(clock: Clock) -> list[str]:
        capacity = RequestQueue(clock, BUSY)

        async def ask(verb: str) -> str:
            try:
                await served(capacity.serve(verb, "virtualmachines", is_exempt=is_exempt))
            except TooManyRequests as error:
                is_at_once = clock.now_ns() == 0
                return f"429, {error.retry_after_seconds:g} s{', at once' if is_at_once else ''}"
            return "served"

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(verb)) for verb in verbs]
        return [task.result() for task in tasks]

    return run_in_virtual_time(main)


def test_beyond_what_may_be_in_flight_requests_are_refused_at_once() -> None:
    assert _outcomes(["update"] * 5) == ["served"] * 3 + [REFUSED] * 2


def test_reads_and_writes_have_limits_of_their_own_and_watches_none() -> None:
    outcomes = _outcomes(["update", "get", "update", "get", "update", "list", *["watch"] * 3])

    assert outcomes == ["served"] * 5 + [REFUSED] + ["served"] * 3


def test_masters_are_never_turned_away() -> None:
    assert _outcomes(["update"] * 5, is_exempt=True) == ["served"] * 5


async def test_a_place_is_free_again_after_an_answer(clock: Clock) -> None:
    capacity = RequestQueue(clock, BUSY)
    for _ in range(10):
        await served(capacity.serve("update", "virtualmachines"))


async def test_leases_are_renewed_however_crowded_the_server_is(clock: Clock) -> None:
    profile = ServerProfile(workers=1, write=0.020, writes_in_flight=1)
    server = ApiServer(clock=clock, seed=1, profile=profile, guard=True)
    server.set_up()
    api = KubeApi(DirectTransport(server, Identity("tester", "tester", "tester/1")))

    async def create(resource: Resource) -> str:
        body = {"metadata": {"name": "one"}}
        try:
            await api.create(resource, body, namespace="default")
        except TooManyRequests:
            return "429"
        return "served"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(create(each)) for each in (SECRETS, CONFIG_MAPS, LEASES)]

    assert [task.result() for task in tasks] == ["served", "429", "served"]


async def test_whoever_is_turned_away_and_comes_back_is_served(clock: Clock) -> None:
    crowded = ServerProfile(workers=1, write=0.020, read=0.002, writes_in_flight=2)

    server = ApiServer(clock=clock, seed=1, profile=crowded, guard=True)
    server.set_up()
    someone = Identity("tester", "tester", "tester/1")
    api = KubeApi(DirectTransport(server, someone))
    refused = 0

    async def create(number: int) -> None:
        nonlocal refused
        body = {"metadata": {"name": f"map-{number}"}}
        while True:
            try:
                await api.create(CONFIG_MAPS, body, namespace="default")
            except TooManyRequests as error:
                refused += 1
                later_ns = int((error.retry_after_seconds or 0) * 1_000_000_000)
                await clock.sleep_until(clock.now_ns() + later_ns)
            else:
                return

    async with asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(create(number))
    found = await api.list_objects(CONFIG_MAPS)
    made = sum(item["metadata"]["name"].startswith("map-") for item in found.items)

    assert refused == 4 + 2
    assert made == 6


def _pod(name: str) -> dict[str, object]:
    spec = {"nodeName": "node", "containers": [{"name": "a", "image": "b"}]}
    return {"metadata": {"name": name}, "spec": spec}


async def test_a_deletion_takes_as_long_as_what_it_finds_to_do(clock: Clock) -> None:
    profile = ServerProfile(read=0.001, write=0.010, second_write=0.5)

    server = ApiServer(clock=clock, seed=1, profile=profile)
    server.set_up()
    api = KubeApi(DirectTransport(server, Identity("tester", "tester", "tester/1")))
    await api.create(PODS, _pod("one"), namespace="default")
    took: list[int] = []
    for grace in (None, None, 0, None):
        begun_ns = clock.now_ns()
        with contextlib.suppress(NotFound):
            await api.delete(PODS, "one", namespace="default", grace_period_seconds=grace)
        took.append((clock.now_ns() - begun_ns) // MILLISECOND)
    marked, marked_already, removed, gone = took

    assert (marked, marked_already, gone) == (10, 1, 1)
    assert removed == 15, "the pod's grace is taken first, then the pod"
