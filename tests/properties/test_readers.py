"""Whatever the bytes are, a reader gives a value or its own problem."""

from contextlib import nullcontext, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtslo.base.json_reader import JsonProblem, parse_json
from virtslo.base.limits import BODY_DEPTH, Limit
from virtslo.base.yaml_reader import STRICT, Reading, YamlProblem, parse_yaml
from virtslo.base.yaml_scalars import Rules

YAML_BITS = st.sampled_from(
    [
        *[
            "a",
            "-",
            "[",
            "]",
            "{",
            "}",
            "&a",
            "*a",
            "<<",
            "!!int",
            "!!binary",
            "'",
            '"',
            "#",
            ">",
            "1e999",
            "0o7",
            "0x",
            ".inf",
            "~",
            ",",
            "%",
            "?",
        ],
        ": ",
        "\n",
        "---\n",
        "  ",
        "|\n",
        "\t",
        "&a ",
        "*a ",
    ]
)
JSON_BITS = st.sampled_from(
    [*rb'[ ] { } " "a": , 1 1e999 - null "\ud800" NaN'.split(), b"\xff", b"9" * 400, b" "]
)


@given(st.lists(YAML_BITS, max_size=40).map("".join) | st.text(max_size=60))
@settings(max_examples=400, deadline=None)
def test_yaml_is_a_value_or_a_problem(text: str) -> None:
    for reading in (STRICT, Reading(rules=Rules.SIGS), Reading(rules=Rules.V3)):
        with suppress(YamlProblem):
            parse_yaml(text, reading)


@given(st.lists(JSON_BITS, max_size=30).map(b"".join) | st.binary(max_size=60))
@settings(max_examples=400, deadline=None)
def test_json_is_a_value_or_a_problem(raw: bytes) -> None:
    with suppress(JsonProblem):
        parse_json(raw, BODY_DEPTH)


@given(st.integers(1, 12), st.integers(1, 12), st.booleans())
def test_json_is_no_deeper_than_its_limit(levels: int, most: int, is_list: bool) -> None:
    raw = b"[" * levels + b"]" * levels if is_list else b'{"a":' * levels + b"1" + b"}" * levels
    limit = Limit("levels", most, "levels")
    with pytest.raises(JsonProblem) if levels > most else nullcontext():
        parse_json(raw, limit)
