"""A churn ladder in a document."""

from typing import Any

import pytest

from virtslo.config.churn_ladder import has_ladder, rungs_of


def document(ladder: Any, *, pattern: str = "constant-churn", **churn: Any) -> dict[str, Any]:
    given = {"duration": "90s", **churn} | ({} if ladder is None else {"ladder": ladder})
    return {"name": "x", "load": {"pattern": pattern, "churn": given}}


@pytest.mark.parametrize("ladder", ["1/s, 90/m,2/s", ["1/s", "90/m", "2/s"]])
def test_a_ladder_is_a_document_for_each_rate(ladder: Any) -> None:
    given = document(ladder)

    rungs, problems = rungs_of(given)

    assert problems == []
    assert [rate for rate, _ in rungs] == ["1", "1.5", "2"]
    assert rungs[1][1] == {
        "name": "x-1.5",
        "load": {"pattern": "constant-churn", "churn": {"duration": "90s", "rate": "90/m"}},
    }
    assert has_ladder(given)
    assert not has_ladder(rungs[1][1])


@pytest.mark.parametrize("ladder", ["1/s", "2/s,1/s", "1/s,1/s", 3, [1, 2], ["1/s", "fast"], ""])
def test_rates_that_are_none_or_do_not_rise_are_refused(ladder: Any) -> None:
    rungs, problems = rungs_of(document(ladder), place="--churn-ladder")

    assert rungs == []
    assert problems
    assert all(problem.place.startswith("--churn-ladder") for problem in problems)


def test_every_problem_is_told_at_once() -> None:
    _, problems = rungs_of(document("2/s,1/s", pattern="burst", rate="1/s"))

    assert [problem.place for problem in problems] == [
        "load.churn.ladder",
        "load.churn.rate",
        "load.churn.ladder",
    ]


def test_a_document_without_a_ladder_has_none() -> None:
    assert not has_ladder(document(None))
    assert not has_ladder({"load": 3})
