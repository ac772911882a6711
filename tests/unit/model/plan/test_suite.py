"""Suites: the order of kinds, repetitions that are added, and the rungs above another."""

from dataclasses import replace

from support.scenarios import scenario
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.suite import Order, PartStatus, SuitePart, SuiteRecord, Until, repeated

KINDS = ("vmi", "vm", "vmpool")


def stated() -> list[tuple[str, Scenario]]:
    return [
        (f"{test}-{kind}", scenario(kind, 20, test))
        for kind in KINDS
        for test in ("burst", "steady-state")
    ]


def kinds_of(parts: tuple[SuitePart, ...], repetition: int) -> list[str]:
    mine = [part.scenario.workload.kind.value for part in parts if part.repetition == repetition]
    return list(dict.fromkeys(mine))


def rung(rate: int, count: int = 20) -> tuple[str, Scenario]:
    load = {"churn": {"rate": f"{rate}/s", "duration": "30s"}}
    return f"churn-{rate}", scenario("vmi", count, "constant-churn", load=load)


def test_kinds_come_in_an_order_of_chance_that_the_seed_repeats() -> None:
    parts = repeated(stated(), 20, order=Order.RANDOM, order_seed=4)

    orders = [kinds_of(parts, number) for number in range(1, 21)]
    assert all(sorted(order) == sorted(KINDS) for order in orders)
    assert len({tuple(order) for order in orders}) == 6
    assert parts == repeated(stated(), 20, order=Order.RANDOM, order_seed=4)
    assert parts != repeated(stated(), 20, order=Order.RANDOM, order_seed=5)


def test_a_burst_comes_before_the_churn_of_its_kind_in_any_order() -> None:
    parts = repeated(stated(), 5, order=Order.RANDOM, order_seed=1)
    keys = [part.key for part in parts]

    for number in range(1, 6):
        for kind in KINDS:
            before, after = f"burst-{kind}-{number}", f"steady-state-{kind}-{number}"
            assert keys.index(before) < keys.index(after)


def test_a_suite_in_random_order_is_read_as_it_was_stated() -> None:
    suite = SuiteRecord("id", "suite", 1, repeated(stated(), 3, order=Order.RANDOM, order_seed=7))

    keys = [part.key for part in suite.as_stated()]

    assert keys == [f"{key}-{number}" for number in (1, 2, 3) for key, _ in stated()]


def test_added_repetitions_go_on_with_numbers_and_order() -> None:
    whole = repeated(stated(), 8, order=Order.RANDOM, order_seed=3)
    begun = repeated(stated(), 5, order=Order.RANDOM, order_seed=3)
    suite = SuiteRecord("id", "suite", 3, begun, order=Order.RANDOM, until=Until(0.05))

    assert suite.with_more(3).parts == whole
    assert suite.with_more(3).repetitions == 8


def test_a_suite_that_may_grow_numbers_its_first_repetition() -> None:
    assert [part.key for part in repeated([rung(2)], 1)] == ["churn-2"]
    assert [part.key for part in repeated([rung(2)], 1, is_open=True)] == ["churn-2-1"]


def test_rungs_above_are_those_of_the_same_ladder_and_repetition() -> None:
    others = [("other", rung(9, count=30)[1]), ("burst", scenario("vmi", 20, "burst"))]
    suite = SuiteRecord("id", "suite", 1, repeated([rung(1), rung(2), rung(5), *others], 2))
    of = {part.key: part for part in suite.parts}

    assert [part.key for part in suite.rungs_above(of["churn-2-1"])] == ["churn-5-1"]
    assert [part.key for part in suite.rungs_above(of["churn-1-2"])] == ["churn-2-2", "churn-5-2"]
    assert suite.rungs_above(of["burst-1"]) == []


def test_a_part_that_is_skipped_is_no_part_that_is_left() -> None:
    suite = SuiteRecord("id", "suite", 1, repeated([rung(1), rung(2)], 1))
    first, second = suite.parts
    suite = suite.with_part(replace(first, status=PartStatus.COMPLETE))

    assert suite.with_part(replace(second, status=PartStatus.SKIPPED)).is_complete
    assert not suite.is_complete
