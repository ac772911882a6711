"""Numbers and times in records that no run has: damage, never a figure or an overflow."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.bounded_files import UnreadableFile
from virtslo.model.run.numbers import LONGEST_NS
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import OperationRecord
from virtslo.report.marking import date_at
from virtslo.store.members import parse_document

if TYPE_CHECKING:
    from virtslo.model.report.run_detail import RunDetail

OBSERVATION = {"received_ns": 5, "fact": "added", "kind": "k", "namespace": "n", "name": "a",
               "uid": "u"}  # fmt: skip
OPERATION = {"stage": "churn", "verb": "create", "kind": "k", "namespace": "n", "name": "a",
             "index": 0, "intended_ns": 0}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "line", "name"),
    [
        (Observation, OBSERVATION, "received_ns"),
        (Observation, OBSERVATION, "index"),
        *((OperationRecord, OPERATION, name) for name in (
            "intended_ns", "released_ns", "sent_ns", "finished_ns", "index", "cycle", "code")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [10**400, -(10**30), LONGEST_NS + 1])
def test_a_line_with_a_number_that_no_run_has_is_refused(
    kind: type[Any], line: dict[str, Any], name: str, value: int
) -> None:
    decode = msgspec.json.Decoder(kind).decode

    assert decode(json.dumps({**line, name: 7}))
    with pytest.raises(msgspec.ValidationError, match=f"Expected `int`.*{name}"):
        decode(json.dumps({**line, name: value}))


@pytest.mark.parametrize(
    "text",
    [
        "9223372036854775808",
        "-1e300",
        '{"a": [1, {"b": 1e19}]}',
        f"[{'9' * 400}]",
        "[999999999999999999e9]",
    ],
)
def test_a_document_with_a_number_beyond_64_bits_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableFile, match="a number of more than 64 bits"):
        parse_document(Path("run.json"), text.encode())


@given(
    st.lists(
        st.one_of(
            st.integers(-(2**66), 2**66),
            st.floats(allow_nan=False, allow_infinity=False),
            st.floats(-1.0, 1.0),
            st.text("0e+E", max_size=30),
        ),
        max_size=4,
    )
)
def test_a_document_is_unreadable_for_numbers_beyond_64_bits_alone(values: list[object]) -> None:
    text = json.dumps(values).encode()
    largest = max((abs(value) for value in values if isinstance(value, int | float)), default=0)

    if largest > 2**63 - 1:
        with pytest.raises(UnreadableFile, match="a number of more than 64 bits"):
            parse_document(Path("run.json"), text)
    else:
        assert parse_document(Path("run.json"), text) == values


@pytest.mark.parametrize(
    "text", ["9223372036854775807", '"99999999999999999999"', "1e18", "1e-300", '{"a9": 1.5}']
)
def test_a_document_with_numbers_of_64_bits_is_read(text: str) -> None:
    assert parse_document(Path("run.json"), text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "started",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "", "x"],
)
def test_a_start_beyond_what_dates_hold_is_no_date(started: str) -> None:
    detail = cast("RunDetail", SimpleNamespace(started_at=started))

    assert date_at(detail, 90.5) == "1970-01-01T00:01:30.500Z"
