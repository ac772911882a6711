"""When repetitions end: what the option says, and every problem of it."""

import pytest

from virtslo.config.until import until_of
from virtslo.model.plan.suite import Until
from virtslo.slo.catalog.catalog import CATALOG


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("ci=5%", Until(0.05, most=30)),
        ("phase_rate_running=2.5%", Until(0.025, "phase_rate_running", "mean", most=30)),
        ("vmi_intent_to_running_seconds:p95=10 %",
         Until(0.1, "vmi_intent_to_running_seconds", "p95", most=30)),
    ],
)  # fmt: skip
def test_what_is_to_be_narrow(text: str, until: Until) -> None:
    assert until_of(text, 30, CATALOG) == (until, [])


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("5%", 1), ("ci=5", 1), ("ci=0%", 1), ("ci=100%", 1), ("ci:p95=5%", 1), ("=5%", 1),
        ("phase_rate_runing=5%", 1), ("phase_rate_running:p95=5%", 1), ("nothing=much", 2),
    ],
)  # fmt: skip
def test_every_problem_is_said(text: str, places: int) -> None:
    until, problems = until_of(text, 30, CATALOG)

    assert until is None
    assert len(problems) == places
    assert {problem.place for problem in problems} == {"--until"}


def test_a_misspelt_indicator_gets_its_neighbour() -> None:
    _, (problem,) = until_of("phase_rate_runing=5%", 30, CATALOG)

    assert "phase_rate_running" in problem.hint
