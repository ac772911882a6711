"""Durations, rates, quantities and shares, read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.units import (
    format_duration,
    format_rate,
    parse_bounded_duration,
    parse_duration,
    parse_rate,
    parse_share,
    whole_number,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("250ms", 0.25),
        ("1.5h", 5400.0),
        ("2µs", 2e-6),
        ("0", 0.0),
        (" 1s ", 1.0),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "90", "-5s", "5 m", "1d", "s", "1h30", "9" * 70 + "s", "1e3s"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a duration such as"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**10))
def test_writing_a_duration_and_reading_it_gives_it_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000

    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=1e-6)


def test_rates_are_read_and_written() -> None:
    assert parse_rate("50/s") == 50
    assert parse_rate("300 / m") == 5
    assert format_rate(50.0) == "50/s"


@pytest.mark.parametrize("text", ["50", "/s", "50/d", "-1/s", "fast"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a rate such as"):
        parse_rate(text)


def test_a_share_is_a_part_of_the_whole() -> None:
    assert parse_share("5%") == pytest.approx(0.05)
    with pytest.raises(ValueError, match="at most 100%"):
        parse_share("101%")
    with pytest.raises(ValueError, match="such as 5%"):
        parse_share("5")


def test_bounds_of_a_duration_are_said_and_included() -> None:
    assert parse_bounded_duration("1s", least=1, most=60) == 1.0
    assert parse_bounded_duration("1m", least=1, most=60) == 60.0
    for text in ("999ms", "60001ms"):
        with pytest.raises(ValueError, match="a duration of at least 1s and at most 1m"):
            parse_bounded_duration(text, least=1, most=60)
    with pytest.raises(ValueError, match="a duration such as"):
        parse_bounded_duration("soon", least=1, most=60)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("999999999", 999_999_999)])
def test_whole_numbers_are_read(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "\u0661", "9" * 10, "9" * 5000])
def test_what_is_no_whole_number_has_none(text: str) -> None:
    assert whole_number(text) is None
