"""A search brackets any capacity, begins low, and never exceeds what is allowed."""

from hypothesis import given
from hypothesis import strategies as st

from virtslo.app.search.controller import (
    Ended,
    Limits,
    bounds_of,
    conditional_of,
    next_load,
    verdict_of,
)
from virtslo.model.whatif.search import Goal, Trial, TrialOutcome

GOOD, BAD, VOID = TrialOutcome.GOOD, TrialOutcome.BAD, TrialOutcome.VOID


def trial(load: float, outcome: TrialOutcome, *, lost: int = 0) -> Trial:
    return Trial(load, outcome, objects=100, lost=lost)


def searched(capacity: float, goal: Goal, limits: Limits) -> tuple[list[Trial], Ended]:
    """Every trial of a plane that holds up to a capacity."""
    trials: list[Trial] = []
    while not isinstance(load := next_load(trials, goal, limits), Ended):
        trials.append(trial(load, GOOD if load <= capacity else BAD))
        assert len(trials) < 200
    return trials, load


@given(
    capacity=st.floats(0.01, 5000),
    width=st.floats(0.005, 0.5),
    start=st.floats(0.1, 50),
    trials=st.integers(1, 4),
)
def test_any_capacity_is_bracketed(
    capacity: float, width: float, start: float, trials: int
) -> None:
    goal = Goal(width=width, trials=trials)
    limits = Limits(start, least=start / 64, most=1000.0)
    done, ended = searched(capacity, goal, limits)
    bounds = bounds_of(done, goal)

    assert all(item.load <= limits.most for item in done)
    if bounds.last_good is not None:
        assert bounds.last_good <= capacity
    if bounds.first_bad is not None:
        assert bounds.first_bad > capacity
    if ended is Ended.BRACKETED:
        assert bounds.last_good is not None
        assert bounds.first_bad is not None
        assert bounds.first_bad / bounds.last_good - 1 <= width + 2e-3
    elif ended is Ended.AT_MOST:
        assert bounds.last_good == limits.most
    else:
        assert ended is Ended.AT_LEAST
        assert capacity < limits.least * 1.001


@given(capacity=st.floats(0.01, 5000), start=st.floats(0.1, 50))
def test_a_load_is_at_most_twice_one_that_was_good(capacity: float, start: float) -> None:
    done, _ = searched(capacity, Goal(), Limits(start, start / 64, 1000.0))

    for place, item in enumerate(done[1:], start=1):
        good = [before.load for before in done[:place] if before.outcome is GOOD]
        assert item.load <= max([start, *(2 * load for load in good)]) * 1.001


@given(capacity=st.integers(1, 3000))
def test_whole_loads_stay_whole(capacity: int) -> None:
    goal = Goal(width=0.01)
    done, ended = searched(float(capacity), goal, Limits(20, 1, 5000, whole=True))

    assert all(item.load == int(item.load) for item in done)
    assert ended is Ended.BRACKETED
    bounds = bounds_of(done, goal)
    assert bounds.first_bad is not None
    assert bounds.last_good is not None
    assert bounds.first_bad - bounds.last_good <= max(1.0, 0.011 * bounds.last_good)


def test_a_void_trial_is_repeated_and_three_end_the_search() -> None:
    goal, limits = Goal(), Limits(1.0, 0.1, 10.0)

    assert next_load([trial(1.0, VOID)], goal, limits) == 1.0
    assert next_load([trial(1.0, VOID), trial(1.0, GOOD)], goal, limits) == 2.0
    assert next_load([trial(1.0, VOID)] * 3, goal, limits) is Ended.VOID


def test_of_several_trials_half_may_be_bad() -> None:
    goal = Goal(trials=4)

    assert verdict_of(1.0, [trial(1.0, BAD)] * 2, goal) is None
    assert verdict_of(1.0, [trial(1.0, BAD)] * 3, goal) is BAD
    assert verdict_of(1.0, [trial(1.0, GOOD)] * 2, goal) is GOOD
    assert verdict_of(1.0, [trial(1.0, BAD)], Goal()) is BAD


def test_a_good_load_above_a_bad_one_is_no_bound() -> None:
    trials = [trial(1.0, GOOD), trial(2.0, BAD), trial(3.0, GOOD)]
    bounds = bounds_of(trials, Goal())

    assert (bounds.last_good, bounds.first_bad) == (1.0, 2.0)


def test_the_conditional_load_is_less_what_was_lost() -> None:
    trials = [trial(10.0, GOOD, lost=2), trial(20.0, BAD, lost=50)]
    goal = Goal(loss_ratio=0.05)

    assert conditional_of(trials, bounds_of(trials, goal)) == 9.8
    assert conditional_of([trial(20.0, BAD)], bounds_of([trial(20.0, BAD)], goal)) is None
