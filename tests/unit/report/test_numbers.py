"""Digits follow the interval; what has no upper end says so."""

import pytest

from virtslo.model.report.figures import OVER_RUNS, WITHIN_RUN, Figure, Interval, Scope
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.report.numbers import amount, cell, decimals_of, margin_of, measured


def figure(
    value: float | None,
    low: float | None,
    high: float | None,
    unit: str = "s",
    scope: Scope = OVER_RUNS,
) -> Figure:
    return Figure(value, unit, 100, "watch", interval=Interval(scope, low, high, 5, "t"))


@pytest.mark.parametrize(
    ("low", "high", "decimals"),
    [(20.9, 22.3, 1), (20.0, 21.6, 1), (19.0, 24.0, 0), (18.0, 21.0, 1), (100.0, 900.0, -2)],
)
def test_the_last_digit_is_the_first_of_half_the_interval(
    low: float, high: float, decimals: int
) -> None:
    assert decimals_of(Interval(OVER_RUNS, low, high, 5, "t")) == decimals


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (figure(21.5876, 20.9321, 22.2641), "21.6 s (20.9–22.3)"),
        (figure(21.5876, 18.0321, 25.2641), "22 s (18–25)"),
        (figure(0.215876, 0.20932, 0.22264), "216 ms (209–223)"),
        (figure(0.0178, 0.0173, 0.0183, "share"), "1.78 % (1.73–1.83)"),
        (figure(1234.5, 1100.0, 1400.0, "objects/s"), "1 230/s (1 100–1 400)"),
        (figure(29.1, 27.2, None, scope=WITHIN_RUN), "29.1 s (≥ 27.2)"),
        (figure(29.1, None, None, scope=WITHIN_RUN), "29.1 s"),
        (figure(400, 400, 400, "requests"), "400 requests"),
        (Figure(None, "s", 20, "watch", reason="hung", lower_bound=600.0), "> 600 s"),
        (Figure(None, "s", 0, "watch", reason="none"), "no data"),
        (Figure(0, "s", 1, "watch"), "0 s"),
    ],
)
def test_a_figure_is_written_with_its_unit_and_interval(given: Figure, text: str) -> None:
    assert measured(given) == text


def test_a_cell_of_a_table_has_its_interval_in_brackets() -> None:
    assert cell(figure(3.4391, 3.3412, 3.5342, "VMIs/s")) == "3.44/s (3.34–3.53)"
    assert cell(figure(607.8, 606.2, 609.4, "requests")) == "607.8 (606.2–609.4)"
    assert cell(Figure(3.4391, "VMIs/s", 100, "watch")) == "3.44/s"


@pytest.mark.parametrize(
    ("margin", "text"),
    [
        (0.25, ", margin 25 %"),
        (-0.04, ", beyond it by 4 %"),
        (0.001, ", margin < 1 %"),
        (0.0, ", margin 0 %"),
        (None, ""),
    ],
)
def test_a_margin_is_a_share_of_the_bound(margin: float | None, text: str) -> None:
    verdict = Verdict("run", "soon", Outcome.MET, 1.0, 2.0, "s", margin=margin)

    assert margin_of(verdict) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.0, "share", "100 %"),
        (0.995, "share", "99.5 %"),
        (0.07, "share", "7 %"),
        (30.0, "s", "30 s"),
        (400, "requests", "400 requests"),
        (2.5, "", "2.5"),
    ],
)
def test_a_bound_reads_as_the_figure_beside_it(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text
