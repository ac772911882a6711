"""Victims are slots of the plan, and starts follow the schedule."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from support.scenarios import scenario
from virtslo.load.churn import churn_schedule, churn_seconds

SECOND = 1_000_000_000


def steady(count: int = 20, kind: str = "vmi", **churn: Any) -> Any:
    given = scenario(kind, count, "steady-state", load={"churn": churn})
    return churn_schedule(given, Random("1:churn"))


def test_a_burst_has_no_churn_even_where_a_section_is_written() -> None:
    given = scenario(load={"churn": {"objects": 2}})

    assert churn_schedule(given, Random(1)) == ()
    assert churn_seconds(given) == 0.0


def test_the_default_is_five_cycles_of_five_percent_every_minute() -> None:
    given = scenario("vmi", 100, "steady-state")
    cycles = churn_schedule(given, Random(1))

    assert [cycle.start_ns // SECOND for cycle in cycles] == [0, 60, 120, 180, 240]
    assert {len(cycle.victims) for cycle in cycles} == {5}
    assert churn_seconds(given) == 300.0


@pytest.mark.parametrize("victims", ["random", "oldest", "newest"])
def test_no_slot_is_a_victim_twice_in_one_cycle(victims: str) -> None:
    for cycle in steady(10, objects=7, cycles=30, victims=victims):
        assert len(set(cycle.victims)) == 7
        assert set(cycle.victims) <= set(range(10))


def test_oldest_go_round_and_newest_are_always_the_last() -> None:
    oldest = steady(4, objects=3, cycles=2, victims="oldest")
    newest = steady(4, objects=2, cycles=2, victims="newest")

    assert [cycle.victims for cycle in oldest] == [(0, 1, 2), (3, 0, 1)]
    assert [cycle.victims for cycle in newest] == [(3, 2), (3, 2)]


def test_random_victims_repeat_with_the_seed_and_reach_everyone() -> None:
    assert steady(cycles=50) == steady(cycles=50)

    seen = Counter(slot for cycle in steady(cycles=200) for slot in cycle.victims)
    assert set(seen) == set(range(20))


def test_a_pools_members_are_victims_once() -> None:
    cycles = steady(20, "vmpool", objects=4, cycles=5)
    seen = [slot for cycle in cycles for slot in cycle.victims]

    assert sorted(seen) == list(range(20))


def test_within_a_cycle_the_arrival_process_says_when() -> None:
    given = scenario(
        "vmi",
        20,
        "steady-state",
        load={
            "churn": {"objects": 3, "cycles": 2, "every": "10s"},
            "arrival": {"process": "constant", "rate": "1/s"},
        },
    )

    cycles = churn_schedule(given, Random(1))

    assert cycles[1].offsets_ns == (10 * SECOND, 11 * SECOND, 12 * SECOND)


@pytest.mark.parametrize("victims", ["random", "oldest", "newest"])
def test_constant_churn_is_one_long_cycle_at_its_rate(victims: str) -> None:
    churn = {"rate": "2/s", "duration": "30s", "victims": victims}
    given = scenario("vmi", 10, "constant-churn", load={"churn": churn})
    (cycle,) = churn_schedule(given, Random(1))

    assert len(cycle.victims) == 60
    assert cycle.offsets_ns[:3] == (0, SECOND // 2, SECOND)
    assert churn_seconds(given) == 30.0
