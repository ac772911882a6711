"""Operations without a good answer: done if their object was seen, else a failure."""

from typing import Any

import pytest

from support.records import operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.run.operations import CREATE, DELETE
from virtslo.model.run.record import RunRecord
from virtslo.model.stage_names import RAMP_DOWN, RAMP_UP
from virtslo.slo.findings.run_findings import findings_of
from virtslo.slo.record.doubtful import settled
from virtslo.slo.record.measured import measure

LOST: dict[str, Any] = {"code": None, "error": "ConnectionLost: connection reset by peer"}


def burst(*operations: Any, observations: Any) -> RunRecord:
    return record(
        scenario("vmi", 2, "burst"),
        stages=[stage(RAMP_UP, 0, 10, whole=9), stage(RAMP_DOWN, 10, 20, whole=19)],
        operations=operations,
        observations=observations,
    )


def create(name: str, at: float = 0.0, **facts: Any) -> Any:
    return operation(CREATE, name, at, answered=at + 1, stage=RAMP_UP, **facts)


def delete(name: str, at: float, **facts: Any) -> Any:
    return operation(DELETE, name, at, answered=at + 1, stage=RAMP_DOWN, **facts)


@pytest.mark.parametrize(
    "answer",
    [LOST, *({"code": code, "error": "InternalError"} for code in (500, 502, 503, 504))],
    ids=lambda answer: str(answer["code"]),
)
def test_a_create_in_doubt_whose_object_came_is_done(answer: dict[str, Any]) -> None:
    made = burst(
        create("a"), create("b", **answer), observations=[seen("a", added=1), seen("b", added=2)]
    )

    measured = measure(made)

    assert [item.name for item in measured.accepted] == ["a", "b"]
    assert [item.name for item in measured.found] == ["b"]
    assert measured.accepted[1].uid == "uid-b"
    assert measured.accepted[1].finished_ns is None
    assert measured.expected_vmis() == 2
    codes = {finding.code: finding for finding in findings_of(measured)}
    assert "failed_operations" not in codes
    assert codes["found_by_name"].detail.startswith("1 creates whose answer was lost")


def test_a_create_in_doubt_whose_object_never_came_failed() -> None:
    made = burst(create("a"), create("b", **LOST), observations=[seen("a", added=1)])

    measured = measure(made)

    assert [item.name for item in measured.accepted] == ["a"]
    assert measured.found == ()


@pytest.mark.parametrize(("code", "error"), [(409, "AlreadyExists"), (403, "Forbidden"), (429, "")])
def test_what_the_server_refused_itself_is_in_no_doubt(code: int, error: str) -> None:
    made = burst(
        create("a"), create("b", code=code, error=error or "TooManyRequests"),
        observations=[seen("a", added=1), seen("b", added=2)],
    )  # fmt: skip

    assert settled(made) == (made, ())


def test_an_object_of_that_name_from_before_proves_nothing() -> None:
    made = burst(create("b", 5.0, **LOST), observations=[seen("b", added=2)])

    assert settled(made)[1] == ()


def test_an_object_of_that_name_and_another_kind_proves_nothing() -> None:
    made = burst(create("b", **LOST), observations=[seen("b", kind="VirtualMachine", added=2)])

    assert settled(made)[1] == ()


def test_a_delete_in_doubt_is_done_by_the_one_that_the_object_followed() -> None:
    made = burst(
        create("a"), delete("a", 11, **LOST), delete("a", 13, code=404, error="NotFound"),
        observations=[seen("a", added=1, deleting=12, gone=14)],
    )  # fmt: skip

    record_now, found = settled(made)

    assert [item.sent_ns for item in found] == [11_000_000_000]
    assert [item.error for item in record_now.operations] == [None, None, "NotFound"]


def test_a_delete_in_doubt_is_not_done_by_what_a_later_one_did() -> None:
    made = burst(
        create("a"), delete("a", 11, **LOST), delete("a", 13),
        observations=[seen("a", added=1, deleting=13.5, gone=14)],
    )  # fmt: skip

    assert settled(made)[1] == ()


def test_a_delete_in_doubt_is_not_done_by_the_clean_up() -> None:
    made = burst(
        create("a"), delete("a", 11, **LOST), observations=[seen("a", added=1, deleting=21)]
    )

    assert settled(made)[1] == ()
