"""How many VMIs could be relied on: steps that can be drawn on paper, and what is under them."""

from support.records import VM, seen
from virtslo.model.run.observations import Observation
from virtslo.slo.record.running_population import RunningPopulation, running_population_of

SECOND = 1_000_000_000
STEPS = RunningPopulation([10, 20, 30, 40], [1, 3, 2, 4])
"""1 from 10 on, 3 from 20 on, 2 from 30 on, 4 from 40 on."""


def of(*groups: list[Observation]) -> RunningPopulation:
    facts = sorted((fact for group in groups for fact in group), key=lambda it: it.received_ns)
    return running_population_of(facts)


def test_a_step_counts_from_its_moment_on() -> None:
    assert [STEPS.at(moment) for moment in (0, 9, 10, 19, 20, 30, 40, 99)] == [
        0, 0, 1, 1, 3, 2, 4, 4,
    ]  # fmt: skip


def test_the_first_moment_with_enough() -> None:
    assert STEPS.first_at_least(3, 0, 100) == 20
    assert STEPS.first_at_least(3, 25, 100) == 25, "enough already"
    assert STEPS.first_at_least(3, 30, 100) == 40
    assert STEPS.first_at_least(3, 30, 39) is None
    assert STEPS.first_at_least(5, 0, 100) is None


def test_the_first_moment_with_few() -> None:
    assert STEPS.first_at_most(2, 20, 100) == 30
    assert STEPS.first_at_most(2, 0, 100) == 0, "few already"
    assert STEPS.first_at_most(1, 20, 100) is None


def test_what_was_missing_is_an_area() -> None:
    # of 3 wanted: 3 missing for 10, 2 for 10, none for 10, 1 for 10, none from 40 on
    assert STEPS.missing_ns(3, 0, 50) == 30 + 20 + 0 + 10 + 0
    assert STEPS.missing_ns(3, 15, 35) == 2 * 5 + 0 + 1 * 5
    assert STEPS.missing_ns(3, 40, 90) == 0


def test_a_vmi_counts_from_running_to_its_mark_for_deletion() -> None:
    found = of(
        seen("a", added=0, pending=1, running=2, deleting=5, gone=8),
        seen("b", added=0, running=3, failed=6),
    )

    assert [moment // SECOND for moment in found.moments_ns] == [2, 3, 5, 6]
    assert list(found.counts) == [1, 2, 1, 0]


def test_changes_of_one_moment_are_one_step() -> None:
    found = of(seen("a", running=2), seen("b", running=2), seen("c", running=2))

    assert (list(found.moments_ns), list(found.counts)) == ([2 * SECOND], [3])


def test_one_that_is_marked_does_not_count_again_and_other_kinds_never_do() -> None:
    found = of(
        seen("a", running=1, deleting=2),
        seen("a", running=3),
        seen("m", kind=VM, running=1),
    )

    assert found.at(10 * SECOND) == 0
    assert max(found.counts) == 1
