"""Lines of plots: exact where they are drawn, thinned by their own points."""

from hypothesis import given
from hypothesis import strategies as st

from virtslo.model.report.run_detail import ObjectTrack
from virtslo.report.charts.plot_series import (
    distribution,
    highest,
    histogram,
    moments_of,
    nice_step,
    rates,
    stays_of,
    thinned,
)


def track(deleted: float | None = None, **phases: float) -> ObjectTrack:
    return ObjectTrack(
        namespace="ns", name="vmi", uid="uid", index=0, node=None, owner=None, stage="ramp_up",
        cycle=None, intended=0.0, released=0.0, added=0.0, phases=phases, ready=None,
        owner_added=None, owner_ready=None, deleting=None, deleted=deleted,
    )  # fmt: skip


def test_a_population_is_exact_at_each_moment() -> None:
    objects = [track(Pending=1.0, Running=3.0), track(9.0, Pending=2.0, Running=3.0)]

    counts = stays_of(objects).population([0.0, 1.0, 2.5, 3.0, 9.0])

    assert counts == {"Pending": [0, 1, 2, 0, 0], "Running": [0, 0, 0, 2, 1]}


def test_the_most_at_once_is_exact_whatever_is_drawn() -> None:
    objects = [track(Pending=1.0, Running=1.0001), track(Pending=1.00005, Running=2.0)]

    assert stays_of(objects).most_at_once() == {"Pending": 2, "Running": 2}


def test_rates_count_every_event_once() -> None:
    curve = rates([0.0, 0.5, 1.0, 3.99, 4.0], 0.0, 4.0, 1.0)

    assert curve.y == (2.0, 1.0, 0.0, 2.0)
    assert curve.x == (0.5, 1.5, 2.5, 3.5)


def test_a_distribution_that_lost_some_stops_below_all() -> None:
    curve = distribution([1.0, 2.0], 4)

    assert (curve.x, curve.y) == ((1.0, 1.0, 2.0), (0.0, 0.25, 0.5))


def test_a_histogram_holds_every_sample() -> None:
    curve, step = histogram([0.0, 1.0, 2.0, 10.0])

    assert sum(curve.y) == 4
    assert step > 0


def test_moments_keep_those_that_are_wanted() -> None:
    moments = moments_of(0.0, 10.0, [3.3333, 42.0])

    assert 3.3333 in moments
    assert 42.0 not in moments
    assert (moments[0], moments[-1]) == (0.0, 10.0)


def test_the_highest_point_of_a_bin_is_kept() -> None:
    points = [(float(n), 1.0) for n in range(1000)]
    points[567] = (567.0, 99.0)

    curve = highest(points, 10)

    assert len(curve.x) == 10
    assert 99.0 in curve.y


@given(st.floats(1e-6, 1e6))
def test_a_nice_step_is_never_too_small(least: float) -> None:
    step = nice_step(least)

    assert least * (1 - 1e-6) <= step <= least * 10


@given(st.integers(0, 5000), st.integers(2, 400))
def test_thinning_keeps_both_ends(count: int, most: int) -> None:
    places = thinned(count, most)

    assert len(places) <= max(most, 0)
    assert places == sorted(set(places))
    if count:
        assert (places[0], places[-1]) == (0, count - 1)
