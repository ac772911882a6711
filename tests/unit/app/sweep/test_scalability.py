"""The universal scalability law: coefficients that made the rates come back; six points or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.app.sweep.scalability import RATE, fit, laws_of, rate_at
from virtslo.model.whatif.sweep import Knob, PointResult, PointStatus, Scalability

NUMBERS = (10, 20, 40, 80, 160, 320)


def made(a: float, contention: float, coherency: float) -> dict[float, float]:
    law = Scalability("x", {}, a, contention, coherency, 1.0, None, 6)
    return {float(value): rate_at(law, value / NUMBERS[0]) for value in NUMBERS}


@given(
    a=st.floats(0.1, 100),
    contention=st.floats(0.0, 0.9),
    coherency=st.floats(0.0, 0.1),
)
def test_the_law_that_made_the_rates_comes_back(
    a: float, contention: float, coherency: float
) -> None:
    law = fit("x", {}, made(a, contention, coherency))

    assert law.rate_of_one == pytest.approx(a, rel=1e-6)
    assert law.contention == pytest.approx(contention, abs=1e-6)
    assert law.coherency == pytest.approx(coherency, abs=1e-6)
    assert law.explained == pytest.approx(1.0, abs=1e-6)


def test_the_peak_is_where_the_rate_is_greatest() -> None:
    law = fit("x", {}, made(1.0, 0.1, 0.01))
    assert law.peak is not None
    at = law.peak / NUMBERS[0]

    assert rate_at(law, at) >= max(rate_at(law, at * 0.9), rate_at(law, at * 1.1))


def results(count: int) -> list[PointResult]:
    return [
        PointResult(index, {"x": value}, 1, PointStatus.VALID, {RATE: float(value)})
        for index, value in enumerate(NUMBERS[:count])
    ]


def test_five_points_have_no_law() -> None:
    assert laws_of([Knob("x", NUMBERS[:5])], results(5)) == ()
    assert laws_of([Knob("x", NUMBERS)], results(5)) == ()


def test_six_points_have_one_and_words_have_none() -> None:
    (law,) = laws_of([Knob("x", NUMBERS)], results(6))

    assert law.rate_of_one == pytest.approx(10.0)
    assert law.contention == pytest.approx(0.0, abs=1e-9)
    assert law.peak is None
    assert laws_of([Knob("x", tuple("abcdef"))], []) == ()
