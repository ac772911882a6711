"""Deletes that failed outside of a churn stage: told, and never taken for a good end."""

import pytest

from support.records import operation, record, seen, stage
from virtslo.model.run.findings import Finding
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import RAMP_DOWN, WARM_UP
from virtslo.slo.findings.ramp_down_findings import ramp_down_findings

WHOLE = stage(RAMP_DOWN, 100, 120, whole=110)


def deletion(name: str, at: float, **facts: object) -> OperationRecord:
    return operation(DELETE, name, at, stage=RAMP_DOWN, **facts)  # type: ignore[arg-type]


def failed(name: str, at: float, code: int | None = 503) -> OperationRecord:
    return deletion(name, at, code=code, error="ServiceUnavailable", message="not now")


def found(*operations: OperationRecord, stages: tuple[Stage, ...] = (WHOLE,)) -> list[Finding]:
    return list(ramp_down_findings(record(stages=stages, operations=operations)))


def test_deletes_that_went_well_are_no_finding() -> None:
    assert found(deletion("a", 100), deletion("b", 100)) == []


def test_an_object_that_could_not_be_deleted_makes_the_ramp_down_inconclusive() -> None:
    (finding,) = found(deletion("a", 100), failed("b", 100), failed("b", 103))

    assert finding.code == "failed_operations"
    assert finding.inconclusive
    assert finding.detail.startswith("1 of 2 objects could not be deleted in the ramp-down")
    assert "2 x delete: ServiceUnavailable (the first: not now)" in finding.detail
    assert "vmi_deletion_to_gone_seconds" in finding.touches
    assert "*" not in finding.touches, "what was measured before is as good as it was"


def test_a_delete_that_went_well_when_asked_for_again_is_a_note() -> None:
    (finding,) = found(failed("a", 100, code=None), deletion("a", 103))

    assert finding.code == "deleted_late"
    assert not finding.inconclusive


def test_what_was_not_there_any_more_needed_no_delete() -> None:
    assert found(deletion("a", 100, code=404, error="NotFound")) == []


@pytest.mark.parametrize(("gone", "expected"), [(None, ["not_gone"]), (110.0, [])])
def test_what_is_there_when_waiting_ends_is_told(gone: float | None, expected: list[str]) -> None:
    moments = {"added": 1.0, "deleting": 100.0} | ({} if gone is None else {"gone": gone})
    open_end = stage(RAMP_DOWN, 100, 120)

    findings = list(
        ramp_down_findings(
            record(
                stages=(open_end,),
                operations=[deletion("a", 100)],
                observations=[seen("a", **moments)],  # type: ignore[arg-type]
            )
        )
    )

    assert [item.code for item in findings] == expected
    if findings:
        assert findings[0].detail.endswith("1 of VirtualMachineInstance")
        assert findings[0].inconclusive


def test_a_warm_up_that_failed_is_told_and_spoils_nothing() -> None:
    (finding,) = found(operation(CREATE, "warm", 1, stage=WARM_UP, code=500, error="InternalError"))

    assert finding.code == "failed_operations"
    assert "warm-up" in finding.detail
    assert not finding.inconclusive
