"""Groups of runs held against each other: verdicts, and what the runs could have shown."""

import numpy as np
import pytest

from virtslo.model.history.comparison import ComparedIndicator, ComparisonVerdict, RunSample
from virtslo.model.history.runs import SeriesKey
from virtslo.regress.comparison import compare, differences, holm

TIME = SeriesKey("vmi", "creation_to_running_seconds", "p95")
CALLS = SeriesKey("vmi", "rest_calls_patch_pods", "per_object")
RATE = SeriesKey("vmi", "creation_rate", "mean")
UNITS = {TIME: "s", CALLS: "requests", RATE: "objects/s"}


def runs(
    key: SeriesKey, values: list[float], *, seeds: bool = False, lineage: str = "burst"
) -> list[RunSample]:
    return [
        RunSample(f"run-{number}", lineage, "kubevirt 1.5", {key: value}, UNITS,
                  number if seeds else None)
        for number, value in enumerate(values)
    ]  # fmt: skip


def only(key: SeriesKey, base: list[float], candidate: list[float]) -> ComparedIndicator:
    (row,) = compare(runs(key, base), runs(key, candidate)).rows
    return row


def noise(count: int, *, seed: int, level: float = 20.0, spread: float = 0.3) -> list[float]:
    found = np.random.default_rng(seed).normal(level, spread, count)
    return [float(value) for value in found]


def test_one_run_a_side_shows_a_count_that_moved_by_one_per_object() -> None:
    row = only(CALLS, [2.0], [3.0])

    assert (row.verdict, row.test) == (ComparisonVerdict.WORSE, "exact count")
    assert only(CALLS, [3.0], [2.0]).verdict is ComparisonVerdict.BETTER


def test_one_run_a_side_cannot_tell_less_than_that() -> None:
    row = only(CALLS, [2.0], [2.3])

    assert row.verdict is ComparisonVerdict.CANNOT_TELL
    assert row.runs_needed == 2


def test_a_time_of_one_run_a_side_is_no_verdict_but_says_how_many_runs_would_be() -> None:
    row = only(TIME, [20.0], [40.0])

    assert row.verdict is ComparisonVerdict.CANNOT_TELL
    assert row.ratio == pytest.approx(2.0)
    assert row.smallest is None
    assert row.runs_needed == 3


def test_a_time_that_rose_is_worse_and_a_rate_that_rose_is_better() -> None:
    base, candidate = noise(8, seed=1), noise(8, seed=2, level=22)

    slower, faster = only(TIME, base, candidate), only(RATE, base, candidate)

    assert slower.verdict is ComparisonVerdict.WORSE
    assert faster.verdict is ComparisonVerdict.BETTER
    assert slower.interval is not None
    assert slower.interval[0] < 1.1 < slower.interval[1]


def test_no_difference_is_only_said_where_one_that_matters_would_have_shown() -> None:
    steady = only(TIME, noise(8, seed=1), noise(8, seed=2))
    wild = only(TIME, noise(8, seed=1, spread=6), noise(8, seed=2, spread=6))

    assert steady.verdict is ComparisonVerdict.NO_DIFFERENCE
    assert steady.smallest is not None
    assert steady.smallest <= 0.05
    assert wild.verdict is ComparisonVerdict.CANNOT_TELL
    assert wild.runs_needed is not None
    assert wild.runs_needed > 8


def test_the_runs_that_are_said_to_do_would_do() -> None:
    wild = only(TIME, noise(8, seed=1, spread=2), noise(8, seed=2, spread=2))
    assert wild.runs_needed is not None

    found = [
        only(
            TIME,
            noise(wild.runs_needed, seed=seed, spread=2),
            noise(wild.runs_needed, seed=seed + 100, spread=2, level=21),
        ).verdict
        for seed in range(40)
    ]

    assert found.count(ComparisonVerdict.WORSE) >= 26


def test_runs_of_one_seed_are_pairs_and_show_more() -> None:
    base = noise(6, seed=1, spread=4)
    candidate = [value * 1.06 for value in base]

    paired = compare(runs(TIME, base, seeds=True), runs(TIME, candidate, seeds=True))
    apart = compare(runs(TIME, base), runs(TIME, candidate))

    assert paired.is_paired
    assert paired.rows[0].verdict is ComparisonVerdict.WORSE
    assert apart.rows[0].verdict is ComparisonVerdict.CANNOT_TELL


def test_a_difference_that_is_surely_too_small_to_matter_is_no_finding() -> None:
    base, candidate = noise(300, seed=1), noise(300, seed=2, level=20.08)

    row = only(TIME, base, candidate)
    strict = compare(runs(TIME, base), runs(TIME, candidate), wanted=0.002).rows[0]

    assert row.p is not None
    assert row.p < 0.05
    assert row.verdict is ComparisonVerdict.NO_DIFFERENCE
    assert row.note == "of 5% or more; a smaller one is certain"
    assert strict.verdict is ComparisonVerdict.WORSE


def test_a_difference_that_may_be_as_large_as_matters_is_a_finding() -> None:
    row = only(TIME, noise(12, seed=1), noise(12, seed=2, level=20.9))

    assert row.interval is not None
    assert row.interval[0] < 1.05 < row.interval[1]
    assert row.verdict is ComparisonVerdict.WORSE


def test_runs_whose_interval_ends_short_of_what_matters_show_no_difference() -> None:
    rows = [
        only(TIME, noise(14, seed=seed, spread=1.1), noise(14, seed=seed + 50, spread=1.1))
        for seed in range(12)
    ]
    inside = [row for row in rows if row.interval is not None
              and row.interval[0] > 1 / 1.05 and row.interval[1] < 1.05]  # fmt: skip

    assert any((row.smallest or 0) > 0.05 for row in inside)
    assert {row.verdict for row in inside} == {ComparisonVerdict.NO_DIFFERENCE}


def test_values_of_0_that_move_too_little_to_matter_are_no_finding() -> None:
    chance = np.random.default_rng(4)
    base = [0.0, *chance.normal(20, 0.2, 400).tolist()]
    near, far = ([value * factor for value in base] for factor in (1.004, 1.2))

    assert only(TIME, base, near).verdict is ComparisonVerdict.NO_DIFFERENCE
    assert only(TIME, base, far).verdict is ComparisonVerdict.WORSE


def test_a_call_more_of_every_object_is_a_finding_however_many_calls_there_are() -> None:
    base = noise(40, seed=1, level=60, spread=0.3)
    one_more = noise(40, seed=2, level=61, spread=0.3)
    half_more = noise(40, seed=3, level=60.4, spread=0.3)

    assert only(CALLS, base, one_more).verdict is ComparisonVerdict.WORSE
    assert only(CALLS, base, half_more).verdict is ComparisonVerdict.NO_DIFFERENCE


def test_a_count_that_every_run_has_and_that_moved_is_a_finding() -> None:
    total = SeriesKey("vmi", "LIST-nodes-count", "")
    before, after = ([RunSample(str(n), "e2e", "", {total: value}, {total: "calls"})
                      for n in range(5)] for value in (300.0, 301.0))  # fmt: skip

    (row,) = compare(before, after).rows

    assert row.verdict is ComparisonVerdict.WORSE


def test_a_mean_that_one_run_moved_is_told_from_the_middle_of_the_runs() -> None:
    base = [10.0, 10.1, 9.9, 10.05, 9.95, 10.0, 10.02, 9.98]
    candidate = [*base[:-1], 40.0]

    row = only(TIME, base, candidate)

    assert row.ratio == pytest.approx(1.19, abs=0.01)
    assert "the middle of the runs says 1.00" in row.note
    assert only(TIME, base, base[::-1]).note == ""
    assert row.verdict is ComparisonVerdict.CANNOT_TELL


def test_the_middle_is_named_where_it_is_outside_of_the_interval() -> None:
    base = [9.8, 9.9, 10.0, 10.1, 10.2] * 12
    candidate = [*base[:45], *[40.0] * 15]

    row = only(TIME, base, candidate)

    assert row.interval is not None
    assert row.interval[0] > 1.1
    assert "the middle of the runs says 1.0" in row.note


def test_a_verdict_has_the_direction_of_what_was_tested() -> None:
    chance = np.random.default_rng(3)
    found = [
        only(TIME, *(list(np.exp(chance.standard_t(2, 8) * 0.02)) for _ in "ab"))
        for _ in range(300)
    ]
    decided = [row for row in found if row.verdict is not ComparisonVerdict.CANNOT_TELL
               and row.verdict is not ComparisonVerdict.NO_DIFFERENCE]  # fmt: skip

    assert decided
    assert all(
        row.ratio is not None and (row.ratio > 1) == (row.verdict is ComparisonVerdict.WORSE)
        for row in decided
    )


def test_values_of_0_are_compared_by_ranks_and_say_how_many_runs_would_do() -> None:
    base = [0.0, 5.0, 6.0, 7.0, 8.0, 5.5]
    near, far = (only(TIME, base, [value * factor for value in base]) for factor in (1.05, 9))
    rare = only(TIME, [0.0] * 5 + [1.0], [0.0] * 4 + [1.0, 2.0])

    assert near.test == far.test == "Mann-Whitney"
    assert near.runs_needed is not None
    assert near.runs_needed > 6
    assert rare.verdict is ComparisonVerdict.CANNOT_TELL


@pytest.mark.parametrize("spread", [0.5, 2.0, 6.0])
def test_more_runs_are_named_than_there_are_wherever_they_cannot_tell(spread: float) -> None:
    rows = [
        only(
            TIME, noise(side, seed=seed, spread=spread), noise(side, seed=-seed % 97, spread=spread)
        )
        for side in (3, 5, 12)
        for seed in range(1, 9)
    ]

    open_rows = [row for row in rows if row.verdict is ComparisonVerdict.CANNOT_TELL]
    assert all((row.runs_needed or 0) > row.base_runs for row in open_rows)


def test_nothing_is_found_between_runs_of_one_kind() -> None:
    chance = np.random.default_rng(5)
    keys = [SeriesKey("vmi", f"time-{number}", "p50") for number in range(40)]
    worse = 0
    for _ in range(20):
        groups = [
            [
                RunSample(f"{side}{run}", "burst", "", dict(zip(keys, chance.normal(20, 1, 40),
                                                               strict=True)), {})
                for run in range(6)
            ]
            for side in "ab"
        ]  # fmt: skip
        found = compare(groups[0], groups[1])
        worse += any(row.verdict in {ComparisonVerdict.WORSE, ComparisonVerdict.BETTER}
                     for row in found.rows)  # fmt: skip

    assert worse <= 3


def test_values_of_0_on_both_sides_are_equal() -> None:
    assert only(TIME, [0, 0, 0], [0, 0, 0]).verdict is ComparisonVerdict.NO_DIFFERENCE


def test_what_only_one_side_has_is_named() -> None:
    found = compare(runs(TIME, [1.0]), runs(RATE, [1.0]))

    assert (found.rows, found.only_in_base, found.only_in_candidate) == ((), (TIME,), (RATE,))


def test_unlike_scenarios_are_named() -> None:
    assert differences(runs(TIME, [1.0]), runs(TIME, [1.0])) == []
    assert differences(runs(TIME, [1.0]), runs(TIME, [1.0], lineage="steady")) == [
        "scenario: burst against steady"
    ]


def test_holm_corrects_the_smallest_most_and_keeps_the_order() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == [0.03, None, 0.06, 0.06]
