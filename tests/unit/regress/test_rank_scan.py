"""Rank statistics, against SciPy and against what can be worked out on paper."""

import numpy as np
import pytest
from scipy import stats

from virtslo.regress.rank_scan import (
    best_split,
    best_splits,
    ranks,
    statistics,
    superiority,
)


def test_ranks_are_mid_ranks_around_0() -> None:
    values = np.array([3.0, 1.0, 3.0, 2.0])

    assert list(ranks(values)) == [1.0, -1.5, 1.0, -0.5]
    assert list(ranks(values) + 2.5) == list(stats.rankdata(values))


def test_the_statistic_is_the_tie_corrected_one_of_mann_and_whitney() -> None:
    chance = np.random.default_rng(1)
    values = np.round(chance.normal(size=60), 1)
    values[25:] += 1

    z = statistics(values)[25]

    expected = stats.mannwhitneyu(
        values[25:], values[:25], method="asymptotic", use_continuity=False
    ).pvalue
    assert 2 * stats.norm.sf(abs(z)) == pytest.approx(expected, rel=1e-9)
    assert z > 0


def test_constant_values_have_no_statistic() -> None:
    assert list(statistics(np.full(20, 111.1))) == [0.0] * 20


def test_stretches_of_one_size_are_split_as_each_alone() -> None:
    values = np.round(np.random.default_rng(2).normal(size=80), 1)

    together = best_splits(values, (0, 17, 40), 40, least=5)

    for start, split in zip((0, 17, 40), together, strict=True):
        alone = best_split(values[start : start + 40], least=5)
        assert alone is not None
        assert split.at == start + alone.at
        assert split.z == pytest.approx(alone.z)


@pytest.mark.parametrize(
    ("after", "expected"), [([4.0, 5.0], 1.0), ([0.0], -1.0), ([2.0], 0.0), ([1.0, 3.0], 0.0)]
)
def test_superiority_runs_from_minus_1_to_1(after: list[float], expected: float) -> None:
    assert superiority(np.array([1.0, 2.0, 3.0]), np.array(after)) == expected
