"""Whether a difference is surely smaller than one that matters."""

import numpy as np
import pytest

from virtslo.model.history.runs import SeriesKey
from virtslo.regress.margins import is_small, ratio_by_ranks

TIME = SeriesKey("vmi", "creation_to_running_seconds", "p95")
CALLS = SeriesKey("vmi", "rest_calls_patch_pods", "per_object")
TOTAL = SeriesKey("vmi", "PATCH-pods-count", "")


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((0.96, 1.04), True),
        ((0.96, 1.05), False),
        ((0.951, 1.0), False),
        ((1 / 1.0499, 1.0), True),
        (None, False),
    ],
)
def test_only_an_interval_within_the_wanted_difference_is_small(
    interval: tuple[float, float] | None, *, expected: bool
) -> None:
    values = np.array([20.0, 20.5])

    assert is_small(TIME, "s", (values, values), interval, 0.05) is expected


@pytest.mark.parametrize(
    ("old", "new", "interval", "expected"),
    [
        ([60.0, 60.2], [61.0, 61.2], (1.016, 1.018), False),
        ([60.0, 60.2], [60.3, 60.5], (1.001, 1.009), True),
        ([60.0, 60.2], [60.3, 60.5], (0.99, 1.02), False),
        ([60.0, 60.0], [60.5, 60.5], (1.008, 1.008), False),
        ([60.0, 60.0], [60.0, 60.0], (1.0, 1.0), True),
    ],
)
def test_a_count_per_object_is_small_short_of_a_call_of_every_object(
    old: list[float], new: list[float], interval: tuple[float, float], *, expected: bool
) -> None:
    sides = (np.array(old), np.array(new))

    assert is_small(CALLS, "requests", sides, interval, 0.05) is expected


def test_a_count_of_a_whole_run_is_small_like_anything_else_unless_no_run_differs() -> None:
    noisy = np.array([300.0, 301.0]), np.array([302.0, 303.0])
    exact = np.array([300.0, 300.0]), np.array([302.0, 302.0])

    assert is_small(TOTAL, "calls", noisy, (1.003, 1.01), 0.05)
    assert not is_small(TOTAL, "calls", exact, (1.006, 1.006), 0.05)


def test_the_interval_by_ranks_holds_the_ratio_in_95_of_100_cases() -> None:
    chance = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        old = np.maximum(0, chance.normal(20, 8, 25))
        found = ratio_by_ranks(old, np.maximum(0, chance.normal(22, 8, 25)))
        assert found is not None
        held += found[0] <= 1 + 2 / float(np.median(old)) <= found[1]

    assert 0.92 <= held / 400 <= 0.98


def test_a_median_of_0_has_no_ratio() -> None:
    assert ratio_by_ranks(np.array([0.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0])) is None
