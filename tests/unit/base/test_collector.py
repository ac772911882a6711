"""The garbage collector's thresholds: raised for a time and given back, or raised for good."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from virtslo.base.collector import OF_SIMULATIONS, THRESHOLDS, Collecting


class Node:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before, was_frozen = gc.get_threshold(), gc.get_freeze_count() > 0
    yield
    gc.set_threshold(*before)
    gc.enable()
    gc.unfreeze()
    if was_frozen:
        gc.freeze()


def test_thresholds_are_raised_for_the_time_of_a_simulation() -> None:
    before = gc.get_threshold()
    with Collecting().for_a_simulation():
        during = gc.get_threshold()

    assert during == OF_SIMULATIONS
    assert gc.get_threshold() == before


def test_thresholds_are_given_back_after_a_failure() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="failed"), Collecting().for_a_simulation():
        raise ValueError("failed")

    assert gc.get_threshold() == before


def test_a_process_that_is_a_command_keeps_them_raised() -> None:
    collecting = Collecting()
    collecting.be_seldom()
    assert gc.get_threshold() == THRESHOLDS

    with collecting.for_a_simulation():
        pass

    assert gc.get_threshold() == OF_SIMULATIONS


def test_what_an_earlier_simulation_left_is_given_back_before_the_next() -> None:
    collecting = Collecting()
    collecting.be_seldom()
    gc.collect()
    with collecting.for_a_simulation():
        cycle = weakref.ref(Node())
        many: list[list[int]] = [[] for _ in range(THRESHOLDS[0] + 1000)]

    with collecting.for_a_simulation():
        is_left = cycle() is not None

    assert many
    assert not is_left


def test_thresholds_are_raised_for_the_time_of_a_report() -> None:
    before = gc.get_threshold()
    with Collecting().for_a_report():
        during = gc.get_threshold()

    assert during == OF_SIMULATIONS
    assert gc.get_threshold() == before


@pytest.mark.parametrize("is_command", [False, True])
def test_only_a_command_keeps_what_it_ends_with(is_command: bool) -> None:
    collecting = Collecting()
    if is_command:
        collecting.be_seldom()
    large = Node()
    is_there = weakref.ref(large)

    collecting.keep(large)
    large.__dict__.clear()
    del large

    assert (is_there() is not None) == is_command


def test_at_its_end_a_process_looks_for_no_cycles() -> None:
    Collecting().end()

    assert not gc.isenabled()
    assert gc.get_freeze_count() > 0
