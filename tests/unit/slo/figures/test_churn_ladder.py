"""The ladder that constant churns at several rates make."""

import pytest

from support.records import operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.report.document import ChurnLadder, Rung
from virtslo.model.run.operations import CREATE
from virtslo.model.stage_names import CHURN
from virtslo.slo.figures.churn_ladder import ladders_of
from virtslo.slo.record.measured import Measured, measure

COUNT = 50
SECONDS = 50


def churned(rate: int, *, takes_more_each: float = 0.0, count: int = COUNT) -> Measured:
    """Replacements at a rate for 50 s; each takes 2 s, and more than the one before it."""
    load = {"churn": {"rate": f"{rate}/s", "duration": f"{SECONDS}s"}}
    numbers = range(rate * SECONDS)
    given = record(
        scenario("vmi", count, "constant-churn", load=load),
        stages=[stage(CHURN, 100.0, 900.0, deadline=700.0, starts=[100.0])],
        operations=[
            operation(CREATE, f"v{n}", 100 + n / rate, index=n, cycle=0) for n in numbers
        ],
        observations=[
            seen(f"v{n}", index=n, added=100 + n / rate,
                 running=102 + n / rate + n * takes_more_each)
            for n in numbers
        ],
        run_id=f"run-{rate}",
    )  # fmt: skip
    return measure(given)


def test_a_ladder_is_made_of_runs_that_differ_in_their_rate_alone() -> None:
    runs = [churned(4, takes_more_each=0.25), churned(1), churned(2), churned(2, count=99)]

    (ladder,) = ladders_of(runs)

    assert [(rung.rate, rung.kept_up) for rung in ladder.rungs] == [
        (1, True),
        (2, True),
        (4, False),
    ]
    assert (ladder.highest_absorbed, ladder.first_not_absorbed) == (2, 4)
    assert ladder.rungs[0].runs == ("run-1",)
    assert ladder.rungs[1].running_rate == pytest.approx(2, rel=0.05)


def test_one_rate_is_no_ladder() -> None:
    assert ladders_of([churned(2)]) == ()
    assert ladders_of([]) == ()


@pytest.mark.parametrize(
    ("kept_up", "highest", "first"),
    [
        ([True, True, True], 3, None),
        ([False, False, False], None, 1),
        ([True, None, True], 1, None),
        ([True, None, False], 1, 3),
        ([None, True, False], None, 3),
    ],
)
def test_what_is_not_known_ends_what_was_absorbed(
    kept_up: list[bool | None], highest: float | None, first: float | None
) -> None:
    rungs = tuple(
        Rung(number, (), kept, None, None) for number, kept in enumerate(kept_up, start=1)
    )

    ladder = ChurnLadder("vmi", 10, rungs)

    assert (ladder.highest_absorbed, ladder.first_not_absorbed) == (highest, first)
