"""Reasons to doubt a run that its record alone tells."""

import msgspec

from support.records import operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.run.findings import Finding
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import CREATE, OperationRecord
from virtslo.model.stage_names import RAMP_UP, WARM_UP
from virtslo.slo.findings.run_findings import findings_of
from virtslo.slo.record.measured import measure

BURST = scenario("vmi", 1)
STAGES = (stage(WARM_UP, 0, 610, whole=610), stage(RAMP_UP, 620, 640, whole=630))
CREATED = operation(CREATE, "v0", 620, stage=RAMP_UP)
RAN = seen("v0", added=621, running=630)


def warm(found: list[Observation]) -> list[Observation]:
    return [msgspec.structs.replace(item, stage="warm-up") for item in found]


def finding_of(made: OperationRecord, observed: list[Observation]) -> Finding | None:
    given = record(BURST, stages=STAGES, operations=[made, CREATED], observations=[observed, RAN])
    return next((item for item in findings_of(measure(given)) if item.code == "not_warm"), None)


def test_a_warm_up_that_ran_is_not_mentioned() -> None:
    made = operation(CREATE, "w0", 0, stage=WARM_UP)

    assert finding_of(made, warm(seen("w0", added=1, running=2, deleting=3, gone=4))) is None


def test_a_warm_up_that_did_not_run_is_told() -> None:
    found = finding_of(
        operation(CREATE, "w0", 0, stage=WARM_UP), warm(seen("w0", added=1, failed=2))
    )

    assert found is not None
    assert "0 of 1 ran in 10m10s" in found.detail
    assert not found.inconclusive
    assert "vmi_creation_to_running_seconds" in found.touches


def test_a_warm_up_that_was_refused_is_told_with_the_reason() -> None:
    made = operation(CREATE, "w0", 0, stage=WARM_UP, error="Forbidden", message="quota", code=403)
    found = finding_of(made, [])

    assert found is not None
    assert "1 were not accepted: 1 x Forbidden (quota)" in found.detail
