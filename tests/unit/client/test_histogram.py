"""A histogram counts into the first bucket that an observation does not exceed."""

from virtslo.client.histogram import Histogram, exponential_bounds


def test_an_observation_on_a_bound_belongs_to_it() -> None:
    histogram = Histogram((1.0, 2.0))
    for seconds in (0.5, 1.0, 1.5, 2.0, 3.0):
        histogram.observe(seconds)

    assert list(histogram.buckets()) == [(1.0, 2), (2.0, 4), (float("inf"), 5)]
    assert (histogram.count, histogram.total) == (5, 8.0)


def test_no_time_at_all_falls_into_the_first_bucket() -> None:
    histogram = Histogram((1.0, 2.0))
    for seconds in (0.0, 0, 1.5):
        histogram.observe(seconds)

    assert list(histogram.buckets()) == [(1.0, 2), (2.0, 3), (float("inf"), 3)]
    assert (histogram.count, histogram.total) == (3, 1.5)


def test_exponential_bounds_grow_by_their_factor() -> None:
    assert exponential_bounds(0.5, 2, 3) == (0.5, 1.0, 2.0)
