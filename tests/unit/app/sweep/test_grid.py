"""The grid of a sweep: every combination with every seed, and every problem at once."""

from collections.abc import Mapping

import pytest

from support.scenarios import scenario
from virtslo.app.sweep.grid import knobs_of, make_points, read_knobs
from virtslo.base.errors import Problem, ScenarioError
from virtslo.model.plan.scenario import Scenario
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.model.whatif.sweep import Knob, Value


def make(values: Mapping[str, Value], seed: int) -> tuple[Scenario, SimulatedTarget]:
    return scenario(count=int(values.get("count", 1))), SimulatedTarget("ci", seed, 1)


def test_every_combination_is_run_with_every_seed() -> None:
    problems: list[Problem] = []
    knobs = read_knobs(["count=1,2", "profile=ci,instant"], problems)
    points = make_points(knobs, (7, 8), make)

    assert problems == []
    assert [point.index for point in points] == list(range(8))
    assert len({(tuple(point.values.items()), point.seed) for point in points}) == 8
    assert points[0].values == {"count": "1", "profile": "ci"}
    assert [point.seed for point in points[:2]] == [7, 8]


@pytest.mark.parametrize("text", ["count", "=1", "count=", "count=1,,2", "count=1,1"])
def test_a_knob_that_cannot_be_read_is_a_problem(text: str) -> None:
    problems: list[Problem] = []
    read_knobs([text], problems)

    assert len(problems) == 1


def test_a_knob_that_is_varied_twice_is_a_problem() -> None:
    problems: list[Problem] = []
    read_knobs(["count=1,2", "count=3"], problems)

    assert [problem.found for problem in problems] == ["a knob that is varied twice"]


def test_a_files_knobs_keep_their_types() -> None:
    problems: list[Problem] = []
    knobs = knobs_of({"count": [1, 2], "profile.delays.boot.value": ["3s", 4.5]}, problems)

    assert problems == []
    assert knobs == (
        Knob("count", (1, 2)),
        Knob("profile.delays.boot.value", ("3s", 4.5)),
    )


def test_the_problems_of_every_point_are_found_once() -> None:
    def refuse(values: Mapping[str, Value], seed: int) -> tuple[Scenario, SimulatedTarget]:
        shared = Problem("kind", "x", "a kind")
        raise ScenarioError("test", [shared, Problem("count", str(values["count"]), "a number")])

    with pytest.raises(ScenarioError) as refused:
        make_points([Knob("count", ("a", "b"))], (1, 2), refuse)

    assert [problem.found for problem in refused.value.problems] == ["x", "a", "b"]


def test_a_grid_without_end_is_refused() -> None:
    many = Knob("count", tuple(range(1, 1001)))

    with pytest.raises(ScenarioError, match="points"):
        make_points([many, Knob("nodes", tuple(range(1, 1001)))], (1,), make)
