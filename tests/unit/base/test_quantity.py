"""Quantities: what the API's own type makes of a text, and the laws of the numbers."""

import json
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.quantity import (
    LARGEST_BINARY,
    NANO,
    ZERO,
    Quantity,
    parse_quantity,
    read_quantities,
    read_quantity,
)

TABLE = Path(__file__).with_name("quantities.jsonl")
ROWS = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def nano_of(text: str) -> int | None:
    try:
        return parse_quantity(text).nano
    except ValueError:
        return None


@pytest.mark.parametrize(("text", "units"), ROWS, ids=[repr(row[0]) for row in ROWS])
def test_a_text_is_what_the_apis_own_type_makes_of_it(text: str, units: str | None) -> None:
    """The table is written by tests/control_plane/modules/quantities."""
    with localcontext() as context:
        context.prec = 1000
        expected = None if units is None else int(Decimal(units) * NANO)

    assert nano_of(text) == expected


def test_an_exponent_without_end_is_refused_and_costs_nothing() -> None:
    assert nano_of("1e1000") is not None
    assert nano_of("1e1001") is None
    assert nano_of("1e2147483647") is None
    assert nano_of("9" * 2000) is None


@given(st.integers(-(10**17), 10**17), st.sampled_from(sorted(POWERS)))
def test_a_decimal_suffix_is_a_power_of_ten(number: int, suffix: str) -> None:
    assert parse_quantity(f"{number}{suffix}").nano == number * 10 ** (POWERS[suffix] + 9)
    assert parse_quantity(f"{number}{suffix}") == parse_quantity(f"{number}e{POWERS[suffix]}")


@given(st.integers(0, 2**70), st.sampled_from(["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]))
def test_a_binary_suffix_is_a_power_of_two_and_has_an_end(number: int, suffix: str) -> None:
    power = 10 * (1 + ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].index(suffix))

    assert parse_quantity(f"{number}{suffix}").units == min(number << power, LARGEST_BINARY)
    assert parse_quantity(f"-{number}{suffix}") == ZERO - parse_quantity(f"{number}{suffix}")


@given(st.text("0123456789.+-eEKMGTPinumk", max_size=12))
def test_every_text_is_a_quantity_or_refused_in_words(text: str) -> None:
    nano = nano_of(text)

    if nano is None:
        with pytest.raises(ValueError, match="a quantity"):
            parse_quantity(text)
    else:
        rounded = Quantity(nano).units * NANO
        assert abs(nano) <= abs(rounded) < abs(nano) + NANO


@given(st.integers(), st.integers())
def test_quantities_are_added_and_compared_exactly(one: int, other: int) -> None:
    assert Quantity(one) + Quantity(other) - Quantity(other) == Quantity(one)
    assert (Quantity(one) < Quantity(other)) == (one < other)


def test_a_part_of_a_unit_counts_as_one() -> None:
    assert parse_quantity("1500m").units == 2
    assert parse_quantity("-1500m").units == -2
    assert parse_quantity("1u").milli == 1
    assert parse_quantity("100m").milli == 100


@pytest.mark.parametrize(
    ("value", "nano"),
    [(None, 0), (2, 2 * NANO), (0.5, NANO // 2), (" 1k\n", 1000 * NANO), (1e21, 10**30)],
)
def test_json_values_are_read(value: Any, nano: int) -> None:
    assert read_quantity(value).nano == nano


@pytest.mark.parametrize("value", [True, [], {}, "", "1 k", float("nan")])
def test_what_is_no_quantity_in_json_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="a quantity"):
        read_quantity(value)


def test_what_is_wrong_in_a_map_is_named() -> None:
    assert dict(read_quantities(None, "requests")) == {}
    with pytest.raises(ValueError, match=r"requests\.cpu: expected a quantity"):
        dict(read_quantities({"memory": "1Gi", "cpu": "fast"}, "requests"))
    with pytest.raises(ValueError, match="requests: expected a map"):
        dict(read_quantities([], "requests"))
