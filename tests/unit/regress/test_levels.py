"""Levels between changes, and the interval of a median."""

from math import comb

import numpy as np
import pytest

from support.series import change_at
from virtslo.regress.levels import level_of, levels_of, median_interval


@pytest.mark.parametrize("count", range(6, 40))
def test_the_interval_of_a_median_is_the_narrowest_that_covers_95_percent(count: int) -> None:
    found = median_interval(np.arange(1, count + 1, dtype=float))

    assert found is not None
    rank = int(found[0])
    outside = [2 * sum(comb(count, k) for k in range(r)) / 2**count for r in (rank, rank + 1)]
    assert outside[0] <= 0.05 < outside[1]
    assert found[1] == count + 1 - rank


def test_a_long_series_has_the_interval_of_the_exact_one_to_a_rank() -> None:
    exact = median_interval(np.arange(1, 201, dtype=float))
    long = median_interval(np.arange(1, 202, dtype=float))

    assert exact is not None
    assert long is not None
    assert abs(exact[0] - long[0]) <= 1


def test_below_six_runs_there_is_no_interval() -> None:
    assert level_of(np.ones(5), range(5)).interval is None


def test_levels_lie_between_the_changes_by_the_runs_indices() -> None:
    values = np.array([1.0] * 8 + [2.0] * 7)
    indices = [*range(0, 16, 2), *range(20, 27)]

    first, second = levels_of(values, indices, [change_at(20)])

    assert (first.first, first.last, first.median, first.runs) == (0, 14, 1.0, 8)
    assert (second.first, second.last, second.median, second.runs) == (20, 26, 2.0, 7)


def test_a_series_without_values_has_no_level() -> None:
    assert levels_of(np.array([]), [], []) == []
