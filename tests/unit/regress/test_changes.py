"""Changes of one series: found where they are, and not where nothing is."""

from typing import Any

import numpy as np
import pytest

from virtslo.model.history.changes import ChangeKind
from virtslo.model.history.runs import SeriesKey
from virtslo.regress.changes import changes_of, outliers, tail_change
from virtslo.regress.drift import drifts_of
from virtslo.regress.quality import Points
from virtslo.regress.segments import change_points

KEY = SeriesKey("vmi", "GET-nodes-count", "")


def noise(count: int, *, seed: int = 1, spread: float = 3.0) -> Any:
    return np.random.default_rng(seed).normal(100, spread, count)


def points(values: Any) -> Points:
    has = ~np.isnan(values)
    everything = np.arange(len(values))
    return Points(everything[has], values[has], has.astype(float), everything, {})


def test_nothing_is_found_in_noise() -> None:
    found = [change_points(noise(400, seed=seed)) for seed in range(40)]

    assert [places for places in found if places] == []


@pytest.mark.parametrize("at", [20, 150, 280])
def test_a_step_is_found_where_it_is(at: int) -> None:
    values = noise(300)
    values[at:] *= 1.2

    (change,) = changes_of(KEY, points(values))

    assert abs(change.first_after - at) <= 1
    assert change.earliest <= at <= change.latest + 1
    assert change.ratio == pytest.approx(0.2, abs=0.02)
    assert change.is_confirmed
    assert change.confidence > 0.999


def test_a_short_level_between_two_is_found_at_both_ends() -> None:
    values = noise(400)
    values[200:217] *= 0.7

    found = changes_of(KEY, points(values))

    assert [change.first_after for change in found] == [200, 217]


def test_a_change_of_less_than_five_per_cent_does_not_count() -> None:
    values = noise(400, spread=0.1)
    values[200:] *= 1.04

    assert changes_of(KEY, points(values)) == []


@pytest.mark.parametrize(("runs", "found"), [(2, None), (8, False), (12, True)])
def test_a_change_is_suspected_until_enough_runs_confirm_it(runs: int, found: bool | None) -> None:
    values = noise(100)
    values[-runs:] *= 1.3

    changes = changes_of(KEY, points(values))

    assert [change.is_confirmed for change in changes] == ([] if found is None else [found])


def test_the_unit_does_not_matter() -> None:
    values = noise(300)
    values[120:] *= 1.2

    seconds, milliseconds = change_points(values), change_points(values * 1000)

    assert seconds == milliseconds


def test_one_single_value_is_an_outlier_and_no_change() -> None:
    values = noise(100)
    values[50] = 400

    assert changes_of(KEY, points(values)) == []
    assert outliers(values, []) == [50]


def test_a_key_that_vanishes_is_no_level_of_0() -> None:
    values = noise(100)
    values[60:] = np.nan

    (change,) = changes_of(KEY, points(values))

    assert (change.kind, change.first_after) == (ChangeKind.VANISHED, 60)
    assert (change.before, change.after, change.ratio) == (None, None, None)


def test_a_key_that_is_there_now_and_then_has_not_vanished() -> None:
    values = noise(200)
    values[np.random.default_rng(3).random(200) < 0.5] = np.nan

    assert changes_of(KEY, points(values)) == []


def test_the_newest_runs_need_only_a_few_to_be_suspect() -> None:
    values = noise(100)
    values[94:] *= 1.3

    assert tail_change(values) == 94
    assert tail_change(values[:94]) is None


def test_a_slow_drift_is_not_a_step() -> None:
    days = np.arange(0, 84, 0.5)
    values = noise(len(days), spread=1.0) * (1 + 0.25 * days / 84)

    (drift,) = drifts_of(KEY, values, np.arange(len(days)), days, [])

    assert drift.ratio == pytest.approx(0.22, abs=0.05)
    assert (drift.first, drift.last) == (0, len(days) - 1)
    assert drifts_of(KEY, noise(len(days)), np.arange(len(days)), days, []) == []


def test_a_step_between_two_flat_levels_is_no_drift() -> None:
    days = np.arange(0, 84, 0.5)
    values = noise(len(days), spread=1.0)
    values[84:] *= 1.3

    assert drifts_of(KEY, values, np.arange(len(days)), days, [84]) == []


def in_waves(count: int, *, seed: int) -> Any:
    """Logarithms that keep seven tenths of the one before; 2.8 % of spread."""
    found = np.random.default_rng(seed).normal(0, 0.02, count)
    for at in range(1, count):
        found[at] += 0.7 * found[at - 1]
    return found


def in_buckets(logarithms: Any) -> Any:
    """As a histogram with buckets 10 % apart gives them."""
    return 20 * np.exp(np.ceil(logarithms / 0.0953) * 0.0953)


def test_runs_that_come_in_waves_are_no_levels() -> None:
    found = []
    for seed in range(10):
        values = in_waves(1000, seed=seed)
        found += changes_of(KEY, points(np.exp(values)))
        found += changes_of(KEY, points(in_buckets(values)))

    assert len(found) <= 2


@pytest.mark.parametrize("runs", [12, 100])
def test_a_step_among_waves_is_still_a_step(runs: int) -> None:
    values = in_waves(200 + runs, seed=1)
    values[200:] += 0.3

    (change,) = changes_of(KEY, points(np.exp(values)))

    assert abs(change.first_after - 200) <= 1
    assert change.is_confirmed


def test_a_place_is_not_judged_anew_by_fewer_runs_before_it() -> None:
    """What is still open begins shortly before the newest settled run: here, at a burst."""
    chance = np.random.default_rng(1)
    values = chance.normal(90, 1, 800)
    values[:240][chance.random(240) < 0.3] += 30
    values[240:250] += 30

    assert change_points(values) == []


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ([100.0] * 10 + [150.0] + [100.0] * 9 + [110.0] * 20, 20),
        ([100.0] * 75 + [400.0] + [100.0] * 74 + [110.0] * 150, 150),
        ([100.0] * 11 + [400.0] + [100.0] * 18 + [120.0] * 60, 30),
    ],
)
def test_a_run_out_of_line_hides_no_step_of_a_count(values: list[float], place: int) -> None:
    (change,) = changes_of(KEY, points(np.array(values)))

    assert change.first_after == place
    assert change.is_confirmed
