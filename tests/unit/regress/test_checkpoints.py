"""Change points found run by run are those found all at once."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtslo.model.history.checkpoints import Candidate, Checkpoint, CheckpointKey, KeptCheckpoint
from virtslo.model.history.runs import SeriesKey
from virtslo.regress.checkpoints import Checkpoints, parameters_of
from virtslo.regress.rank_scan import Array
from virtslo.regress.segments import DEFAULT, Sensitivity, advance, change_points, points_of

KEY = CheckpointKey(SeriesKey("vmi", "x", ""), "level")


def series(seed: int, count: int, shape: str) -> Array:
    """Levels of random lengths with noise of a kind."""
    chance = np.random.default_rng(seed)
    steps = np.zeros(count)
    for at in chance.integers(0, count, size=int(chance.integers(0, 8))):
        steps[at:] += chance.normal(0, 0.3)
    noise = {
        "normal": chance.normal(0, 0.1, count),
        "heavy": 0.05 * chance.standard_t(2, count),
        "wave": 0.2 * np.sin(np.arange(count) / 9) + chance.normal(0, 0.02, count),
        "whole": np.zeros(count),
    }[shape]
    found: Array = 10 * np.exp(steps + noise)
    return np.round(found) if shape == "whole" else found


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 520),
    shape=st.sampled_from(["normal", "heavy", "wave", "whole"]),
    cuts=st.lists(st.integers(0, 520), max_size=3),
)
def test_values_that_come_in_parts_give_what_they_give_at_once(
    seed: int, count: int, shape: str, cuts: list[int]
) -> None:
    values = series(seed, count, shape)
    known = Checkpoint()
    for cut in sorted({*cuts, count}):
        known = advance(values[:cut], known)

    assert points_of(values, known) == change_points(values)
    assert known == advance(values, Checkpoint())


@pytest.mark.parametrize("shape", ["heavy", "wave"])
def test_a_history_that_grows_run_by_run_has_the_change_points_of_a_full_computation(
    shape: str,
) -> None:
    values = series(3, 480, shape)
    keep: dict[CheckpointKey, KeptCheckpoint] = {}
    for count in range(388, 428, 6):
        kept = Checkpoints(keep)

        assert kept.change_points(KEY, values[:count], DEFAULT) == change_points(values[:count])
        keep |= kept.fresh


@pytest.mark.parametrize("at", [0, 150, 399])
def test_a_checkpoint_of_other_values_is_not_used(at: int) -> None:
    values = series(5, 400, "normal")
    before = Checkpoints()
    before.change_points(KEY, values[:390], DEFAULT)
    values[at] *= 3
    values[at : at + 60] *= 2
    after = Checkpoints(before.fresh)

    assert after.change_points(KEY, values, DEFAULT) == change_points(values)


def test_a_checkpoint_of_other_thresholds_is_not_used() -> None:
    values = series(5, 400, "normal")
    strict = Sensitivity(threshold=9.0)
    before = Checkpoints()
    before.change_points(KEY, values, strict)
    after = Checkpoints(before.fresh)

    assert after.change_points(KEY, values, DEFAULT) == change_points(values)
    assert parameters_of(strict) != parameters_of(DEFAULT)


def test_a_settled_change_point_stays_whatever_comes() -> None:
    values = np.concatenate([series(1, 200, "normal"), 2 * series(1, 700, "normal")])
    early = [at for at in change_points(values[:600]) if at <= 300]
    values[600:] = np.random.default_rng(2).normal(1000, 300, 300)

    assert [at for at in change_points(values) if at <= 300] == early
    assert early


def test_a_checkpoint_is_made_again_only_when_it_has_seen_more() -> None:
    values = series(2, 450, "normal")
    first = Checkpoints()
    first.change_points(KEY, values[:440], DEFAULT)
    same, later = Checkpoints(first.fresh), Checkpoints(first.fresh)
    same.change_points(KEY, values[:441], DEFAULT)
    later.change_points(KEY, values[:450], DEFAULT)

    assert list(first.fresh) == [KEY]
    assert same.fresh == {}
    assert later.fresh == {}


@pytest.mark.parametrize(
    "damage",
    [
        {"settled": -(10**12)},
        {"settled": 0},
        {"start": -5},
        {"start": 10**6},
        {"points": (999,)},
        {"points": (200, 100)},
        {"candidates": (Candidate(12, 395, 10**6, 9.0),)},
        {"candidates": (Candidate(-12, 350, 355, 9.0),)},
    ],
)
def test_a_checkpoint_that_cannot_have_been_made_is_not_used(damage: dict[str, Any]) -> None:
    values = series(5, 420, "normal")
    before = Checkpoints()
    before.change_points(KEY, values, DEFAULT)
    kept = before.fresh[KEY]
    damaged = replace(kept, checkpoint=replace(kept.checkpoint, **damage))
    after = Checkpoints({KEY: damaged})

    assert after.change_points(KEY, values, DEFAULT) == change_points(values)
    assert after.fresh[KEY] == kept
