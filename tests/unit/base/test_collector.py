"""The garbage collector's thresholds: raised for a time, and given back."""

import gc

import pytest

from virtslo.base.collector import THRESHOLDS, seldom_collecting


def test_thresholds_are_raised_for_the_time_of_the_context() -> None:
    before = gc.get_threshold()
    with seldom_collecting():
        during = gc.get_threshold()

    assert during == THRESHOLDS
    assert gc.get_threshold() == before


def test_thresholds_are_given_back_after_a_failure() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="failed"), seldom_collecting():
        raise ValueError("failed")

    assert gc.get_threshold() == before
