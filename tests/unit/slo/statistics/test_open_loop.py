"""An open-loop load: what was offered, what came of it, and whether the system kept up."""

import pytest

from virtslo.slo.statistics.open_loop import Pace, pace_of


def load(
    rate: float, seconds: float, *, takes: float = 5.0, capacity: float | None = None
) -> Pace | None:
    """Objects at a constant rate, each Running after a time, and served at a capacity."""
    intended = [number / rate for number in range(int(rate * seconds))]
    running: list[float | None] = []
    free = 0.0
    for moment in intended:
        free = max(free, moment) if capacity is None else max(free, moment) + 1 / capacity
        running.append(free + takes)
    return pace_of(intended, [moment + 0.01 for moment in intended], running)


def test_a_system_that_is_fast_enough_keeps_up() -> None:
    pace = load(2.0, 60.0, capacity=9.0)

    assert pace is not None
    assert pace.offered == pytest.approx(2.0, rel=0.05)
    assert pace.running == pytest.approx(2.0, rel=0.05)
    assert pace.accepted == pytest.approx(2.0, rel=0.05)
    assert pace.backlog_slope == pytest.approx(0.0, abs=0.1)
    assert pace.kept_up is True


@pytest.mark.parametrize("count", [99, 100, 101])
def test_a_constant_rate_is_offered_at_that_rate(count: int) -> None:
    pace = load(5.0, count / 5.0)

    assert pace is not None
    assert pace.offered == pytest.approx(5.0)


def test_a_system_that_is_too_slow_falls_behind_by_the_difference() -> None:
    pace = load(20.0, 60.0, capacity=9.0)

    assert pace is not None
    assert pace.running == pytest.approx(9.0, rel=0.05)
    assert pace.backlog_slope == pytest.approx(11.0, rel=0.05)
    assert pace.kept_up is False


def test_a_load_that_ends_before_its_first_objects_run_is_too_short_to_tell() -> None:
    pace = load(20.0, 10.0, takes=20.0)

    assert pace is not None
    assert pace.kept_up is None


def test_few_objects_tell_nothing() -> None:
    pace = load(0.5, 60.0)

    assert pace is not None
    assert pace.kept_up is None


def test_objects_that_never_run_are_not_forgotten() -> None:
    intended = [number / 2 for number in range(120)]

    pace = pace_of(intended, intended, [None] * 120)

    assert pace is not None
    assert pace.running == 0
    assert pace.kept_up is False


def test_few_objects_that_never_run_tell_nothing_of_running_either() -> None:
    intended = [number * 5.0 for number in range(6)]

    pace = pace_of(intended, intended, [5.0, *[None] * 5])

    assert pace is not None
    assert pace.kept_up is None
    assert not pace.has_come_through


def test_many_objects_that_never_run_have_a_rate_of_none() -> None:
    intended = [number / 2 for number in range(120)]

    pace = pace_of(intended, intended, [None] * 120)

    assert pace is not None
    assert pace.has_come_through


def test_a_load_without_length_has_no_pace() -> None:
    assert pace_of([], [], []) is None
    assert pace_of([1.0, 1.0], [1.0], [2.0, None]) is None


def test_what_came_before_a_pause_is_not_of_the_second_half() -> None:
    first = [number / 10 for number in range(100)]
    second = [600.0 + number / 10 for number in range(100)]

    pace = pace_of(
        [*first, *second], [*first, *second], [*(at + 60 for at in first), *[None] * 100]
    )

    assert pace is not None
    assert pace.running == 0
    assert pace.kept_up is False


def test_a_load_that_ends_before_its_objects_run_tells_nothing_of_running() -> None:
    pace = load(5.0, 12.0, takes=20.0)

    assert pace is not None
    assert pace.kept_up is None
    assert not pace.has_come_through
