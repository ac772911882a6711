"""Lines of a cost card: exact counts, counts with chance in them, measurements."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from virtslo.model.cost.card import CostKey, CostPart, CostRow, CostRun, CostValue, CostVerdict
from virtslo.regress.cost_card import cost_rows, precision_of

OBJECTS = 50
PATCH = CostKey(CostPart.CREATED, "virt-controller", "PATCH pods 200", "calls per VMI")
OTHER = CostKey(CostPart.CREATED, "virt-controller", "PATCH pods 422", "calls per VMI")
CPU = CostKey(CostPart.CREATED, "virt-api", "processor time", "seconds per VMI")


def calls(amount: float, objects: int = OBJECTS) -> CostValue:
    return CostValue(amount, objects, is_count=True, is_per_object=True)


def run(values: dict[CostKey, CostValue]) -> CostRun:
    return CostRun("run", OBJECTS, values, "audit log")


def row_of(key: CostKey, base: Sequence[CostValue], candidate: Sequence[CostValue]) -> CostRow:
    rows = cost_rows([run({key: each}) for each in base], [run({key: each}) for each in candidate])
    (row,) = [row for row in rows if row.key == key]
    return row


def test_one_more_call_of_every_object_is_exactly_that() -> None:
    row = row_of(PATCH, [calls(50), calls(50)], [calls(100), calls(100)])

    assert row.is_exact
    assert row.verdict is CostVerdict.MORE
    assert row.interval == (1.0, 1.0)


def test_one_run_a_side_is_enough_for_an_exact_count() -> None:
    assert row_of(PATCH, [calls(50)], [calls(50)]).verdict is CostVerdict.NONE
    assert row_of(PATCH, [calls(100)], [calls(50)]).verdict is CostVerdict.LESS


def test_few_objects_can_agree_by_chance() -> None:
    row = row_of(PATCH, [calls(3, 3)] * 2, [calls(6, 3)] * 2)

    assert not row.is_exact


def test_a_call_that_only_one_side_makes_is_none_on_the_other() -> None:
    base = [run({PATCH: calls(50)}), run({PATCH: calls(50)})]
    candidate = [run({PATCH: calls(50), OTHER: calls(50)}) for _ in range(2)]

    (row,) = [row for row in cost_rows(base, candidate) if row.key == OTHER]

    assert row.base == 0
    assert row.difference == 1
    assert row.is_exact


def test_calls_that_were_not_read_are_no_data_and_never_none() -> None:
    """A component without pods on one side would else be one that costs less."""
    base = [run({PATCH: calls(50)}), run({PATCH: calls(50)})]
    unread = replace(run({}), unknown=frozenset({(CostPart.CREATED, "virt-controller")}))

    assert cost_rows(base, [unread, unread]) == ()
    (row,) = cost_rows(base, [unread, run({PATCH: calls(50)})])
    assert row.verdict is CostVerdict.NONE


def test_runs_that_happen_to_agree_do_not_make_a_finding_of_a_few_calls() -> None:
    row = row_of(PATCH, [calls(1), calls(1)], [calls(3), calls(3)])

    assert row.verdict is CostVerdict.NONE
    assert row.hidden is not None
    assert row.hidden > 0.04


def test_a_large_difference_of_uneven_counts_is_found() -> None:
    row = row_of(PATCH, [calls(101), calls(99), calls(102)], [calls(199), calls(203), calls(201)])

    assert not row.is_exact
    assert row.verdict is CostVerdict.MORE
    assert row.interval is not None
    assert row.interval[0] < 2 < row.interval[1]


def test_a_measurement_needs_two_runs_a_side() -> None:
    assert row_of(CPU, [CostValue(0.1)], [CostValue(0.9)]).verdict is CostVerdict.CANNOT_TELL
    row = row_of(CPU, [CostValue(0.100), CostValue(0.101), CostValue(0.1005)],
                 [CostValue(0.9), CostValue(0.91), CostValue(0.905)])  # fmt: skip
    assert row.verdict is CostVerdict.MORE


def test_a_step_of_the_clock_is_no_finding() -> None:
    base, candidate = (
        [CostValue(value, resolution=0.0005) for value in values]
        for values in ((0.0115, 0.0115), (0.0120, 0.0120))
    )

    assert row_of(CPU, base, candidate).verdict is CostVerdict.NONE


def test_one_stored_event_more_in_each_of_two_runs_is_no_finding() -> None:
    events = CostKey(CostPart.STORED, "events", "stored objects", "per VMI")

    one_more = row_of(events, [calls(121, 30)] * 2, [calls(120, 30)] * 2)
    one_for_each = row_of(events, [calls(120, 30)] * 2, [calls(150, 30)] * 2)

    assert one_more.verdict is CostVerdict.NONE
    assert one_for_each.verdict is CostVerdict.MORE
    assert one_for_each.is_exact


def test_a_measurement_that_a_side_lacks_is_no_line() -> None:
    rows = cost_rows([run({CPU: CostValue(1.0)})] * 2, [run({PATCH: calls(50)})] * 2)

    assert CPU not in {row.key for row in rows}


def test_precision_is_half_the_widest_interval_of_a_unit() -> None:
    rows = cost_rows([run({PATCH: calls(49)}), run({PATCH: calls(51)})],
                     [run({PATCH: calls(50)}), run({PATCH: calls(50)})])  # fmt: skip
    (row,) = rows
    assert row.interval is not None

    assert precision_of(rows) == {"calls per VMI": pytest.approx(row.interval[1])}


def test_equal_sides_give_a_finding_in_at_most_one_card_of_twenty() -> None:
    """200 cards of 40 lines with noise of several kinds; the bound has three errors to spare."""
    chance = random.Random(19)
    found = 0
    for _ in range(200):
        sides = [[run(noisy(chance)) for _ in range(2)] for _ in range(2)]
        rows = cost_rows(*sides)
        found += any(row.verdict in {CostVerdict.MORE, CostVerdict.LESS} for row in rows)

    assert found / 200 < 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5


def noisy(chance: random.Random) -> dict[CostKey, CostValue]:
    """Counts of rare calls, of merged calls, exact ones, and measurements."""
    found: dict[CostKey, CostValue] = {}
    for number in range(10):
        part = CostPart.CREATED
        found[CostKey(part, "a", f"rare {number}", "calls per VMI")] = calls(
            sum(chance.random() < 0.01 * (number + 1) for _ in range(OBJECTS))
        )
        found[CostKey(part, "a", f"merged {number}", "calls per VMI")] = calls(
            sum(chance.choice((1, 2, 3)) for _ in range(OBJECTS))
        )
        found[CostKey(part, "a", f"exact {number}", "calls per VMI")] = calls(OBJECTS * number)
        found[CostKey(part, "a", f"measured {number}", "seconds per VMI")] = CostValue(
            chance.lognormvariate(0, 0.1)
        )
    return found
