"""One run against the runs before it."""

from array import array
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from virtslo.model.history.runs import Lineage, RunPoint, SeriesKey
from virtslo.regress.changes import level_points
from virtslo.regress.check import BASELINE, FAR, LEAST, LEAST_RATIO, Standing, check_run
from virtslo.regress.checkpoints import Checkpoints
from virtslo.regress.noise import spread_of

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


@pytest.mark.parametrize("spread", [0.0, 0.01, 0.05, 0.3])
def test_a_level_that_is_only_looked_for_where_it_matters_gives_what_all_levels_give(
    spread: float,
) -> None:
    chance = np.random.default_rng(8)
    keys = [SeriesKey("vmi", f"metric-{number}", "") for number in range(60)]
    values = 100 * (1 + spread * chance.standard_normal((60, 121)))
    for row in values:
        row[chance.integers(20, 115) :] *= chance.choice([0.7, 1.0, 1.3])
    values[:, 120] *= chance.choice([0.5, 0.85, 1.0, 1.1, 1.2, 1.4], 60)
    values[chance.integers(0, 60, 4)] *= -1
    runs = [RunPoint("job", str(n), "", START + timedelta(hours=n)) for n in range(121)]
    series = {key: array("d", row) for key, row in zip(keys, values, strict=True)}

    found = check_run(Lineage("job", runs, series), 120)

    expected = {key for key, row in zip(keys, values, strict=True) if _is_far(key, row)}
    assert {item.key for item in found.deviations} == expected
    assert found.judged == 60


def _is_far(key: SeriesKey, values: np.ndarray) -> bool:
    """By the level that the last run belongs to, which is always looked for."""
    before, value = values[:-1], values[-1]
    start = (level_points(key, before, Checkpoints()) or [0])[-1]
    level = before[start:][-BASELINE:]
    level = level if len(level) >= LEAST else before[-BASELINE:]
    median = float(np.median(level))
    far = FAR * max(spread_of(level), 0.02 * abs(median))
    is_outside = not level.min() <= value <= level.max()
    return bool(is_outside and abs(value - median) >= max(far, LEAST_RATIO * abs(median)))
