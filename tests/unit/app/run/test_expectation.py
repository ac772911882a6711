"""What a dry run expects, held against what runs took on the simulated cluster."""

import pytest

from support.scenarios import planned, scenario
from virtslo.app.run.expectation import expect, expectation_lines
from virtslo.config.profiles import load_profile


@pytest.mark.parametrize(
    ("kind", "count", "load", "all_running", "whole"),
    [
        ("vmi", 100, {}, 35.2, 92.5),
        ("vm", 300, {}, 47.1, 138.9),
        ("vmi", 200, {"arrival": {"process": "constant", "rate": "5/s"}}, 65.0, 166.6),
    ],
)
def test_what_is_expected_is_near_what_a_run_took(
    kind: str, count: int, load: dict[str, object], all_running: float, whole: float
) -> None:
    """The figures are of `virtslo run burst --repeat 1` with seed 1, profile ci."""
    given = scenario(kind, count, load=load)
    found = expect(planned(given), given, load_profile("ci"))

    assert found is not None
    assert found.all_running == pytest.approx(all_running, rel=0.15)
    assert found.whole_run == pytest.approx(whole, rel=0.15)


def test_requests_are_those_of_the_plan() -> None:
    given = scenario("vmi", 100)
    found = expect(planned(given), given, load_profile("ci"))

    assert found is not None
    assert (found.requests, found.controller_calls) == (202, 800)


def test_churn_lasts_as_long_as_it_is_intended_to() -> None:
    churn = {"churn": {"objects": 5, "cycles": 2, "every": "60s"}}
    given = scenario("vmi", 50, "steady-state", load=churn)
    found = expect(planned(given), given, load_profile("ci"))

    assert found is not None
    assert found.whole_run == pytest.approx(267.2, rel=0.1)
    assert found.requests == 2 * 50 + 2 + 2 * 2 * 5


def test_many_objects_cost_no_time_to_expect() -> None:
    given = scenario("vmi", 5_000)
    found = expect(planned(given), given, load_profile("ci"))

    assert found is not None
    assert found.all_running > 5_000 * 8 / 200 - 2


def test_the_words_say_what_they_rest_on() -> None:
    given = scenario("vm", 300)
    plan = planned(given)
    ci, shared = load_profile("ci"), load_profile("two-core")

    simulated = expectation_lines(expect(plan, given, ci), plan, "ci", is_real=False)
    real = expectation_lines(expect(plan, given, ci), plan, "ci", is_real=True)
    none = expectation_lines(expect(plan, given, shared), plan, "two-core", is_real=False)

    assert simulated[0].startswith("expected: all Running after about ")
    assert simulated[0].endswith("; the client limit alone would allow 8.5s")
    assert "if nodes take as long as in profile ci" in real[0]
    assert none == ["expected: no estimate: profile two-core shares cores, and only a run can tell"]
