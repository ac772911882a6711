"""One run against the runs before it."""

from array import array
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from virtslo.model.history.runs import Lineage, RunPoint, SeriesKey
from virtslo.regress.check import Standing, check_run

START = datetime(2024, 1, 1, tzinfo=UTC)
TIME = SeriesKey("vmi", "time", "p95")
CALLS = SeriesKey("vmi", "PATCH-pods-count", "")
RATE = SeriesKey("vmi", "creation_rate", "mean")


def lineage(
    last: dict[SeriesKey, float], *, count: int = 40, environment: str = "", is_valid: bool = True
) -> Lineage:
    """A history whose runs are all alike, but for the last one."""
    chance = np.random.default_rng(1)
    runs = [
        RunPoint("job", str(number), "" if number < count else environment,
                 START + timedelta(hours=8 * number), is_valid=number < count or is_valid)
        for number in range(count + 1)
    ]  # fmt: skip
    series = {
        key: array("d", [*chance.normal(100, 2, count), last.get(key, float("nan"))])
        for key in (TIME, CALLS, RATE)
    }
    return Lineage("job", runs, series, {TIME: "s", CALLS: "calls", RATE: "objects/s"})


@pytest.mark.parametrize(
    ("last", "standing"),
    [
        ({TIME: 101, CALLS: 99, RATE: 100}, Standing.IN_LINE),
        ({TIME: 150, CALLS: 99, RATE: 100}, Standing.WORSE),
        ({TIME: 60, CALLS: 99, RATE: 100}, Standing.BETTER),
        ({TIME: 100, CALLS: 99, RATE: 50}, Standing.WORSE),
        ({TIME: 100, CALLS: 99, RATE: 200}, Standing.BETTER),
        ({TIME: 100}, Standing.TELEMETRY_LOST),
        ({TIME: 100, RATE: 100}, Standing.IN_LINE),
    ],
)
def test_a_run_is_judged_by_the_runs_before(
    last: dict[SeriesKey, float], standing: Standing
) -> None:
    assert check_run(lineage(last), 40).standing is standing


def test_what_is_out_of_line_is_named_with_its_baseline() -> None:
    check = check_run(lineage({TIME: 150, CALLS: 99, RATE: 100}), 40)

    (found,) = check.deviations
    assert (found.key, found.value, found.runs) == (TIME, 150, 40)
    assert found.ratio == pytest.approx(0.5, abs=0.02)


def test_a_new_environment_has_no_baseline_yet() -> None:
    check = check_run(lineage({TIME: 150, CALLS: 99, RATE: 100}, environment="new"), 40)

    assert check.standing is Standing.CANNOT_TELL
    assert "fewer than 12" in check.reason


def test_a_run_that_is_not_valid_is_not_judged() -> None:
    check = check_run(lineage({TIME: 150}, is_valid=False), 40)

    assert (check.standing, check.reason) == (Standing.CANNOT_TELL, "the run is not valid")


def test_a_latency_that_fell_into_the_last_bucket_is_lost_telemetry_not_an_improvement() -> None:
    history = replace(
        lineage({TIME: 10, CALLS: 99, RATE: 100}), flagged={TIME: {40: "buckets_lost"}}
    )

    check = check_run(history, 40)

    assert check.standing is Standing.TELEMETRY_LOST
    assert check.unresolved == (TIME,)
    assert check.deviations == ()


def test_runs_whose_telemetry_was_lost_are_no_baseline() -> None:
    found = lineage({TIME: 100, CALLS: 99, RATE: 100})
    for at in range(20, 40):
        found.series[TIME][at] = 10.0
    history = replace(found, flagged={TIME: dict.fromkeys(range(20, 40), "buckets_lost")})

    check = check_run(history, 40)

    assert check.standing is Standing.IN_LINE
    assert check.judged == 3
