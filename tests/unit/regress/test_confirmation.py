"""New runs against a finding: what they confirm, what they clear, and how many it takes."""

import random
from array import array
from datetime import UTC, datetime, timedelta

import pytest

from virtslo.model.history.comparison import RunSample
from virtslo.model.history.confirmation import Settled
from virtslo.model.history.runs import Lineage, RunPoint, SeriesKey
from virtslo.regress.confirmation import needed_for, settle
from virtslo.regress.findings import examine

TIME = SeriesKey("vmi", "vmi_intent_to_running_seconds", "p95")
CALLS = SeriesKey("vmi", "rest_calls_patch_pods", "per_object")
COUNT = CALLS._replace(statistic="count")
UNITS = {TIME: "s", CALLS: "requests", COUNT: "requests"}
START = datetime(2026, 1, 1, tzinfo=UTC)


def draws(median: float, spread: float, count: int, seed: int) -> list[float]:
    chance = random.Random(seed)
    return [median * chance.lognormvariate(0, spread) for _ in range(count)]


def lineage_of(series: dict[SeriesKey, list[float]]) -> Lineage:
    count = len(next(iter(series.values())))
    runs = [
        RunPoint("job", f"r{number}", "", START + timedelta(hours=number), seed=number)
        for number in range(count)
    ]
    return Lineage("job", runs, {key: array("d", of) for key, of in series.items()}, UNITS)


LINEAGE = lineage_of({
    TIME: [*draws(20, 0.1, 20, 1), *draws(26, 0.1, 20, 2)],
    CALLS: [*[1.0] * 20, *[2.0] * 20],
    COUNT: [*[100.0] * 20, *[200.0] * 20],
})  # fmt: skip
(FINDING,) = examine(LINEAGE).findings


def new(times: list[float], calls: float) -> list[RunSample]:
    return [
        RunSample(f"n{number}", "job", "", {TIME: time, CALLS: calls, COUNT: 100 * calls}, UNITS)
        for number, time in enumerate(times)
    ]


def test_the_number_of_runs_follows_from_size_spread_and_power() -> None:
    at_80 = {item.change.key: item for item in needed_for(LINEAGE, FINDING)}
    at_99 = {item.change.key: item for item in needed_for(LINEAGE, FINDING, power=0.99)}

    assert set(at_80) == {TIME, CALLS}, "a count per object and its sum are one"
    assert at_80[CALLS].runs == 3
    assert at_80[TIME].spread == pytest.approx(0.1, rel=0.25)
    assert 3 <= (at_80[TIME].runs or 0) < (at_99[TIME].runs or 0) <= 15


def test_runs_that_differ_the_same_way_confirm_it() -> None:
    found = settle(FINDING, new(draws(20, 0.1, 8, 3), 1.0), new(draws(26, 0.1, 8, 4), 2.0))

    assert {item.change.key: item.standing for item in found.changes} == {
        TIME: Settled.CONFIRMED, CALLS: Settled.CONFIRMED,
    }  # fmt: skip
    assert found.standing is Settled.CONFIRMED


def test_runs_that_rule_out_a_change_as_large_clear_it() -> None:
    found = settle(FINDING, new(draws(20, 0.1, 8, 3), 1.0), new(draws(20, 0.1, 8, 4), 1.0))

    why = {item.change.key: item.why for item in found.changes}
    assert found.standing is Settled.CLEARED
    assert why == {TIME: "a change as large is ruled out", CALLS: "the same in the new runs"}


def test_runs_that_differ_the_other_way_clear_it() -> None:
    found = settle(FINDING, new(draws(26, 0.1, 8, 3), 2.0), new(draws(20, 0.1, 8, 4), 1.0))

    assert {item.why for item in found.changes} == {"differs the other way"}
    assert found.standing is Settled.CLEARED


def test_too_few_runs_leave_a_time_open_and_say_how_many_would_do() -> None:
    found = settle(FINDING, new([20.0, 21.0], 1.0), new([22.0, 20.5], 1.0))

    standing = {item.change.key: item for item in found.changes}
    assert standing[TIME].standing is Settled.OPEN
    assert "runs a side would do" in standing[TIME].why
    assert found.standing is Settled.OPEN


def test_noise_of_one_level_rarely_confirms_and_a_real_change_rarely_clears() -> None:
    wrong = 0
    for seed in range(100):
        same = settle(FINDING, new(draws(20, 0.1, 8, seed), 1.0),
                      new(draws(20, 0.1, 8, seed + 1000), 1.0))  # fmt: skip
        real = settle(FINDING, new(draws(20, 0.1, 8, seed), 1.0),
                      new(draws(26, 0.1, 8, seed + 2000), 2.0))  # fmt: skip
        wrong += same.standing is Settled.CONFIRMED
        wrong += any(item.standing is Settled.CLEARED for item in real.changes)

    assert wrong <= 12, "5 % each"


def test_a_key_that_vanished_is_confirmed_by_runs_without_it() -> None:
    nan = float("nan")
    lineage = lineage_of({
        CALLS: [*[1.0] * 20, *[nan] * 20], TIME: draws(20, 0.01, 40, 5),
    })  # fmt: skip
    finding = next(item for item in examine(lineage).findings)
    with_key = new([20.0] * 3, 1.0)
    without = [RunSample(f"w{number}", "job", "", {TIME: 20.0}, UNITS) for number in range(3)]

    assert [item.runs for item in needed_for(lineage, finding)] == [3]
    assert settle(finding, with_key, without).standing is Settled.CONFIRMED
    assert settle(finding, with_key, with_key).standing is Settled.CLEARED
    assert settle(finding, with_key, [*with_key[:2], without[0]]).standing is Settled.OPEN
    assert settle(finding, with_key[:1], without[:1]).standing is Settled.OPEN


def test_a_level_at_zero_has_no_number_of_runs() -> None:
    lineage = lineage_of({TIME: [*[0.0] * 20, *draws(20, 0.1, 20, 6)]})
    (finding,) = examine(lineage).findings

    (item,) = needed_for(lineage, finding)

    assert (item.runs, item.reason) == (None, "a value of 0: no relative difference")
