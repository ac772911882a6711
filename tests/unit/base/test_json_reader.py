"""JSON from outside: a value, or what was found instead."""

import pytest

from virtslo.base.json_reader import JsonProblem, parse_json
from virtslo.base.limits import Limit


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"", "no JSON"),
        (b"[" * 100_000, "too many levels"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too many levels"),
        (b'"\xff"', "not UTF-8"),
        (b"NaN", "no JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "no JSON"),
        (b"[[[[1]]]]", "more than 3 levels"),
    ],
)
def test_what_is_no_json_is_said(raw: bytes, found: str) -> None:
    with pytest.raises(JsonProblem, match=found):
        parse_json(raw, Limit("levels", 3, "levels"))


def test_wide_is_not_deep() -> None:
    assert parse_json(b"[[1],[2],[3],[4],[5]]", Limit("levels", 2, "levels")) == [
        [n] for n in range(1, 6)
    ]
