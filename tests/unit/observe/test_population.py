"""The population: counts by phase, who replaced whom, and waiting without polling."""

import asyncio

from support.records import seen
from virtslo.base.clock import Clock, to_seconds
from virtslo.model.run.observations import Fact, Observation
from virtslo.observe.population import Population

SECOND = 1_000_000_000
VM = "VirtualMachine"


def apply(population: Population, *groups: list[Observation]) -> None:
    for group in groups:
        for observation in group:
            population.apply(observation)


async def test_each_vmi_is_counted_in_its_last_phase(clock: Clock) -> None:
    population = Population(clock)
    apply(population, seen("a", added=0, pending=1, running=2), seen("b", added=0, pending=1))

    assert population.counts() == {"Running": 1, "Pending": 1}
    assert population.running() == 1

    apply(population, seen("a", gone=3))

    assert population.counts() == {"Pending": 1, "gone": 1}
    assert population.running() == 0


async def test_whole_means_every_slot_has_one_that_runs(clock: Clock) -> None:
    population = Population(clock)
    is_whole = population.is_whole(frozenset({0, 1}), 2)
    apply(population, seen("a", index=0, running=0), seen("b", index=0, running=0))

    assert population.running() == 2
    assert not is_whole()

    apply(population, seen("c", index=1, running=1))

    assert is_whole()

    apply(population, seen("c", index=1, gone=2))

    assert not is_whole()


async def test_a_replacement_is_another_object_that_runs(clock: Clock) -> None:
    population = Population(clock)
    is_replaced = population.is_replaced(gone={"old"}, running=[("ns", "a")])
    apply(population, seen("a", uid="old", added=0, running=1))

    assert not is_replaced()

    apply(population, seen("a", uid="old", gone=2), seen("a", uid="new", added=3, pending=3))

    assert not is_replaced()

    apply(population, seen("a", uid="new", running=4))

    assert is_replaced()


async def test_what_an_object_owned_must_be_gone_too(clock: Clock) -> None:
    population = Population(clock)
    is_replaced = population.is_replaced(gone={"vm"}, running=[])
    apply(
        population,
        seen("m", uid="vm", kind=VM, added=0),
        seen("a", owner="vm", added=0, running=1),
        seen("m", uid="vm", kind=VM, gone=2),
    )

    assert not is_replaced()

    apply(population, seen("a", owner="vm", gone=3))

    assert is_replaced()


async def test_one_that_is_marked_for_deletion_does_not_last(clock: Clock) -> None:
    population = Population(clock)
    has_two = population.is_replaced(gone=(), running=(), members=2)
    apply(population, seen("a", added=0, running=1), seen("b", added=0, running=1))

    assert has_two()

    apply(population, seen("b", deleting=2))

    assert not has_two()


async def test_nothing_is_left_but_what_is_kept_and_what_it_owns(clock: Clock) -> None:
    population = Population(clock)
    apply(population, seen("m", uid="vm", kind=VM, added=0), seen("a", owner="vm", added=0))

    assert not population.is_gone()()
    assert population.is_gone(kept={"vm"})()
    assert not population.is_gone(kept={"uid-a"})()
    assert population.uid_of((VM, "ns", "m")) == "vm"

    apply(population, seen("a", owner="vm", gone=1), seen("m", uid="vm", kind=VM, gone=1))

    assert population.is_gone()()
    assert population.uid_of((VM, "ns", "m")) is None


async def test_the_warm_up_is_apart(clock: Clock) -> None:
    population = Population(clock)
    passed: tuple[tuple[Fact, str | None], ...] = (("added", None), ("phase", "Running"))
    for fact, phase in passed:
        population.apply(
            Observation(
                received_ns=0, fact=fact, kind="VirtualMachineInstance", namespace="ns", name="w",
                uid="w", phase=phase, stage="warm-up",
            )
        )  # fmt: skip

    assert population.running() == 0
    assert population.is_gone()()
    assert population.warm_up_is_running(1)()
    assert not population.warm_up_is_running(2)()
    assert not population.warm_up_is_gone()()


async def test_a_waiter_is_woken_by_the_change_and_not_before(clock: Clock) -> None:
    population = Population(clock)
    waiting = asyncio.ensure_future(
        population.wait_for(lambda: population.running() == 1, 60 * SECOND)
    )
    await asyncio.sleep(5)
    apply(population, seen("b", pending=5))
    await asyncio.sleep(2)

    assert not waiting.done()

    apply(population, seen("a", running=7))

    assert await waiting
    assert to_seconds(clock.now_ns()) == 7


async def test_a_waiter_gives_up_at_its_deadline(clock: Clock) -> None:
    population = Population(clock)

    assert not await population.wait_for(lambda: False, 9 * SECOND)
    assert to_seconds(clock.now_ns()) == 9
